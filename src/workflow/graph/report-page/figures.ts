/** How numbers are written on the page. Minus is U+2212; what is not finite is said in words or as ∞. */

const MINUS = '\u2212'
const signed = (text: string): string => text.replace(/^-/, MINUS)

/** Three significant digits, with a power of ten where the number is very large or small. */
export function short(value: number): string {
  if (Number.isNaN(value)) return 'not a number'
  if (!Number.isFinite(value)) return value > 0 ? '∞' : `${MINUS}∞`
  const size = Math.abs(value)
  if (size !== 0 && (size < 1e-4 || size >= 1e6)) return signed(value.toExponential(2).replace(/e\+?(-?\d+)$/, (_, power: string) => `·10${superscript(power)}`))
  return signed(String(Number(value.toPrecision(3))))
}

const superscript = (digits: string): string => [...digits].map((d) => (d === '-' ? '⁻' : '⁰¹²³⁴⁵⁶⁷⁸⁹'[Number(d)]!)).join('')

/** Bytes in units of 1000, three digits. */
export function size(bytes: number): string {
  const [unit, scale] = bytes < 999.5e3 ? ['KB', 1e3] as const : bytes < 999.5e6 ? ['MB', 1e6] as const : ['GB', 1e9] as const
  const value = bytes / scale
  return bytes < 1e3 ? `${bytes} bytes` : `${value.toFixed(value < 9.995 ? 2 : value < 99.95 ? 1 : 0)} ${unit}`
}

/** Decibels with one digit; equal signals have infinitely many. */
export function decibels(db: number): string {
  return db === Infinity ? 'equal' : Number.isNaN(db) ? 'no signal' : db === -Infinity ? `${MINUS}∞ dB` : `${signed(db.toFixed(1))} dB`
}

/** A duration. */
export function duration(seconds: number): string {
  if (seconds < 1) return `${Math.round(seconds * 1000)} ms`
  return seconds < 60 ? `${seconds.toFixed(1)} s` : `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`
}

/** A whole number in groups of three. */
export const count = (value: number): string => String(value).replace(/\B(?=(\d{3})+$)/g, '\u202f')

/** 1 file, 2 files. */
export const plural = (value: number, noun: string, many = `${noun}s`): string => `${count(value)} ${value === 1 ? noun : many}`

/** A part of one: 12.3 %, and more digits where the part is small. */
export const share = (part: number): string => (part === 0 || part >= 0.001 ? `${Number((100 * part).toFixed(part < 0.1 ? 2 : 1))} %` : part < 1e-5 ? 'under 0.001 %' : `${(100 * part).toFixed(3)} %`)

const SHARES = /^(top\d+|agreement|same\w*|correctShare|auc|(least|mean)Iou)$/i

/** A score under the name that metrics give it: shares in per cent, signal to noise in dB, everything else as a number. */
export function score(key: string, value: number | undefined): string {
  if (value === undefined) return '–'
  if (/sqnr/i.test(key)) return decibels(value)
  return SHARES.test(key) && Number.isFinite(value) ? `${(100 * value).toFixed(1)} %` : short4(value)
}

/** int8 − float of a score, in the score's own unit. */
export function change(key: string, float: number | undefined, int8: number | undefined): string {
  if (float === undefined || int8 === undefined || !Number.isFinite(int8 - float)) return '–'
  const by = int8 - float
  const text = SHARES.test(key) ? `${(100 * by).toFixed(1)} points` : /sqnr/i.test(key) ? `${by.toFixed(1)} dB` : short4(by)
  return /^-?0(\.0+)?( |$)/.test(text) ? '±0' : by > 0 ? `+${text}` : signed(text)
}

const short4 = (value: number): string => (Number.isInteger(value) ? signed(String(value)) : Number.isFinite(value) ? signed(String(Number(value.toPrecision(4)))) : short(value))
