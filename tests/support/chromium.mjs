/** A page in headless Chromium, driven over its debugging protocol through two pipes: nothing listens, no package is needed. */
import { spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { findChromium } from '../runtimes/browser.mjs'

const chromium = findChromium()
const FLAGS = ['--headless', '--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync', '--hide-scrollbars', '--font-render-hinting=none', '--remote-debugging-pipe']
const TIMEOUT_MS = 60_000

export const skipWithoutChromium = !chromium && !process.env.CI && 'no Chromium here: apt-get install chromium, or set CHROMIUM'

/** Messages to and from the browser: JSON, each ended by a zero byte. */
function connect(child) {
  const waiting = new Map()
  const listeners = []
  let last = 0
  let rest = ''
  child.stdio[4].setEncoding('utf8').on('data', (text) => {
    const parts = (rest + text).split('\0')
    rest = parts.pop()
    for (const message of parts.map((p) => JSON.parse(p))) {
      const { resolve, reject } = waiting.get(message.id) ?? {}
      waiting.delete(message.id)
      if (message.error) reject?.(new Error(`${message.error.message} ${message.error.data ?? ''}`))
      else if (resolve) resolve(message.result)
      else for (const listen of listeners) listen(message)
    }
  })
  return {
    listen: (use) => listeners.push(use),
    fail: (error) => waiting.forEach(({ reject }) => reject(error)),
    send: (method, params = {}, sessionId) => new Promise((resolve, reject) => {
      waiting.set(++last, { resolve, reject })
      child.stdio[3].write(JSON.stringify({ id: last, method, params, sessionId }) + '\0')
    }),
  }
}

export async function withPage(use) {
  if (!chromium) throw new Error('no Chromium here: apt-get install chromium, or set CHROMIUM')
  const profile = await mkdtemp(join(tmpdir(), 'octavo-page-'))
  const child = spawn(chromium, [...FLAGS, `--user-data-dir=${profile}`, 'about:blank'], { stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'] })
  const browser = connect(child)
  const timer = setTimeout(() => browser.fail(new Error(`Chromium did not answer within ${TIMEOUT_MS / 1000} s`)), TIMEOUT_MS)
  child.on('error', browser.fail)
  child.on('exit', (code) => browser.fail(new Error(`${chromium} exited ${code}`)))
  try {
    return await use(await openPage(browser))
  } finally {
    clearTimeout(timer)
    const ended = new Promise((resolve) => child.on('exit', resolve))
    child.kill('SIGKILL')
    await ended
    await rm(profile, { recursive: true, force: true, maxRetries: 5 })
  }
}

async function openPage(browser) {
  const { targetId } = await browser.send('Target.createTarget', { url: 'about:blank' })
  const { sessionId } = await browser.send('Target.attachToTarget', { targetId, flatten: true })
  const send = (method, params) => browser.send(method, params, sessionId)
  const [complaints, requests] = [[], []]
  let loaded = () => {}
  browser.listen(({ method, params, sessionId: from }) => {
    if (from !== sessionId) return
    if (method === 'Page.loadEventFired') loaded()
    if (method === 'Runtime.exceptionThrown') complaints.push(params.exceptionDetails.exception?.description ?? params.exceptionDetails.text)
    if (method === 'Runtime.consoleAPICalled' && ['error', 'warning', 'assert'].includes(params.type)) complaints.push(params.args.map((a) => a.value ?? a.description).join(' '))
    if (method === 'Log.entryAdded' && ['error', 'warning'].includes(params.entry.level)) complaints.push(params.entry.text)
    if (method === 'Network.requestWillBeSent' && params.type !== 'Document' && !params.request.url.startsWith('data:')) requests.push(params.request.url)
  })
  for (const domain of ['Page', 'Runtime', 'Log', 'Network']) await send(`${domain}.enable`)
  const evaluate = async (expression) => {
    const { result, exceptionDetails } = await send('Runtime.evaluate', { expression, awaitPromise: true, returnByValue: true })
    if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text)
    return result.value
  }
  return {
    complaints, requests, evaluate,
    async open(url) {
      const done = new Promise((resolve) => { loaded = resolve })
      const { errorText } = await send('Page.navigate', { url })
      if (errorText) throw new Error(`${url}: ${errorText}`)
      await done
      await evaluate('new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)))')
    },
    async emulate({ width, height, dark = false, print = false, scale = 1 }) {
      await send('Emulation.setDeviceMetricsOverride', { width, height, deviceScaleFactor: scale, mobile: width < 500 })
      await send('Emulation.setEmulatedMedia', { media: print ? 'print' : '', features: [{ name: 'prefers-color-scheme', value: dark ? 'dark' : 'light' }] })
    },
    async screenshot({ whole = false, clip } = {}) {
      const { data } = await send('Page.captureScreenshot', { format: 'png', captureBeyondViewport: whole || Boolean(clip), ...(clip && { clip: { ...clip, scale: 1 } }) })
      return new Uint8Array(Buffer.from(data, 'base64'))
    },
    pdf: async () => new Uint8Array(Buffer.from((await send('Page.printToPDF', { printBackground: true })).data, 'base64')),
  }
}
