import type { Arena } from '../runtime/memory.js'

/** Bytes in the arena that several plans may use: a model's constant, or packed weights. */
interface Shared {
  readonly at: number
  readonly bytes: number
  users: number
}

/**
 * The read-only part of a session's arena. What two plans both need (the model's own constants, weights packed alike) is
 * there once and is freed with its last plan.
 */
export class SharedMemory {
  private readonly entries = new Map<string, Shared>()
  private readonly ids = new WeakMap<object, number>()
  private nextId = 0

  /** @param workspace a block that plans which never run at once have in common for their activations, at least so large; without it each plan has its own */
  constructor(readonly arena: Arena, readonly workspace?: (bytes: number) => number) {}

  /** Address of what `key` names; `fill` writes it when it is new. */
  acquire(key: string, bytes: number, fill: (at: number) => void): number {
    let entry = this.entries.get(key)
    if (!entry) {
      entry = { at: this.arena.allocate(bytes), bytes, users: 0 }
      fill(entry.at)
      this.entries.set(key, entry)
    }
    entry.users++
    return entry.at
  }

  release(key: string): void {
    const entry = this.entries.get(key)
    if (!entry || --entry.users) return
    this.entries.delete(key)
    this.arena.free(entry.at, entry.bytes)
  }

  /** A number that stands for this object as long as it lives. */
  idOf(object: object): number {
    let id = this.ids.get(object)
    if (id === undefined) this.ids.set(object, (id = this.nextId++))
    return id
  }
}
