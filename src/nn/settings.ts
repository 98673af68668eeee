import { OctavoError } from '../errors.js'

/** Arguments in order, the rest of them by name: `(3, 8, 3, 1, { bias: false })`. */
export type Settings<P extends readonly unknown[], O> = [] | [options: O] | (P extends readonly [infer First, ...infer Rest] ? [first: First, ...rest: Settings<Rest, O>] : never)

/**
 * Reads such arguments.
 *
 * @param names of the positions, in order; every option has one
 * @throws OPTION_INVALID for an option of another name, too many arguments, or one given twice
 */
export function settings<O extends object>(where: string, names: readonly (keyof O & string)[], rest: readonly unknown[]): O {
  const last = rest.at(-1)
  const named = typeof last === 'object' && last !== null && !Array.isArray(last) ? (last as Record<string, unknown>) : undefined
  const positional = named ? rest.slice(0, -1) : rest
  const invalid = (why: string): never => { throw new OctavoError('OPTION_INVALID', `${where}: ${why}. It takes ${names.join(', ')}.`) }
  if (positional.length > names.length) invalid(`${positional.length} optional arguments`)
  const result: Record<string, unknown> = Object.fromEntries(positional.flatMap((value, i) => (value === undefined ? [] : [[names[i]!, value] as const])))
  for (const [name, value] of Object.entries(named ?? {})) {
    if (!names.includes(name as never)) invalid(`there is no option "${name}"`)
    if (value === undefined) continue
    if (Object.hasOwn(result, name)) invalid(`"${name}" is given twice`)
    result[name] = value
  }
  return result as O
}
