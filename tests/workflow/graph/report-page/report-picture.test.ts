/** The page as Chromium draws it, at the widths of a phone and of a desk, light and dark. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import sharp from 'sharp'
import { renderReport } from '../../../../src/workflow/graph/report-page/report-page.js'
import { skipWithoutChromium, withPage, type Page } from '../../../support/chromium.mjs'
import { HOSTILE, classifierReport, dynamicReport, hostileReport } from '../../../support/report.js'

const folder = mkdtempSync(join(tmpdir(), 'octavo-report-'))
after(() => rmSync(folder, { recursive: true, force: true }))

const picture = `data:image/png;base64,${(await sharp({ create: { width: 40, height: 30, channels: 3, background: '#336699' } }).png().toBuffer()).toString('base64')}`
const EXTRAS = { options: { engine: 'fbgemm', nodesToExclude: ['prob'] }, command: 'octavo quantize --recipe squeezenet.json -o s.onnx', inputs: { 5: { name: '281_tabby.jpg', picture } } }
const PAGES = { classifier: renderReport(classifierReport(), EXTRAS), dynamic: renderReport(dynamicReport(), EXTRAS), hostile: renderReport(hostileReport(), EXTRAS) }
const LOOKS = [{ width: 360, height: 740 }, { width: 1280, height: 900 }, { width: 1280, height: 900, dark: true }, { width: 360, height: 740, dark: true }]

async function open(page: Page, name: keyof typeof PAGES): Promise<void> {
  const file = join(folder, `${name}.html`)
  writeFileSync(file, PAGES[name])
  await page.open(`file://${file}`)
}

/** Runs in the page: boxes of what matters, texts whose contrast is too low, elements that stick out. */
const MEASURE = `(() => {
  const box = (e) => { const { left, right, top, bottom } = e.getBoundingClientRect(); return { left, right, top: top + scrollY, bottom: bottom + scrollY } }
  const parse = (colour) => { const n = colour.match(/[\\d.]+/g).map(Number); return { rgb: n.slice(0, 3), alpha: n[3] ?? 1 } }
  const behind = (e) => {
    const layers = []
    for (; e; e = e.parentElement) { const c = parse(getComputedStyle(e).backgroundColor); if (c.alpha) layers.push(c); if (c.alpha === 1) break }
    return layers.reverse().reduce((under, { rgb, alpha }) => rgb.map((v, i) => v * alpha + under[i] * (1 - alpha)), [255, 255, 255])
  }
  const light = (rgb) => { const [r, g, b] = rgb.map((v) => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4); return 0.2126 * r + 0.7152 * g + 0.0722 * b }
  const contrast = (a, b) => { const [x, y] = [light(a), light(b)].sort((p, q) => q - p); return (x + 0.05) / (y + 0.05) }
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
  const faint = []
  let texts = 0
  while (walker.nextNode()) {
    const e = walker.currentNode.parentElement
    if (!walker.currentNode.data.trim() || !e.getClientRects().length || e.tagName === 'SCRIPT' || e.tagName === 'title') continue
    texts++
    const c = contrast(parse(getComputedStyle(e).color).rgb, behind(e))
    if (c < 4.5) faint.push(e.className + ' ' + c.toFixed(2) + ' ' + e.textContent.slice(0, 30))
  }
  const wide = innerWidth
  return {
    scroll: document.documentElement.scrollWidth, inner: wide, texts, faint,
    out: [...document.querySelectorAll('body *')].filter((e) => !e.closest('.scroll, svg') && (box(e).right > wide + 0.5 || box(e).left < -0.5)).map((e) => e.className || e.tagName),
    layers: [...document.querySelectorAll('.layer')].map((e) => ({ row: box(e), track: box(e.querySelector('.track')), bar: e.querySelector('.bar') && box(e.querySelector('.bar')), db: box(e.querySelector('.db')) })),
    cards: [...document.querySelectorAll('.card')].map(box),
    edges: [...document.querySelectorAll('.card')].map((c) => [...c.querySelectorAll('path.edge')].map((p) => p.getBoundingClientRect().left - c.querySelector('svg').getBoundingClientRect().left)),
    heading: box(document.querySelector('h1')), title: document.title,
  }
})()`

