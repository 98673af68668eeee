import { inflateSync } from 'fflate'
import { malformed, truncated, type Budget } from '../records.js'

const END = 0x06054b50
const CENTRAL = 0x02014b50
const LOCAL = 0x04034b50
/** Bytes of the end record before its comment, and the longest comment. */
const END_SIZE = 22
const MAX_COMMENT = 0xffff
const [STORED, DEFLATED] = [0, 8]

interface Entry {
  readonly method: number
  readonly packed: number
  readonly unpacked: number
  readonly local: number
}

/** Files of a zip archive. Stored ones are views of the archive's bytes; check sums are not compared. */
export class Archive {
  private readonly entries = new Map<string, Entry>()
  private readonly view: DataView

  /** @throws MODEL_TRUNCATED, MODEL_MALFORMED. Source: PKWARE's APPNOTE 6.3.10, sections 4.3.7, 4.3.12, 4.3.16. */
  constructor(private readonly bytes: Uint8Array, private readonly name: string, private readonly budget: Budget) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.readDirectory(this.findEnd())
  }

  get names(): Iterable<string> {
    return this.entries.keys()
  }

  has(path: string): boolean {
    return this.entries.has(path)
  }

  /** The bytes of a file; undefined when there is none. @throws MODEL_TRUNCATED, MODEL_MALFORMED */
  read(path: string): Uint8Array | undefined {
    const entry = this.entries.get(path)
    if (!entry) return undefined
    const { method, packed, unpacked, local } = entry
    this.need(local, 30, `the header of ${path}`)
    if (this.view.getUint32(local, true) !== LOCAL) malformed(this.name, `${path} has no header at offset ${local}`)
    const start = local + 30 + this.view.getUint16(local + 26, true) + this.view.getUint16(local + 28, true)
    this.need(start, packed, path)
    const data = this.bytes.subarray(start, start + packed)
    this.budget.spend(unpacked, path)
    if (method === STORED && packed === unpacked) return data
    if (method === DEFLATED) return this.inflate(data, unpacked, path)
    return malformed(this.name, `${path} is packed by method ${method} (${packed} bytes of ${unpacked}), expected stored or deflated`, { method })
  }

  private inflate(data: Uint8Array, unpacked: number, path: string): Uint8Array {
    try {
      // One byte of room more than claimed, so that a file that is longer shows.
      const out = inflateSync(data, { out: new Uint8Array(unpacked + 1) })
      if (out.length === unpacked) return out
    } catch (cause) {
      malformed(this.name, `${path} cannot be unpacked`, {}, cause)
    }
    return malformed(this.name, `${path} does not unpack to the ${unpacked} bytes that it claims`)
  }

  private need(at: number, length: number, what: string): void {
    if (at + length > this.bytes.length) truncated(this.name, what, at, length, Math.max(0, this.bytes.length - at))
  }

  private findEnd(): number {
    const last = this.bytes.length - END_SIZE
    for (let at = last; at >= 0 && at >= last - MAX_COMMENT; at--) if (this.view.getUint32(at, true) === END) return at
    return truncated(this.name, 'the end of its zip directory', this.bytes.length, END_SIZE, 0)
  }

  private readDirectory(end: number): void {
    const count = this.view.getUint16(end + 10, true)
    let at = this.view.getUint32(end + 16, true)
    if (count === 0xffff || at === 0xffffffff) malformed(this.name, 'it is a zip64 archive (over 4 GiB or 65,534 files), which is not read')
    for (let i = 0; i < count; i++) {
      this.need(at, 46, 'the zip directory')
      if (this.view.getUint32(at, true) !== CENTRAL) malformed(this.name, `its zip directory is broken at offset ${at}`, { offset: at })
      const [flags, method] = [this.view.getUint16(at + 8, true), this.view.getUint16(at + 10, true)]
      const [packed, unpacked] = [this.view.getUint32(at + 20, true), this.view.getUint32(at + 24, true)]
      const [name, extra, comment] = [28, 30, 32].map((field) => this.view.getUint16(at + field, true)) as [number, number, number]
      this.need(at + 46, name, 'a name in the zip directory')
      const path = new TextDecoder().decode(this.bytes.subarray(at + 46, at + 46 + name))
      if (flags & 1) malformed(this.name, `${path} is encrypted`)
      if (this.entries.has(path)) malformed(this.name, `it holds ${path} twice`)
      this.entries.set(path, { method, packed, unpacked, local: this.view.getUint32(at + 42, true) })
      at += 46 + name + extra + comment
    }
  }
}
