import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { build } from 'esbuild'
import * as observers from '../../src/quantization/calibration-observer.js'
import * as histogram from '../../src/quantization/histogram-observer.js'
import * as minMax from '../../src/quantization/min-max-observer.js'
import * as perChannel from '../../src/quantization/per-channel-observer.js'
import * as plain from '../../src/quantization/plain-observers.js'
import { ROOT } from '../support/data.js'

const MODULES = { 'calibration-observer': observers, 'histogram-observer': histogram, 'min-max-observer': minMax, 'per-channel-observer': perChannel, 'plain-observers': plain }

test('observers keep their names when they are minified: a saved state says whose it is', async () => {
  let seen = 0
  for (const [file, module] of Object.entries(MODULES)) {
    const { outputFiles } = await build({ entryPoints: [join(ROOT, `src/quantization/${file}.ts`)], bundle: true, minify: true, format: 'esm', write: false })
    const small = (await import(`data:text/javascript;base64,${Buffer.from(outputFiles[0]!.contents).toString('base64')}`)) as Record<string, unknown>
    for (const [name, value] of Object.entries(module)) {
      if (!/^[A-Z].*Observer$/.test(name) || name === 'CalibrationObserver') continue
      assert.equal((small[name] as { name: string }).name, name)
      assert.equal((value as { name: string }).name, name)
      seen++
    }
  }
  assert.equal(seen, 12)
})
