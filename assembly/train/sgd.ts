import { SgdParams } from "../abi.train";
import { negated } from "../elementwise/lanes";
import { mul, splat } from "../math/lane";
import { SIMD } from "../tier";
import { fma } from "./fma";
import { put, take } from "./lanes";

/** The element (or four) at byte `i` of each operand. */
// @ts-ignore: decorator
@inline function update<T>(q: SgdParams, i: usize): void {
  const x = take<T>(q.param + i);
  let g = take<T>(q.grad + i);
  if (q.maximize) g = negated<T>(g);
  if (q.weightDecay != 0) g = fma<T>(x, splat<T>(q.weightDecay), g);
  if (q.momentum != 0) {
    const momentum = splat<T>(q.momentum);
    const b = q.first ? g : fma<T>(g, splat<T>(q.share), mul<T>(take<T>(q.buffer + i), momentum));
    put<T>(q.buffer + i, b);
    g = q.nesterov ? fma<T>(b, momentum, g) : b;
  }
  put<T>(q.param + i, fma<T>(g, splat<T>(q.rate), x));
}

/** A step of torch.optim.SGD, rounded where PyTorch's loop over one tensor rounds. */
export function f32_sgd_step(p: usize): void {
  const q = changetype<SgdParams>(p);
  const end = usize(q.count) << 2;
  let i: usize = 0;
  if (SIMD) for (; i + 16 <= end; i += 16) update<v128>(q, i);
  for (; i < end; i += 4) update<f32>(q, i);
}
