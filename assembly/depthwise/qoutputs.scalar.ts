import { QConvParams } from "../abi";
import { BIAS } from "../requantize/columns";
import { emitScalar, outBytes } from "../requantize/emit";
import { CHUNK, STEPS } from "./qformat";
import { LIST, ONE } from "./qscratch";

/** Up to 16 channels from c on of `count` outputs of a row, ldc apart, from windows that start at `from`. */
export function outputs(q: QConvParams, chunk: usize, from: usize, y: usize, c: i32, count: i32): void {
  const channels = usize(min(16, q.n - c)), size = usize(outBytes(q.stage));
  for (; count > 0; --count, from += usize(q.strideW) << 4, y += usize(q.ldc) * size) {
    for (let i: usize = 0; i < channels; ++i) {
      let acc = load<i32>(q.columns + BIAS + (usize(c) + i << 2)), w = chunk + CHUNK + (i << 1);
      for (let list = q.scratch + LIST, end = list + (usize(load<i32>(chunk, STEPS)) << 3); list < end; list += 8, w += 32) 
        acc += i32(load<u8>(from + i + usize(load<i32>(list)))) * i32(load<i16>(w));
      store<i32>(q.scratch + (i << 2), acc, ONE);
    }
    emitScalar(q, q.scratch + ONE, y, usize(c), i32(channels));
  }
}
