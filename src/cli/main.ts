import { main } from './dispatch.js'

process.exitCode = await main(process.argv.slice(2), process.stdout, process.stderr)
