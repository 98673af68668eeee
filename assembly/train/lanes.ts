/** One f32 of memory or four, as `T` says. */

// @ts-ignore: decorator
@inline export function take<T>(at: usize): T {
  if (isVector<T>()) return v128.load(at);
  else return load<f32>(at);
}

// @ts-ignore: decorator
@inline export function put<T>(at: usize, value: T): void {
  if (isVector<T>()) v128.store(at, value);
  else store<f32>(at, value);
}
