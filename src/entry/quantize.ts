/** `octavo/quantize`: float ONNX models to int8. */
export { quantizeStatic, type QuantizeResult } from '../workflow/graph/quantize-static.js'
export { CALIBRATE_METHODS, type Batch, type Batches, type CalibrateMethod, type HostOptions, type NodePattern, type Phase, type ProgressEvent, type QuantizeOptions, type QuantizeStaticOptions } from '../workflow/graph/options.js'
export type { LayerReport, QuantizeReport, ValueReport } from '../workflow/graph/report.js'
export { Tensor } from '../value.js'
export { OctavoError, type ErrorCode } from '../errors.js'
