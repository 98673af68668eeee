/** npm run verify: install, build, check and test everything, from a fresh clone. */
import { join } from 'node:path'
import { install, node, requireNode, root } from './steps.mjs'

requireNode()
install()
install(join(root, 'tests/runtimes'))
node('tools/build.mjs')
node('tools/check.mjs')
node('tools/test.mjs', '--runtimes')
