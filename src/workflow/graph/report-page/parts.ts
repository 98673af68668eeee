import { html, type Html } from './html.js'

/** A list shorter than this needs no way to search it. */
const SEARCHABLE = 9

/** A box that narrows the list `of`, and buttons that sort it (by data-order, then by data-key). They are shown where scripts run. */
export function controls(of: string, items: number, orders: readonly [string, string]): Html | undefined {
  if (items < SEARCHABLE) return undefined
  return html`<div class="controls" data-of="${of}">
<input type="search" placeholder="Filter by name" aria-label="Filter ${of} by name" autocomplete="off" spellcheck="false">
<span class="orders" role="group" aria-label="Order">${orders.map((label, i) => html`<button type="button" data-by="${i === 0 ? 'order' : 'key'}" aria-pressed="${i === 0 ? 'true' : 'false'}">${label}</button>`)}</span>
<output aria-live="polite"></output></div>`
}

/** A list longer than this gets a box of its own to scroll in, so that what follows can be reached; printed, it is shown whole. */
const LONG = 40

export const boxed = (label: string, items: number, content: Html): Html =>
  items > LONG ? html`<div class="long" tabindex="0" role="region" aria-label="${label}">${content}</div>` : content
