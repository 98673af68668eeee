/** Numbers that follow from a seed: the same everywhere. Source: Steele, Lea, Flood 2014, the mixing of SplitMix32. */
export class Random {
  constructor(private state: number) {}

  /** An integer of [0, below). */
  int(below: number): number {
    this.state = (this.state + 0x9e3779b9) | 0
    let z = this.state
    z = Math.imul(z ^ (z >>> 16), 0x85ebca6b)
    z = Math.imul(z ^ (z >>> 13), 0xc2b2ae35)
    return Math.floor((((z ^ (z >>> 16)) >>> 0) / 2 ** 32) * below)
  }

  pick<T>(items: readonly T[]): T {
    return items[this.int(items.length)]!
  }
}
