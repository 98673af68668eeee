/** Where what q_depthwise needs lies in its scratch: after LIST two i32 byte offsets a step, one a tap, then the copied part of the image. */

/** i32[16]: one output while it is written channel by channel */
export const ONE: usize = 0;
/** 16 bytes of padding, as activations are read */
export const ZEROS: usize = 64;
/** i32 1 where outputs can be made in registers alone */
export const FAST: usize = 80;
/** i8[16]: what outputs of the register path are flipped by, then its f32 magic number's bits less the zero point, four times */
export const OUT_FLIP: usize = 96;
export const OUT_BITS: usize = 112;
/** i32[16]: the bias, and what the segments' sums have been lowered by */
export const BASE: usize = 128;
/** i32[4][16] */
export const SUMS: usize = 192;
export const LIST: usize = 448;
