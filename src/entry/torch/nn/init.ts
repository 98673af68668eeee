/** `octavo/torch/nn/init`: first values of parameters. */
export {
  calculateGain, constant_, kaimingNormal_, kaimingUniform_, normal_, ones_, uniform_, xavierNormal_, xavierUniform_, zeros_, type KaimingOptions, type Nonlinearity,
} from '../../../nn/init.js'
