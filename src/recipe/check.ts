import { OctavoError } from '../errors.js'

/** A piece of JSON Schema, as published in docs/recipe.schema.json. */
export type JsonSchema = { readonly [key: string]: unknown }

/**
 * One field's rule: `read` returns the value as its type or throws RECIPE_INVALID naming `path`; `schema` says the same to
 * an editor. Rules are built from the functions below, so the validator, the types and the published schema are one thing.
 */
export interface Check<T> {
  readonly schema: JsonSchema
  readonly read: (value: unknown, path: string) => T
  readonly absent?: true
}

/** What a check returns. */
export type Read<C> = C extends Check<infer T> ? T : never
type Optional<F> = { [K in keyof F]: F[K] extends { absent: true } ? K : never }[keyof F]
type Fields<F> = { readonly [K in Exclude<keyof F, Optional<F>>]: Read<F[K]> } & { readonly [K in Optional<F>]?: Read<F[K]> }

/** Throws RECIPE_INVALID for the field at `path` (dotted, '' for the recipe itself). */
export function reject(path: string, expected: string, got: unknown): never {
  const shown = got === undefined ? 'nothing' : (JSON.stringify(got) ?? String(got)).slice(0, 120)
  throw new OctavoError('RECIPE_INVALID', `Recipe field "${path || '(the whole file)'}": expected ${expected}, got ${shown}. docs/recipes.md lists every field.`, { field: path, expected, got })
}

/** Text that is not empty; with `pattern`, text that it matches (`means` says in words what that is). */
export const text = (pattern?: RegExp, means = 'text'): Check<string> => ({
  schema: pattern ? { type: 'string', pattern: pattern.source } : { type: 'string', minLength: 1 },
  read: (v, path) => (typeof v === 'string' && v && (!pattern || pattern.test(v)) ? v : reject(path, means, v)),
})

/** A finite number, between `min` and `max` where given. */
export const number = (min = -Infinity, max = Infinity): Check<number> => ({
  schema: { type: 'number', ...(min > -Infinity && { minimum: min }), ...(max < Infinity && { maximum: max }) },
  read: (v, path) => (typeof v === 'number' && Number.isFinite(v) && v >= min && v <= max ? v : reject(path, bounded('a number', min, max), v)),
})

/** A whole number, between `min` and `max` where given. */
export const integer = (min = -Infinity, max = Infinity): Check<number> => ({
  schema: { ...number(min, max).schema, type: 'integer' },
  read: (v, path) => (Number.isSafeInteger(v) && (v as number) >= min && (v as number) <= max ? (v as number) : reject(path, bounded('a whole number', min, max), v)),
})

const bounded = (what: string, min: number, max: number): string =>
  max < Infinity ? `${what} from ${min} to ${max}` : min > -Infinity ? `${what} of at least ${min}` : what

/** True or false. */
export const boolean: Check<boolean> = {
  schema: { type: 'boolean' },
  read: (v, path) => (typeof v === 'boolean' ? v : reject(path, 'true or false', v)),
}

/** One of the words given. */
export const oneOf = <const T extends readonly string[]>(...words: T): Check<T[number]> => ({
  schema: { enum: words },
  read: (v, path) => (words.includes(v as string) ? (v as T[number]) : reject(path, words.length === 1 ? `"${words[0]}"` : `one of ${words.join(', ')}`, v)),
})

/** A list of what `item` reads, `length` long where given. */
export const list = <T>(item: Check<T>, length?: number): Check<readonly T[]> => ({
  schema: { type: 'array', items: item.schema, ...(length === undefined ? { minItems: 1 } : { minItems: length, maxItems: length }) },
  read: (v, path) => {
    if (!Array.isArray(v) || (length === undefined ? !v.length : v.length !== length)) reject(path, length === undefined ? 'a list' : `a list of ${length}`, v)
    return (v as unknown[]).map((x, i) => item.read(x, `${path}[${i}]`))
  },
})

/** The same rule for a field that may be left out. */
export const optional = <T>(check: Check<T>): Check<T> & { absent: true } => ({ ...check, absent: true })

/** Any keys, each holding what `item` reads. */
export const record = <T>(item: Check<T>): Check<Readonly<Record<string, T>>> => ({
  schema: { type: 'object', additionalProperties: item.schema },
  read: (v, path) => Object.fromEntries(Object.entries(plain(v, path)).map(([k, x]) => [k, item.read(x, `${path}.${k}`)])),
})

/** Exactly these fields; one that is unknown is an error, since it would change nothing. */
export function object<const F extends Record<string, Check<unknown>>>(fields: F): Check<Fields<F>> {
  const names = Object.keys(fields)
  return {
    schema: {
      type: 'object', additionalProperties: false, required: names.filter((n) => !fields[n]!.absent),
      properties: Object.fromEntries(names.map((n) => [n, fields[n]!.schema])),
    },
    read: (v, path) => {
      const given = plain(v, path)
      const at = (name: string) => (path ? `${path}.${name}` : name)
      for (const name of Object.keys(given)) if (!(name in fields)) reject(at(name), `no such field (${path || 'a recipe'} has ${names.join(', ')})`, given[name])
      const present = names.filter((n) => given[n] !== undefined || !fields[n]!.absent)
      return Object.fromEntries(present.map((n) => [n, fields[n]!.read(given[n], at(n))])) as Fields<F>
    },
  }
}

/** One of several objects, told apart by the word in their field `tag`. */
export function tagged<const V extends Record<string, Check<unknown>>>(tag: string, variants: V): Check<Read<V[keyof V]>> {
  return {
    schema: { oneOf: Object.values(variants).map((c) => c.schema) },
    read: (v, path) => {
      const word = plain(v, path)[tag]
      const variant = typeof word === 'string' && Object.hasOwn(variants, word) ? variants[word]! : undefined
      return (variant ?? reject(`${path}.${tag}`, `one of ${Object.keys(variants).join(', ')}`, word)).read(v, path) as Read<V[keyof V]>
    },
  }
}

function plain(v: unknown, path: string): Record<string, unknown> {
  if (typeof v !== 'object' || v === null || Array.isArray(v)) reject(path, 'an object', v)
  return v as Record<string, unknown>
}
