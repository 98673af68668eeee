/** How Python prints values: what String(module) consists of. */

/** A float: `1e-05`, `0.1`, `1.0`. */
export function float(value: number): string {
  if (Number.isNaN(value)) return 'nan'
  if (!Number.isFinite(value)) return value > 0 ? 'inf' : '-inf'
  const size = Math.abs(value)
  if (size !== 0 && (size < 1e-4 || size >= 1e16)) {
    const [digits, exponent] = value.toExponential().split('e') as [string, string]
    return `${digits}e${exponent[0]}${exponent.slice(1).padStart(2, '0')}`
  }
  return Number.isInteger(value) ? `${value}.0` : String(value)
}

export const bool = (value: boolean): string => (value ? 'True' : 'False')

/** A tuple: `(1, 2)`, `(1,)`. */
export const tuple = (values: readonly unknown[], print: (value: never) => string = String): string => {
  const items = values.map((v) => print(v as never))
  return items.length === 1 ? `(${items[0]},)` : `(${items.join(', ')})`
}

/** A whole number, or a tuple of such. */
export const sizes = (value: number | readonly number[]): string => (typeof value === 'number' ? String(value) : tuple(value))

/** A name in Python's style: runningMean is running_mean. Names that begin with a capital stay. */
export const snake = (name: string): string => (/^[a-z_]/.test(name) ? name.replace(/([a-z0-9])([A-Z])/g, (_, before: string, capital: string) => `${before}_${capital.toLowerCase()}`) : name)

/** All lines but the first moved in. */
export const indented = (text: string): string => text.replaceAll('\n', '\n  ')

const EXPONENT = /e([+-])(\d)$/
/** A float with four digits behind the point, as `1.2346e-05`. */
const scientific = (v: number): string => v.toExponential(4).replace(EXPONENT, 'e$10$2')
/** A float with four digits behind the point; halves go to the even digit. (A float32 times 10⁴ is exact.) */
function fixed(v: number): string {
  const units = v * 1e4
  if (Math.abs(units) % 1 !== 0.5) return v.toFixed(4)
  return ((Math.floor(units) % 2 === 0 ? Math.floor(units) : Math.ceil(units)) / 1e4).toFixed(4)
}
const beyond = (v: number): string => (Number.isNaN(v) ? 'nan' : v > 0 ? 'inf' : '-inf')

/** How PyTorch prints the elements of one tensor of floats: whole, with four digits, or with exponents. */
function floatPrinter(values: readonly number[]): (v: number) => string {
  const sizes = values.filter((v) => v !== 0 && Number.isFinite(v)).map(Math.abs)
  const [least, most] = [Math.min(...sizes), Math.max(...sizes)]
  const whole = values.every((v) => !Number.isFinite(v) || Number.isInteger(v))
  const wide = sizes.length > 0 && (most / least > 1000 || most > 1e8 || (!whole && least < 1e-4))
  const print = wide ? scientific : whole ? (v: number) => `${v.toFixed(0)}.` : fixed
  return (v) => (Number.isFinite(v) ? print(v) : beyond(v))
}

const LINE = 80
const LONG = 1000
const EDGE = 3

/**
 * A tensor of one axis as PyTorch 2.13 prints it: aligned columns, lines of 80, the ends of more than 1000 elements.
 *
 * @param dtype PyTorch's name, told where the elements do not tell it: but for float32 and int64
 */
export function vectorText(elements: ArrayLike<number | bigint>, dtype: string): string {
  const open = 'tensor('
  const all = Array.from(elements, Number)
  const shown = all.length > LONG ? [...all.slice(0, EDGE), ...all.slice(-EDGE)] : all
  const floats = dtype.startsWith('float')
  const texts = shown.map(floats ? floatPrinter(shown) : String)
  const width = Math.max(0, ...texts.filter((_, i) => !floats || (shown[i] !== 0 && Number.isFinite(shown[i]))).map((t) => t.length)) // floats line up by their numbers
  const items = texts.map((t) => t.padStart(width))
  if (all.length > LONG) items.splice(EDGE, 0, ' ...')
  const perLine = Math.max(1, Math.floor((LINE - open.length) / (width + 2)))
  const lines = Array.from({ length: Math.ceil(items.length / perLine) }, (_, i) => items.slice(i * perLine, (i + 1) * perLine).join(', '))
  const text = `${open}[${lines.join(`,\n${' '.repeat(open.length + 1)}`)}]`
  if (dtype === 'float32' || (dtype === 'int64' && all.length)) return `${text})`
  const suffix = `dtype=torch.${dtype}`
  const last = text.length - text.lastIndexOf('\n') + 1
  return `${text},${last + suffix.length + 2 > LINE ? `\n${' '.repeat(open.length)}` : ' '}${suffix})`
}
