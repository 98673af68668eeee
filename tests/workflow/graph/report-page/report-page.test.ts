import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { change, count, decibels, duration, score, share, short, size } from '../../../../src/workflow/graph/report-page/figures.js'
import { escape } from '../../../../src/workflow/graph/report-page/html.js'
import { cutOff } from '../../../../src/workflow/graph/report-page/ranges.js'
import { renderReport } from '../../../../src/workflow/graph/report-page/report-page.js'
import { SCRIPT, SCRIPT_SHA256 } from '../../../../src/workflow/graph/report-page/script.js'
import { classifierReport, dynamicReport, hostileReport } from '../../../support/report.js'

test('the page says everything that the report says, the same way every time', () => {
  const report = classifierReport()
  const page = renderReport(report, { options: { calibrateMethod: 'histogram', nodesToExclude: ['prob', /^fire9/], perChannel: true, equalize: undefined }, command: 'octavo quantize a.onnx' })
  for (const { name, sqnr } of report.layers) assert.ok(page.includes(`>${name}<`) && page.includes(`>${sqnr!.toFixed(1)} dB<`), name)
  for (const { name } of report.values) assert.ok(page.includes(`>${name}<`), name)
  for (const text of [report.model, 'kept to bring the error under the tolerance', report.warnings[0]!, '63.5 %', '−0.5 points', '1.32 MB', '4.96 MB', 'octavo quantize a.onnx', 'prob, /^fire9/', 'batch 5', '9.8 s']) assert.ok(page.includes(text), text)
  assert.ok(!page.includes('equalize') && !/undefined|NaN|\[object/.test(page.replace(SCRIPT, '')))
  assert.equal(page, renderReport(report, { options: { calibrateMethod: 'histogram', nodesToExclude: ['prob', /^fire9/], perChannel: true }, command: 'octavo quantize a.onnx' }))
})

test('parts that a report does not have are left out', () => {
  const page = renderReport(dynamicReport())
  for (const title of ['Ranges', 'Worst inputs', 'Accuracy', 'Warnings', 'Options', 'Outputs']) assert.ok(!page.includes(`<h2>${title}</h2>`), title)
  assert.ok(page.includes('dynamic quantization leaves Conv in float') && page.includes('3 of 4'))
  const empty = { ...dynamicReport(), layers: [], seconds: {}, bytes: { before: 0, after: 0 } }
  assert.ok(!/undefined|NaN/.test(renderReport(empty).replace(SCRIPT, '')))
})

test('what is not finite is shown, not drawn', () => {
  const base = classifierReport()
  const odd = [NaN, Infinity, -Infinity, -3, 0, 1e300, undefined]
  const page = renderReport({
    ...base, layers: odd.map((sqnr, i) => ({ ...base.layers[i]!, sqnr, sqnrAlone: sqnr })),
    values: odd.map((v = 0, i) => ({ ...base.values[i]!, scale: v, seen: [v, v], chosen: [v, -v], histogram: { range: [v, v], counts: [0, NaN, 3] } })),
  })
  assert.ok(!/NaN|Infinity|undefined/.test(page.replace(SCRIPT, '')), /.{60}(NaN|Infinity|undefined).{60}/.exec(page.replace(SCRIPT, ''))?.[0])
})

test('nothing in a report becomes markup', () => {
  const bare = (page: string) => page.match(/<\/?[a-z][a-z0-9]*/gi)!.map((t) => t.toLowerCase())
  const known = new Set([...bare(renderReport(classifierReport(), { options: { a: [1] }, command: 'x' })), ...bare(renderReport(dynamicReport()))])
  const page = renderReport(hostileReport(), { options: { '<b>': '</dl><script>' }, command: '</pre><script>', inputs: { 5: { name: '<img src=x onerror=alert(1)>' } } })
  assert.deepEqual(bare(page).filter((t) => !known.has(t)), [])
  assert.equal(page.match(/<script/g)!.length, 1)
  assert.equal(escape('<a href="x" title=\'&\'>'), '&lt;a href=&quot;x&quot; title=&#39;&amp;&#39;&gt;')
  assert.equal(escape('\0\x1b\x7f\u202e\ud800\n😀'), '\u2400\u241b\u2421⟨U+202E⟩\ufffd\n😀')
})

test('pictures are raster data, nothing else', () => {
  const shown = (picture: string) => renderReport(classifierReport(), { inputs: { 5: { name: 'a.jpg', picture } } })
  assert.ok(shown('data:image/png;base64,iVBORw0KGgo=').includes('src="data:image/png;base64,iVBORw0KGgo="'))
  for (const bad of ['https://example.com/a.png', 'data:image/svg+xml;base64,PHN2Zy8+', 'data:text/html;base64,PGI+', 'data:image/png;base64,"onerror="x', '']) assert.throws(() => shown(bad), { code: 'OPTION_INVALID' })
})

test('the policy names the one script that may run, and nothing is fetched', () => {
  assert.equal(SCRIPT_SHA256, createHash('sha256').update(SCRIPT).digest('base64'))
  const page = renderReport(classifierReport())
  assert.ok(page.includes(`script-src 'sha256-${SCRIPT_SHA256}'`) && page.includes(`<script>${SCRIPT}</script>`))
  assert.ok(!/https?:|url\(|@import|src="(?!data:)/.test(page))
})

test('figures are written as people write them', () => {
  const cases: readonly (readonly [string, string])[] = [
    [short(0), '0'], [short(-0.01234), '−0.0123'], [short(1.5e-7), '1.50·10⁻⁷'], [short(-2.5e9), '−2.50·10⁹'], [short(123456), '123000'], [short(Infinity), '∞'], [short(NaN), 'not a number'],
    [size(12), '12 bytes'], [size(4956208), '4.96 MB'], [size(999), '999 bytes'], [size(1.5e9), '1.50 GB'], [size(4_999_999), '5.00 MB'], [size(999_600), '1.00 MB'], [size(12_345), '12.3 KB'], [size(123_456), '123 KB'],
    [decibels(Infinity), 'equal'], [decibels(-Infinity), '−∞ dB'], [decibels(-3.21), '−3.2 dB'], [duration(0.0123), '12 ms'], [duration(9.87), '9.9 s'], [duration(125), '2 min 5 s'],
    [count(1234567), '1\u202f234\u202f567'], [share(0), '0 %'], [share(0.5), '50 %'], [share(0.00042), '0.042 %'], [share(1e-7), 'under 0.001 %'], [share(0.0312), '3.12 %'],
    [score('top1', 0.635), '63.5 %'], [score('correct', 127), '127'], [score('leastSqnr', 24.56), '24.6 dB'], [score('boxes', undefined), '–'], [score('auc', 0.9), '90.0 %'],
    [change('top1', 0.64, 0.635), '−0.5 points'], [change('top1', 0.64, 0.64001), '±0'], [change('correct', 10, 12), '+2'], [change('x', undefined, 1), '–'], [change('sqnr', 20, 18.5), '−1.5 dB'],
  ]
  for (const [got, want] of cases) assert.equal(got, want)
})

test('what is cut off: bins whose middle is more than half a step outside the range', () => {
  const histogram = { range: [0, 4] as const, counts: [1, 2, 3, 4] }
  assert.equal(cutOff(histogram, [0, 4], 0.02), 0)
  assert.equal(cutOff(histogram, [0, 2.4], 0.02), 0.7)
  assert.equal(cutOff(histogram, [0, 2.5], 0.02), 0.4)
  assert.equal(cutOff(histogram, [0, 2.4], 0.2), 0.4, 'as far as a code reaches')
  assert.equal(cutOff({ range: [0, 4], counts: [0, 0] }, [0, 1], 1), 0)
})
