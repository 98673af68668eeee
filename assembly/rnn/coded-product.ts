import { CodedMatrix, QConvParams } from "../abi";
import { q_conv } from "../conv/qconv";
import { Format } from "../gemm/qformat";

/** y[rows, n] = stage(x · m): dense rows of u8 codes with one zero point times packed weights, as a 1×1 convolution over a line. `block` is where its parameters go. */
export function codedProduct(block: usize, m: CodedMatrix, x: usize, rows: i32, zero: usize, columns: usize, stage: i32, n: i32, y: usize, scratch: usize): void {
  const conv = changetype<QConvParams>(block);
  conv.x = x;
  conv.y = y;
  conv.packed = m.panels;
  conv.columns = columns;
  conv.xZeroPoint = zero;
  conv.scratch = scratch;
  conv.channels = conv.xStride = m.k;
  conv.n = conv.ldc = n;
  conv.width = conv.outWidth = rows;
  conv.batch = conv.groups = conv.depth = conv.height = conv.outDepth = conv.outHeight = 1;
  conv.kernelD = conv.kernelH = conv.kernelW = conv.strideD = conv.strideH = conv.strideW = conv.dilationD = conv.dilationH = conv.dilationW = 1;
  conv.padD = conv.padH = conv.padW = conv.xSigned = conv.zeroPointStride = 0;
  conv.stage = stage;
  conv.format = m.format;
  conv.extras = m.extras;
  conv.flip = m.flip;
  conv.direct = i32(m.format == Format.I8 && m.flip == 0);
  conv.blockRows = m.blockRows;
  conv.lda = m.lda;
  q_conv(block);
}
