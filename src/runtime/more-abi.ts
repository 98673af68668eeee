// Written by tools/gen-abi.mjs from assembly/abi.ts and assembly/index.ts. Do not edit.
import type { Layouts } from './abi.js'

/** Of the kernels that only moreOperators names. */
export const MORE_LAYOUTS: Layouts = [
  ['f32_range_u8', 'x count scale zero codes handed'],
  ['q8_table_binary', 'a b c y op inner innerA innerB innerC mid midA midB midC lineBytes outer rank table aTable bTable shift late scale~ early~ lo~ hi~'],
  ['x8_lut_channels', 'x y table outer channels inner'],
  ['q8_embedding', 'codes params indices offsets weights y bags features rowBytes bits'],
  ['relaxed_probe', 'y'],
  ['f32_scatter', 'x bias y groups n depth height width outDepth outHeight outWidth kernelDepth kernelHeight kernelWidth strideDepth strideHeight strideWidth dilationDepth dilationHeight dilationWidth padDepth padHeight padWidth lo~ hi~'],
  ['f32_recurrent', 'x xStep xRow r bias peepholes initialH initialC initialRow lengths y yStep yRow lastH lastC lastRow scratch steps batch hidden cell reverse linearBeforeReset clip~ f fAlpha~ fBeta~ g gAlpha~ gBeta~ h hAlpha~ hBeta~'],
  ['q8_lstm', 'x xStep xRow r bias peepholes initialH initialC initialRow lengths y yStep yRow lastH lastC lastRow scratch steps batch hidden cell reverse linearBeforeReset clip~ f fAlpha~ fBeta~ g gAlpha~ gBeta~ h hAlpha~ hBeta~ input codes blocks rows columns wPanels wSums wScale wScaleStep wK wFormat wExtras wFlip wShift wLda wBlockRows rPanels rSums rScale rScaleStep rK rFormat rExtras rFlip rShift rLda rBlockRows'],
  ['q8_recurrent', 'x initialH initialC y lastH lastC bias gates codes blocks rows columns steps batch hidden cell activation reverse range handed stage rPanels rSums rScale rScaleStep rK rFormat rExtras rFlip rShift rLda rBlockRows'],
  ['f32_normalize', 'x y view scale bias mean invStdDev groups groupStep rowStep step center deviation epsilon~ outerEpsilon~'],
  ['f32_batchnorm f32_batchnorm_factor', 'x y factor bias mean outer channels inner epsilon~'],
  ['f32_lrn', 'x y outer channels inner before after alpha~ beta~ bias~'],
  ['f32_softmax f32_hardmax q8_softmax', 'x y view table log yScale~ yZeroPoint signed'],
  ['one_hot', 'indices on y outer inner depth bytes dtype'],
  ['trilu', 'x y batch rows columns k upper bytes'],
  ['cumsum', 'x y outer length inner exclusive reverse dtype'],
  ['top_k', 'x values indices keys order outer length inner k largest dtype'],
  ['non_zero', 'x y count axes rank total dtype'],
  ['non_max_suppression', 'boxes scores y count keys order iouThreshold scoreThreshold batches classes boxCount perClass center'],
  ['range', 'start delta y count dtype'],
  ['nearest', 'x y rows columns outer height width bytes plane'],
  ['bilinear', 'x y rows rowWeights columns columnWeights outer height width inner plane dtype'],
  ['resample', 'x y offsets weights outer length inner count taps'],
  ['grid_sample', 'x grid y taps batch channels depth height width count axes mode padding alignCorners'],
  ['affine_grid', 'theta y batch depth height width axes alignCorners'],
]
