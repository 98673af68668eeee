/**
 * Draws digits: SIZE × SIZE gray pictures of strokes that no two times are the same. The digit classifier learns from these
 * drawings and is shown others of them, so the example needs no data set. The same seed draws the same pictures everywhere.
 */

/** Side of a picture in pixels. */
export const SIZE = 20

/** Points of an arc around (cx, cy), from angle a to b in turns; 0 points right, a quarter points down. */
const arc = (cx, cy, rx, ry, a, b) =>
  Array.from({ length: 13 }, (_, i) => {
    const t = 2 * Math.PI * (a + ((b - a) * i) / 12)
    return [cx + rx * Math.cos(t), cy + ry * Math.sin(t)]
  })

/** The ways to write each digit: strokes of points in a unit square, y down. */
const GLYPHS = [
  [[arc(0.5, 0.5, 0.3, 0.42, 0, 1)], [arc(0.5, 0.5, 0.2, 0.42, 0, 1)]],
  [[[[0.5, 0.08], [0.5, 0.92]]], [[[0.32, 0.28], [0.54, 0.08], [0.54, 0.92]]], [[[0.32, 0.28], [0.52, 0.08], [0.52, 0.92]], [[0.3, 0.92], [0.74, 0.92]]]],
  [[[...arc(0.5, 0.32, 0.28, 0.24, -0.5, 0.08), [0.22, 0.92], [0.8, 0.92]]], [[...arc(0.5, 0.32, 0.26, 0.24, -0.5, 0.12), [0.36, 0.72], [0.2, 0.92], [0.8, 0.88]]]],
  [[[...arc(0.48, 0.29, 0.27, 0.21, -0.42, 0.25), ...arc(0.48, 0.71, 0.3, 0.21, -0.25, 0.42)]], [[[0.22, 0.08], [0.76, 0.08], [0.46, 0.42], ...arc(0.48, 0.67, 0.28, 0.25, -0.25, 0.42)]]],
  [[[[0.6, 0.08], [0.18, 0.64], [0.84, 0.64]], [[0.64, 0.36], [0.64, 0.92]]], [[[0.26, 0.08], [0.24, 0.5], [0.76, 0.5]], [[0.74, 0.08], [0.74, 0.92]]]],
  [[[[0.76, 0.08], [0.3, 0.08], [0.27, 0.44], ...arc(0.48, 0.65, 0.28, 0.27, -0.28, 0.4)]], [[[0.3, 0.1], [0.28, 0.46], ...arc(0.47, 0.66, 0.27, 0.25, -0.27, 0.4)], [[0.3, 0.1], [0.78, 0.1]]]],
  [[[[0.68, 0.08], [0.36, 0.4], ...arc(0.5, 0.67, 0.27, 0.25, -0.5, 0.5)]], [[...arc(0.52, 0.5, 0.28, 0.42, -0.15, -0.5), ...arc(0.5, 0.68, 0.26, 0.24, -0.5, 0.5)]]],
  [[[[0.2, 0.08], [0.8, 0.08], [0.42, 0.92]]], [[[0.2, 0.08], [0.78, 0.08], [0.44, 0.92]], [[0.36, 0.5], [0.74, 0.5]]], [[[0.22, 0.24], [0.22, 0.08], [0.78, 0.08], [0.5, 0.92]]]],
  [[arc(0.5, 0.29, 0.23, 0.21, 0.25, 1.25), arc(0.5, 0.71, 0.28, 0.21, -0.25, 0.75)], [arc(0.5, 0.28, 0.2, 0.2, 0.25, 1.25), arc(0.5, 0.7, 0.24, 0.22, -0.25, 0.75)]],
  [[[...arc(0.5, 0.33, 0.26, 0.25, 0, 1), [0.74, 0.6], [0.62, 0.92]]], [[...arc(0.5, 0.32, 0.25, 0.24, 0, 1), ...arc(0.5, 0.5, 0.27, 0.42, 0.02, 0.38)]]],
]

/** Numbers in 0 … 1 from a seed (mulberry32, public domain). */
export function random(seed) {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = Math.imul(state ^ (state >>> 15), state | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}

/** One drawing of `digit`: SIZE² bytes, 0 for paper, 255 for ink. `next` gives numbers in 0 … 1. */
export function draw(digit, next) {
  const between = (low, high) => low + (high - low) * next()
  const ways = GLYPHS[digit]
  const place = placement(between)
  const wobble = between(0, 0.08)
  const strokes = ways[Math.floor(next() * ways.length)].map((points) => points.map(([x, y]) => place(x + between(-wobble, wobble), y + between(-wobble, wobble))))
  const pen = between(0.4, 1.5)
  const ink = between(110, 255)
  const paper = between(0, 50)
  const noise = between(4, 80)
  return Uint8Array.from({ length: SIZE * SIZE }, (_, i) => {
    const covered = Math.min(1, Math.max(0, pen + 0.5 - distance(strokes, (i % SIZE) + 0.5, Math.floor(i / SIZE) + 0.5)))
    return Math.round(Math.min(255, Math.max(0, paper + (ink - paper) * covered + between(-noise, noise))))
  })
}

/** A random slant, turn, size and shift, from the unit square to pixels. */
function placement(between) {
  const turn = between(-0.4, 0.4)
  const slant = between(-0.35, 0.35)
  const width = SIZE * between(0.45, 0.95)
  const height = SIZE * between(0.55, 0.95)
  const [dx, dy] = [between(-1.6, 1.6), between(-1.3, 1.3)]
  return (x, y) => {
    const [u, v] = [(x - 0.5 - slant * (y - 0.5)) * width, (y - 0.5) * height]
    return [SIZE / 2 + u * Math.cos(turn) - v * Math.sin(turn) + dx, SIZE / 2 + u * Math.sin(turn) + v * Math.cos(turn) + dy]
  }
}

/** From a point to the nearest stroke, in pixels. */
function distance(strokes, x, y) {
  let best = Infinity
  for (const points of strokes)
    for (let i = 1; i < points.length; i++) best = Math.min(best, toSegment(points[i - 1], points[i], x, y))
  return best
}

function toSegment([ax, ay], [bx, by], x, y) {
  const [dx, dy] = [bx - ax, by - ay]
  const length = dx * dx + dy * dy
  const t = length ? Math.min(1, Math.max(0, ((x - ax) * dx + (y - ay) * dy) / length)) : 0
  return Math.hypot(x - ax - t * dx, y - ay - t * dy)
}

/** `count` drawings and their digits, each digit equally often, in random order. */
export function drawMany(count, seed) {
  const next = random(seed)
  const labels = Uint8Array.from({ length: count }, (_, i) => i % 10)
  for (let i = count - 1; i > 0; i--) {
    const j = Math.floor(next() * (i + 1))
    ;[labels[i], labels[j]] = [labels[j], labels[i]]
  }
  const pixels = new Uint8Array(count * SIZE * SIZE)
  labels.forEach((digit, i) => pixels.set(draw(digit, next), i * SIZE * SIZE))
  return { pixels, labels }
}

/** Pictures side by side as text: two pixels in each character, one above the other. */
export function asText(pictures, gap = '    ') {
  return Array.from({ length: SIZE / 2 }, (_, row) =>
    pictures.map((pixels) => {
      const limit = (Math.max(...pixels) + Math.min(...pixels)) / 2
      const dark = (y, x) => pixels[y * SIZE + x] > limit
      return Array.from({ length: SIZE }, (_, x) => ' ▀▄█'[(dark(2 * row, x) ? 1 : 0) + (dark(2 * row + 1, x) ? 2 : 0)]).join('')
    }).join(gap).trimEnd())
}
