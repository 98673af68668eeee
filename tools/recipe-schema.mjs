/** Writes docs/recipe.schema.json, the JSON Schema of a recipe, from the validator itself.   node tools/recipe-schema.mjs */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { build } from 'esbuild'
import { root } from './steps.mjs'

const { outputFiles } = await build({ absWorkingDir: root, entryPoints: ['src/recipe/schema.ts'], bundle: true, format: 'esm', write: false })
const { RECIPE_SCHEMA } = await import(`data:text/javascript;base64,${Buffer.from(outputFiles[0].contents).toString('base64')}`)
writeFileSync(join(root, 'docs/recipe.schema.json'), JSON.stringify(RECIPE_SCHEMA, null, 2) + '\n')