interface Box { readonly left: number; readonly right: number; readonly top: number; readonly bottom: number }
interface Measured {
  readonly scroll: number; readonly inner: number; readonly texts: number; readonly faint: readonly string[]; readonly out: readonly string[]
  readonly layers: readonly { readonly row: Box; readonly track: Box; readonly bar: Box | null; readonly db: Box }[]
  readonly cards: readonly Box[]; readonly edges: readonly (readonly number[])[]; readonly heading: Box; readonly title: string
}

const overlap = (a: Box, b: Box): boolean => a.left < b.right - 0.5 && b.left < a.right - 0.5 && a.top < b.bottom - 0.5 && b.top < a.bottom - 0.5

/** Share of a picture's pixels that differ from its corner, and how many colours it has. */
async function ink(png: Uint8Array): Promise<{ share: number; colours: number; width: number }> {
  const { data, info } = await sharp(png).removeAlpha().raw().toBuffer({ resolveWithObject: true })
  const colours = new Map<number, number>()
  for (let i = 0; i < data.length; i += 3) {
    const colour = (data[i]! << 16) | (data[i + 1]! << 8) | data[i + 2]!
    colours.set(colour, (colours.get(colour) ?? 0) + 1)
  }
  const paper = colours.get((data[0]! << 16) | (data[1]! << 8) | data[2]!)!
  return { share: 1 - paper / (data.length / 3), colours: colours.size, width: info.width }
}

test('every page at every width and in both schemes: quiet, self-contained, inside the screen, readable', { skip: skipWithoutChromium }, () => withPage(async (page) => {
  for (const look of LOOKS)
    for (const name of Object.keys(PAGES) as (keyof typeof PAGES)[]) {
      await page.emulate(look)
      await open(page, name)
      const { scroll, inner, out, faint, texts } = await page.evaluate<Measured>(MEASURE)
      const where = `${name} ${JSON.stringify(look)}`
      assert.deepEqual([inner, scroll], [look.width, look.width], where)
      assert.deepEqual([out, faint], [[], []], where)
      assert.ok(texts > 20, where)
      assert.deepEqual([page.complaints, page.requests], [[], []], where)
      const drawn = await ink(await page.screenshot({ whole: true }))
      assert.equal(drawn.width, look.width)
      assert.ok(drawn.share > 0.02 && drawn.colours > 100, `${where}: ${JSON.stringify(drawn)}`)
    }
}))

test('bars are as long as their decibels, ranges stand where they were chosen, nothing covers anything', { skip: skipWithoutChromium }, () => withPage(async (page) => {
  const { layers, values } = classifierReport()
  for (const look of LOOKS) {
    await page.emulate(look)
    await open(page, 'classifier')
    const measured = await page.evaluate<Measured>(MEASURE)
    assert.deepEqual([measured.layers.length, measured.cards.length], [layers.length, values.length])
    for (const [i, { track, bar, db, row }] of measured.layers.entries()) {
      assert.ok(Math.abs((bar!.right - bar!.left) / (track.right - track.left) - layers[i]!.sqnr! / 60) < 0.003, layers[i]!.name)
      assert.ok(bar!.right <= track.right && bar!.bottom - bar!.top >= 8 && !overlap(db, track) && db.right <= row.right + 0.5)
      if (i) assert.ok(row.top >= measured.layers[i - 1]!.row.bottom - 0.5)
    }
    for (const [i, a] of measured.cards.entries()) for (const b of measured.cards.slice(i + 1)) assert.ok(!overlap(a, b))
    assert.equal(new Set(measured.cards.map((c) => c.left)).size, look.width < 500 ? 1 : 4, 'columns of small multiples')
    for (const edges of measured.edges) assert.ok(edges.length === 2 && edges[0]! < edges[1]! && edges[0]! >= 0)
    assert.ok(measured.heading.top < 120)
    const { left, top, right, bottom } = measured.layers[0]!.bar!
    const bar = await ink(await page.screenshot({ clip: { x: left + 2, y: top + 2, width: right - left - 4, height: bottom - top - 4 } }))
    assert.equal(bar.colours, 1, 'a bar is one colour')
  }
}))

