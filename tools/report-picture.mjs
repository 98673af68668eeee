/** Draws docs/report.png: the report of quantizing the digits model, as Chromium shows it, down to the worst inputs.   node tools/report-picture.mjs */
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import sharp from 'sharp'
import { withPage } from '../tests/support/chromium.mjs'
import { node, root } from './steps.mjs'

const [WIDTH, HEIGHT, MOST_BYTES] = [1120, 900, 150_000]
const folder = mkdtempSync(join(tmpdir(), 'octavo-picture-'))
try {
  const page = join(folder, 'report.html')
  node('dist/cli.js', 'quantize', 'examples/digits/digits-float.onnx', '--recipe', 'examples/digits/recipe.json', '-o', join(folder, 'digits-int8.onnx'), '--report', page)
  const png = await withPage(async (browser) => {
    await browser.emulate({ width: WIDTH, height: HEIGHT })
    await browser.open(`file://${page}`)
    const height = await browser.evaluate('document.querySelector(".worst li").getBoundingClientRect().bottom + 12')
    return browser.screenshot({ clip: { x: 0, y: 0, width: WIDTH, height } })
  })
  const file = join(root, 'docs/report.png')
  writeFileSync(file, await sharp(png).png({ palette: true, colours: 64, effort: 10, compressionLevel: 9 }).toBuffer())
  const { size } = statSync(file)
  console.log(`docs/report.png: ${size} bytes`)
  if (size > MOST_BYTES) throw new Error(`docs/report.png is larger than ${MOST_BYTES} bytes`)
} finally {
  rmSync(folder, { recursive: true })
}
