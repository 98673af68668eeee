/** `octavo/torch/ns`: the Numeric Suite, torch.ao.ns._numeric_suite: float and quantized models compared layer by layer. */
export {
  compareModelOutputs, compareModelStub, compareWeights, getLoggerDict, getMatchingActivations, prepareModelOutputs, prepareModelWithStubs, Shadow, type ModuleSwapList, type SuiteOptions, type WeightPair,
} from '../../workflow/eager/numeric-suite.js'
export { Logger, OutputLogger, ShadowLogger, type LoggerClass, type LoggerStats } from '../../nn/observing/loggers.js'
