const N = 624
const M = 397

/** MT19937: 32 random bits at a time. Source: Matsumoto and Nishimura 1998, with the initialisation of 2002. */
export class MersenneTwister {
  private readonly state = new Uint32Array(N)
  private next = N

  /** @param seed of which the low 32 bits count */
  constructor(seed: number) {
    const { state } = this
    state[0] = seed % 2 ** 32
    for (let i = 1; i < N; i++) {
      const before = state[i - 1]! ^ (state[i - 1]! >>> 30)
      state[i] = Math.imul(1812433253, before) + i
    }
  }

  /** A whole number in [0, 2³²). */
  uint32(): number {
    if (this.next === N) this.twist()
    let y = this.state[this.next++]!
    y ^= y >>> 11
    y ^= (y << 7) & 0x9d2c5680
    y ^= (y << 15) & 0xefc60000
    return (y ^ (y >>> 18)) >>> 0
  }

  private twist(): void {
    const { state } = this
    for (let i = 0; i < N; i++) {
      const y = (state[i]! & 0x80000000) | (state[(i + 1) % N]! & 0x7fffffff)
      state[i] = state[(i + M) % N]! ^ (y >>> 1) ^ (y & 1 ? 0x9908b0df : 0)
    }
    this.next = 0
  }
}
