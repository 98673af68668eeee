import { exp } from "./exp";
import { log } from "./log";

/** exp and log as calls: one copy in the module for every place where their cost does not matter. */
export function exponential<T>(x: T): T {
  return exp<T>(x);
}

export function logarithm<T>(x: T): T {
  return log<T>(x);
}
