/** `octavo/torch/onnx`: modules as ONNX models. */
export { exportOnnx, type ExportOptions } from '../../workflow/eager/onnx/export-onnx.js'
