/** npm run check: what can be wrong without running anything: types, generated files, sizes, the words of the house. */
import { existsSync } from 'node:fs'
import { node, root } from './steps.mjs'
import { join } from 'node:path'

node('node_modules/typescript/bin/tsc', '--noEmit', '-p', '.')
node('tools/gen-abi.mjs', '--check')
node('tools/gen-operators.mjs', '--check')
node('tools/gen-names.mjs', '--check')
node('tools/lint.mjs')
if (existsSync(join(root, 'dist/simd.wasm'))) node('tools/gen-parity.mjs', '--check')
if (existsSync(join(root, 'dist/index.js'))) node('tools/size.mjs', '--budget')
console.log('check: types, generated files, rooms and sizes are as they should be')
