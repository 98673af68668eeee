/** Runs page.html in headless Chromium against a server on this machine, and hands back what the page posts. */
import { spawn, spawnSync } from 'node:child_process'
import { createServer } from 'node:http'
import { readFile, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { extname, join, normalize } from 'node:path'

const TYPES = { '.html': 'text/html', '.mjs': 'text/javascript', '.js': 'text/javascript', '.wasm': 'application/wasm' }
const TIMEOUT_MS = 120_000

/** A Chromium on this machine, or undefined. */
export const findChromium = () =>
  [process.env.CHROMIUM, 'chromium', 'chromium-browser', 'google-chrome'].find((name) => name && spawnSync(name, ['--version']).status === 0)

/**
 * @param chromium its command   @param folders URL prefix → folder on disk
 * @returns what the page posted to /result
 */
export async function runPage(chromium, folders) {
  const profile = await mkdtemp(join(tmpdir(), 'octavo-chromium-'))
  let child, server
  try {
    return await new Promise((resolve, reject) => {
      server = createServer((request, response) => answer(request, response, folders, resolve).catch(reject))
      server.listen(0, '127.0.0.1', () => {
        const url = `http://127.0.0.1:${server.address().port}/tests/page.html`
        const flags = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync', `--user-data-dir=${profile}`]
        child = spawn(chromium, [...flags, url], { stdio: 'ignore' })
        child.on('error', reject)
        child.on('exit', (code) => reject(new Error(`${chromium} exited ${code} before the page answered`)))
      })
      setTimeout(() => reject(new Error(`the page did not answer within ${TIMEOUT_MS / 1000} s`)), TIMEOUT_MS).unref()
    })
  } finally {
    child?.removeAllListeners('exit')
    child?.kill('SIGKILL')
    server?.closeAllConnections()
    server?.close()
    await rm(profile, { recursive: true, force: true, maxRetries: 5 })
  }
}

async function answer(request, response, folders, done) {
  const path = normalize(decodeURIComponent(new URL(request.url, 'http://localhost').pathname))
  if (request.method === 'POST' && path === '/result') {
    let body = ''
    for await (const chunk of request) body += chunk
    response.end()
    return done(JSON.parse(body))
  }
  const [, prefix, ...rest] = path.split('/')
  try {
    const bytes = await readFile(join(folders[prefix], ...rest))
    response.writeHead(200, { 'content-type': TYPES[extname(path)] ?? 'application/octet-stream' }).end(bytes)
  } catch {
    response.writeHead(404).end()
  }
}
