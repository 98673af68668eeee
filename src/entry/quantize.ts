/** `octavo/quantize`: float ONNX models to int8. */
export { quantizeStatic, type QuantizeResult } from '../workflow/graph/quantize-static.js'
export { calibrate, mergeCalibrations, type CalibrateOptions, type MergeOptions } from '../workflow/graph/calibrate-model.js'
export { parseCalibration, type Calibration, type Shards } from '../workflow/graph/calibration.js'
export { CALIBRATE_METHODS, type Batch, type Batches, type CalibrateMethod, type HostOptions, type NodePattern, type Phase, type ProgressEvent, type QuantizeOptions, type QuantizeStaticOptions } from '../workflow/graph/options.js'
export type { LayerReport, QuantizeReport, ValueReport } from '../workflow/graph/report.js'
export { Tensor } from '../value.js'
export { OctavoError, type ErrorCode } from '../errors.js'
