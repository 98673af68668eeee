/** What a search found. */
export interface Kept<T> {
  /** the least set found that is good enough, in the order of `ranked` */
  readonly kept: readonly T[]
  /** error with that set */
  readonly error: number
}

/**
 * Looks for the fewest of some things that, kept as they are, bring an error to at most `limit`; all of them kept is error 0. What costs most alone is
 * kept first: bisection finds how many of the first are enough, as if more were always better. Then each of them is left out again, the cheapest
 * first, where the error allows it.
 *
 * Where errors add up, as independent noise does, no smaller set is good enough; in general it is a set that none can be left out of. At most
 * 1 + ⌈log₂ n⌉ + n errors are asked for, n being the number of things.
 *
 * @param ranked what costs most alone first
 * @param errorOf the error when these are kept
 */
export async function fewestKept<T>(ranked: readonly T[], limit: number, errorOf: (kept: readonly T[]) => Promise<number>): Promise<Kept<T>> {
  let error = await errorOf([])
  if (error <= limit) return { kept: [], error }
  let [few, enough] = [0, ranked.length]
  error = 0
  while (enough - few > 1) {
    const middle = (few + enough) >> 1
    const found = await errorOf(ranked.slice(0, middle))
    if (found <= limit) [enough, error] = [middle, found]
    else few = middle
  }
  let kept = ranked.slice(0, enough)
  for (const one of [...kept].reverse()) {
    const rest = kept.filter((other) => other !== one)
    if (rest.length === few && rest.every((other, i) => other === ranked[i])) continue // asked before
    const found = await errorOf(rest)
    if (found <= limit) [kept, error] = [rest, found]
  }
  return { kept, error }
}
