/** `octavo`: sessions over ONNX models. */
export { InferenceSession, type SessionOptions, type SyncOptions } from '../inference-session.js'
export type { LogEvent, RunOptions, SessionInfo, StepProfile, Tensors, ValueMetadata } from '../session.js'
export { Tensor } from '../value.js'
export type { DType } from '../dtype.js'
export { OctavoError, type ErrorCode } from '../errors.js'
export type { Source } from '../platform/source.js'
export type { Tier } from '../runtime/tiers.js'
