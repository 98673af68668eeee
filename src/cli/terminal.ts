/** Where a command writes. Results go to `out`, everything about them to `err`. */
export interface Terminal {
  out(line: string): void
  err(line: string): void
  /** A bar for work that takes longer than a second, on standard error; call it with the number done. Where nobody knows the total it counts. Shows nothing where that is not wanted. */
  progress(label: string, total: number | undefined): Progress
}

export interface Progress {
  (done: number): void
  /** Wipes the bar. */
  end(): void
}

/** A stream's part that a terminal needs: `process.stderr` is one. */
export interface Stream {
  write(text: string): unknown
  readonly isTTY?: boolean
}

const DELAY_MS = 1000
const EVERY_MS = 100
const WIDTH = 24

/** A terminal over two streams. On a TTY the bar redraws itself; with `forced` elsewhere it is one line a second. */
export function terminalOn(out: Stream, err: Stream, forced: boolean): Terminal {
  return {
    out: (line) => void out.write(line + '\n'),
    err: (line) => void err.write(line + '\n'),
    progress: (label, total) => (err.isTTY || forced ? bar(err, label, total) : silent()),
  }
}

function silent(): Progress {
  return Object.assign(() => {}, { end: () => {} })
}

function bar(stream: Stream, label: string, total: number | undefined): Progress {
  const start = performance.now()
  let next = start + DELAY_MS
  let drawn = false
  const draw = (done: number) => {
    const now = performance.now()
    if (now < next) return
    next = now + (stream.isTTY ? EVERY_MS : DELAY_MS)
    drawn = true
    stream.write(stream.isTTY ? `\r${line(label, done, total, now - start)}\x1b[K` : line(label, done, total, now - start) + '\n')
  }
  return Object.assign(draw, { end: () => { if (drawn && stream.isTTY) stream.write('\r\x1b[K') } })
}

function line(label: string, done: number, total: number | undefined, ms: number): string {
  if (total === undefined) return `${label} ${done}`
  const share = total ? Math.min(1, done / total) : 0
  const filled = Math.round(share * WIDTH)
  const left = share > 0 ? `, ${Math.ceil((ms / share - ms) / 1000)} s left` : ''
  return `${label} [${'#'.repeat(filled)}${'.'.repeat(WIDTH - filled)}] ${done}/${total}${left}`
}
