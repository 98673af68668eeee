/** `octavo/torch/nn/intrinsic`: torch.ao.nn.intrinsic. Float layers that quantize as one; fuseModules() makes them. */
export {
  BNReLU2d, BNReLU3d, ConvBn1d, ConvBn2d, ConvBn3d, ConvBnReLU1d, ConvBnReLU2d, ConvBnReLU3d, ConvReLU1d, ConvReLU2d, ConvReLU3d, FusedModule, LinearBn1d, LinearReLU,
} from '../../../nn/intrinsic/fused.js'
