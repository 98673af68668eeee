/** `octavo/torch/optim`: what moves parameters along their gradients. Names are torch.optim's and torch.optim.lr_scheduler's. */
export { Optimizer, type OptimizerState, type ParamGroup, type ParamState, type Params } from '../../nn/optim/optimizer.js'
export { SGD, type SGDOptions } from '../../nn/optim/sgd.js'
export { CosineAnnealingLR, LambdaLR, LRScheduler, MultiStepLR, StepLR } from '../../nn/optim/schedulers.js'
