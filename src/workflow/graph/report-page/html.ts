/** Text that is markup already. Only the tag `html` makes it, so that everything else is escaped. */
export class Html {
  constructor(readonly text: string) {}
}

type Part = Html | string | number | undefined | false | readonly Part[]

/**
 * A piece of a page. Strings and numbers put into it are escaped, for text and for quoted attributes alike; pieces and lists of them are
 * taken as they are; undefined and false leave nothing.
 */
export function html(strings: TemplateStringsArray, ...parts: readonly Part[]): Html {
  return new Html(strings.map((text, i) => text + (i < parts.length ? show(parts[i]) : '')).join(''))
}

function show(part: Part): string {
  if (part === undefined || part === false) return ''
  if (part instanceof Html) return part.text
  return typeof part === 'object' ? part.map(show).join('') : escape(String(part))
}

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', '\'': '&#39;' }

/**
 * `text` with nothing left in it that HTML reads. Control characters are shown by their Unicode pictures, those that turn the direction of
 * reading by their numbers, halves of surrogate pairs as U+FFFD.
 */
export function escape(text: string): string {
  return text.replace(/\p{Surrogate}/gu, '\ufffd')
    .replace(/[\0-\x08\x0b-\x1f]/g, (c) => String.fromCharCode(0x2400 + c.charCodeAt(0))).replace(/[\x7f-\x9f]/g, '\u2421')
    .replace(/[\u202a-\u202e\u2066-\u2069]/g, (c) => `\u27e8U+${c.charCodeAt(0).toString(16).toUpperCase()}\u27e9`)
    .replace(/[&<>"']/g, (c) => ENTITIES[c]!)
}

/** A name from a model: its direction and its line breaks stay its own. */
export const name = (text: string, kind = ''): Html => html`<bdi class="name ${kind}">${text}</bdi>`
