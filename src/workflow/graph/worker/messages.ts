import type { DType, TypedArray } from '../../../dtype.js'
import { OctavoError, type ErrorCode } from '../../../errors.js'
import type { SavedObserver } from '../../../quantization/state.js'
import { Tensor } from '../../../value.js'
import type { Calibration } from '../calibration.js'
import type { Batch, ProgressEvent, QuantizeStaticOptions } from '../options.js'
import type { QuantizeReport } from '../report.js'

/** What is told apart by it: a worker may have other things to talk about. */
export const SUBJECT = 'octavo quantize'

/** A tensor that can be posted: an array of its own, not a view of a larger one, which would be copied whole. */
interface PostedTensor { readonly dtype: DType; readonly dims: readonly number[]; readonly data: TypedArray }
export type PostedBatch = unknown

/** An error that can be posted. */
export interface PostedError { readonly code: ErrorCode | undefined; readonly message: string; readonly details: Readonly<Record<string, unknown>> }

/** A model that can be posted: absolute addresses, bytes, a Blob. */
export type PostedSource = string | Uint8Array | Blob

export type PostedOptions = Omit<QuantizeStaticOptions, 'signal' | 'onProgress' | 'externalData' | 'wasmFolder'> & { readonly wasmFolder?: string; readonly externalData?: Readonly<Record<string, PostedSource>> }

interface About { readonly subject: typeof SUBJECT; readonly job: number }

/** To the worker. */
export type Request = About & (
  | { readonly type: 'start'; readonly model: PostedSource; readonly data: 'batches' | 'batches once' | { readonly calibration: Calibration } | 'none'; readonly options: PostedOptions }
  | { readonly type: 'batch'; readonly walk: number; readonly batch?: { readonly value: PostedBatch }; readonly error?: PostedError }
  | { readonly type: 'abort' }
)

/** From the worker. `next` asks for a batch of a walk; the answer is a batch, neither (the end) or an error. */
export type Answer = About & (
  | { readonly type: 'next' | 'leave'; readonly walk: number }
  | { readonly type: 'progress'; readonly event: ProgressEvent }
  | { readonly type: 'done'; readonly model: Uint8Array; readonly report: QuantizeReport; readonly observers: readonly (readonly [name: string, saved: SavedObserver, multiplied: boolean])[] }
  | { readonly type: 'failed'; readonly error: PostedError }
)

export const isAbout = (message: unknown): message is About => typeof message === 'object' && message !== null && (message as Partial<About>).subject === SUBJECT

/** A batch and what is handed over with it. What is no batch is posted as well as it can be: the other side says what is wrong with it. */
export function postBatch(batch: unknown): { value: PostedBatch; transfer: ArrayBuffer[] } {
  if (typeof batch !== 'object' || batch === null || batch instanceof Tensor) return { value: typeof batch === 'function' ? null : batch instanceof Tensor ? 'a Tensor' : batch, transfer: [] }
  const value = Object.fromEntries(Object.entries(batch).map(([name, t]) => [name, t instanceof Tensor ? { dtype: t.dtype, dims: t.dims, data: t.data.slice() } : null]))
  return { value, transfer: Object.values(value).flatMap((t) => (t ? [t.data.buffer as ArrayBuffer] : [])) }
}

export const receiveBatch = (value: PostedBatch): Batch =>
  (typeof value !== 'object' || value === null ? value : Object.fromEntries(Object.entries(value as Record<string, PostedTensor | null>).map(([name, t]) => [name, t && new Tensor(t.dtype, t.data, t.dims)]))) as Batch

export function postError(error: unknown): PostedError {
  if (!(error instanceof OctavoError)) return { code: undefined, message: (error as Error)?.message ?? String(error), details: {} }
  return { code: error.code, message: error.message.slice(error.code.length + 2), details: JSON.parse(JSON.stringify(error.details)) as Record<string, unknown> }
}

export const receiveError = ({ code, message, details }: PostedError, cause?: unknown): Error =>
  code === undefined ? new Error(message) : new OctavoError(code, message, details, cause)
