/** `octavo/torch/nn/functional`: what layers compute, with the weights as arguments. */
export * from '../../../nn/functional.js'