test('long lists scroll in boxes of their own, and are printed whole', { skip: skipWithoutChromium }, () => withPage(async (page) => {
  const base = classifierReport()
  const many = <T extends { readonly name: string }>(list: readonly T[]): T[] => Array.from({ length: 300 }, (_, i) => ({ ...list[i % list.length]!, name: `block${i}/a/rather/long/name/of/a/layer/${i}` }))
  const file = join(folder, 'large.html')
  writeFileSync(file, renderReport({ ...base, layers: many(base.layers), values: many(base.values) }, EXTRAS))
  for (const look of LOOKS) {
    await page.emulate(look)
    await page.open(`file://${file}`)
    const { scroll, out, layers } = await page.evaluate<Measured>(MEASURE)
    assert.deepEqual([scroll, out, layers.length], [look.width, [], 300])
    assert.ok(await page.evaluate<number>('document.documentElement.scrollHeight') < 6000)
    const words = await page.evaluate<number[]>('[...document.querySelectorAll(".who small, .card small")].map((e) => e.getClientRects().length + (e.getBoundingClientRect().height > 24))')
    assert.deepEqual([...new Set(words)], [1], 'short words beside long names stay whole')
  }
  await page.emulate({ ...LOOKS[1]!, print: true })
  assert.ok(await page.evaluate<number>('document.documentElement.scrollHeight') > 15000)
}))

test('filtering and sorting', { skip: skipWithoutChromium }, () => withPage(async (page) => {
  await page.emulate(LOOKS[1]!)
  await open(page, 'classifier')
  const first = (list: string) => page.evaluate<string>(`document.querySelector('#${list} > :not([hidden]) .name').textContent`)
  const shown = (list: string) => page.evaluate<number>(`document.querySelectorAll('#${list} > :not([hidden])').length`)
  const type = (of: string, text: string) => page.evaluate(`(() => { const i = document.querySelector('[data-of=${of}] input'); i.value = ${JSON.stringify(text)}; i.dispatchEvent(new Event('input')) })()`)
  const press = (of: string, by: string) => page.evaluate(`document.querySelector('[data-of=${of}] [data-by=${by}]').click()`)
  assert.equal(await first('layers'), 'conv1')
  await press('layers', 'key')
  assert.equal(await first('layers'), 'conv10')
  await press('layers', 'order')
  assert.equal(await first('layers'), 'conv1')
  await type('layers', 'FIRE4')
  assert.equal(await shown('layers'), 4)
  assert.equal(await page.evaluate('document.querySelector("[data-of=layers] output").textContent'), '4 of 36')
  await type('ranges', 'concat')
  assert.equal(await shown('ranges'), 8)
  await type('ranges', '')
  await press('ranges', 'key')
  assert.match(await first('ranges'), /^(fire|conv)/)
  assert.deepEqual(page.complaints, [])
}))

test('hostile names are text: no script, no element, no attribute of theirs', { skip: skipWithoutChromium }, () => withPage(async (page) => {
  await page.emulate(LOOKS[1]!)
  await open(page, 'hostile')
  const found = await page.evaluate<Record<string, unknown>>(`({
    title: document.title, scripts: document.scripts.length, pictures: document.images.length, text: document.querySelector('.warnings').innerText,
    handlers: [...document.querySelectorAll('*')].filter((e) => e.getAttributeNames().some((n) => n.startsWith('on'))).length, links: document.querySelectorAll('a, iframe, object, form').length })`)
  assert.equal(found['title'], `${HOSTILE[0]}: quantization report`)
  assert.deepEqual([found['scripts'], found['pictures'], found['handlers'], found['links']], [1, 1, 0, 0])
  for (const text of HOSTILE.filter((t) => !/[\0\ud800]/.test(t))) assert.ok((found['text'] as string).includes(text), text)
}))

test('it prints', { skip: skipWithoutChromium }, () => withPage(async (page) => {
  await page.emulate({ ...LOOKS[1]!, dark: true, print: true })
  await open(page, 'classifier')
  assert.equal(await page.evaluate('getComputedStyle(document.documentElement).getPropertyValue("--ink").trim()'), '#1e1b17', 'ink on white, whatever the screen')
  assert.equal(await page.evaluate('getComputedStyle(document.querySelector(".controls")).display'), 'none')
  const pdf = Buffer.from(await page.pdf()).toString('latin1')
  assert.ok(pdf.startsWith('%PDF') && (pdf.match(/\/Type \/Page\b/g)?.length ?? 0) >= 3)
}))
