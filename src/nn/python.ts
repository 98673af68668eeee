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

/** A float as a tensor of one prints it: `0.0783`, `1.`, `1.0000e-05`. */
export function element(value: number): string {
  if (!Number.isFinite(value)) return float(value)
  const size = Math.abs(value)
  if (size > 1e8 || (size < 1e-4 && size !== 0)) {
    const [digits, exponent] = value.toExponential(4).split('e') as [string, string]
    return `${digits}e${exponent[0]}${exponent.slice(1).padStart(2, '0')}`
  }
  return Number.isInteger(value) ? `${value}.` : value.toFixed(4)
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
