import { OctavoError } from '../errors.js'

/** A worker of a browser, of Deno or of Bun, or one of Node's worker_threads. */
export interface WorkerLike {
  postMessage(message: unknown, transfer: ArrayBuffer[]): void
  terminate(): unknown
}

/** How the two kinds are listened to. */
type Listen = (type: string, listener: (value: never) => void) => unknown
type Events = { readonly addEventListener: Listen; readonly removeEventListener: Listen } | { readonly on: Listen; readonly off: Listen }

/** Where a worker comes from: its file, a worker that runs already and stays its owner's, or a function that makes one. */
export type WorkerSource = string | URL | WorkerLike | (() => WorkerLike)

/** One end of a line between a page and its worker. */
export interface Channel {
  post(message: unknown, transfer?: ArrayBuffer[]): void
  /** Stops listening, and ends a worker that was made here. */
  close(): void
}

interface Listener {
  readonly onMessage: (message: unknown) => void
  /** The worker could not start, or ended. */
  readonly onFailure: (error: OctavoError) => void
}

type WorkerClass = new (url: string | URL, options?: { type: 'module' }) => WorkerLike
const webWorker = (): WorkerClass | undefined => (globalThis as { Worker?: WorkerClass }).Worker

/** The thread module where the host has one. The name is not a literal, so that bundlers for browsers leave it alone. */
async function threads(): Promise<typeof import('node:worker_threads') | undefined> {
  const { process } = globalThis as { process?: { versions?: { node?: string } } }
  if (!process?.versions?.node) return undefined
  const name = 'node:worker_threads'
  return import(/* @vite-ignore */ /* webpackIgnore: true */ name)
}

/**
 * A line to a worker that answers for quantizing; the file quantize-worker.js beside this module where `source` names no other.
 *
 * @throws SOURCE_UNREADABLE where the host has no workers or refuses to start this one; later failures go to the listener
 */
export async function openWorker(source: WorkerSource | undefined, listener: Listener): Promise<Channel> {
  const theirs = typeof source === 'object' && !(source instanceof URL)
  try {
    const worker = theirs ? source : typeof source === 'function' ? source() : source === undefined ? await ownWorker() : await workerAt(new URL(source, baseAddress()))
    return connect(worker, theirs, listener)
  } catch (cause) {
    throw notStarted((cause as Error).message, cause)
  }
}

const notStarted = (why: string, cause?: unknown): OctavoError =>
  new OctavoError('SOURCE_UNREADABLE', `the worker did not start${why ? `: ${why}` : ''}. Serve quantize-worker.js beside this module, or give the option worker: its URL, a Worker, or a function that makes one (docs/quantization.md).`, {}, cause)

const baseAddress = (): string => (globalThis as { document?: { baseURI: string }; location?: { href: string } }).document?.baseURI ?? (globalThis as { location?: { href: string } }).location?.href ?? import.meta.url

/** Written so that bundlers which know this form (Vite's and webpack's builds, Parcel) take the worker's file along. */
async function ownWorker(): Promise<WorkerLike> {
  if (webWorker() && sameOrigin(import.meta.url)) return new Worker(new URL('./quantize-worker.js', import.meta.url), { type: 'module' })
  return workerAt(new URL('./quantize-worker.js', import.meta.url))
}

/** Whether a page may start a worker from there; outside pages every address will do. */
function sameOrigin(address: string): boolean {
  const { location } = globalThis as { location?: { origin?: string } }
  const { origin, protocol } = new URL(address)
  return location?.origin === undefined || origin === location.origin || protocol === 'blob:' || protocol === 'data:'
}

async function workerAt(url: URL): Promise<WorkerLike> {
  const Web = webWorker()
  if (Web && sameOrigin(url.href)) return new Web(url, { type: 'module' })
  if (Web) return foreignWorker(Web, url)
  const node = await threads()
  if (!node) throw new Error('this host has no workers')
  return new node.Worker(url)
}

/** Workers must come from the page's own origin, what they import need not. */
function foreignWorker(Web: WorkerClass, url: URL): WorkerLike {
  const address = URL.createObjectURL(new Blob([`import ${JSON.stringify(url.href)}`], { type: 'text/javascript' }))
  try {
    return new Web(address, { type: 'module' })
  } finally {
    setTimeout(() => URL.revokeObjectURL(address), 60_000)
  }
}

function connect(worker: WorkerLike, theirs: boolean, { onMessage, onFailure }: Listener): Channel {
  const events = worker as WorkerLike & Events
  const web = 'addEventListener' in events
  const listeners: Readonly<Record<string, (value: never) => void>> = {
    message: (value: unknown) => onMessage(web ? (value as MessageEvent).data : value),
    messageerror: () => onFailure(new OctavoError('INTERNAL', 'a message of the worker could not be read. This is a bug in Octavo; please report it.')),
    error: (value: { message?: string; preventDefault?: () => void }) => {
      value.preventDefault?.()
      onFailure(notStarted(value.message ?? '', value))
    },
    ...(!web && { exit: (code: number) => onFailure(notStarted(`it ended with ${code}`)) }),
  }
  for (const [type, listener] of Object.entries(listeners)) web ? events.addEventListener(type, listener) : events.on(type, listener)
  return {
    post: (message, transfer = []) => worker.postMessage(message, transfer),
    close: () => {
      for (const [type, listener] of Object.entries(listeners)) web ? events.removeEventListener(type, listener) : events.off(type, listener)
      if (!theirs) void worker.terminate()
    },
  }
}

/** In a worker: calls `use` with every message from outside and a way to answer. Outside of workers nothing happens. */
export async function listenInWorker(use: (message: unknown, answer: Channel['post']) => void): Promise<void> {
  const scope = globalThis as unknown as { WorkerGlobalScope?: abstract new () => unknown; addEventListener(type: 'message', listener: (event: MessageEvent) => void): void; postMessage: WorkerLike['postMessage'] }
  if (scope.WorkerGlobalScope && scope instanceof scope.WorkerGlobalScope) {
    scope.addEventListener('message', ({ data }) => use(data, (message, transfer = []) => scope.postMessage(message, transfer)))
    return
  }
  const port = (await threads())?.parentPort
  port?.on('message', (message: unknown) => use(message, (answer, transfer = []) => port.postMessage(answer, transfer)))
}
