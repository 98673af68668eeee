/** Runs a page in headless Chromium against a server on this machine, and hands back what the page posts. */
import { spawn, spawnSync } from 'node:child_process'
import { createServer } from 'node:http'
import { readFile, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { extname, join, normalize } from 'node:path'

const TYPES = { '.html': 'text/html', '.mjs': 'text/javascript', '.js': 'text/javascript', '.wasm': 'application/wasm' }

/** A Chromium on this machine, or undefined. */
export const findChromium = () =>
  [process.env.CHROMIUM, 'chromium', 'chromium-browser', 'google-chrome'].find((name) => name && spawnSync(name, ['--version']).status === 0)

/**
 * @param chromium its command   @param folders URL prefix → folder on disk
 * @param options page: its path under the server; onLine: gets what the page posts to /line meanwhile; timeoutMs
 * @returns what the page posted to /result
 */
export async function runPage(chromium, folders, { page = 'tests/page.html', onLine, timeoutMs = 120_000 } = {}) {
  const profile = await mkdtemp(join(tmpdir(), 'octavo-chromium-'))
  let child, server
  try {
    return await new Promise((resolve, reject) => {
      server = createServer((request, response) => answer(request, response, folders, { done: resolve, onLine }).catch(reject))
      server.listen(0, '127.0.0.1', () => {
        const url = `http://127.0.0.1:${server.address().port}/${page}`
        const flags = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync', `--user-data-dir=${profile}`]
        child = spawn(chromium, [...flags, url], { stdio: 'ignore' })
        child.on('error', reject)
        child.on('exit', (code) => reject(new Error(`${chromium} exited ${code} before the page answered`)))
      })
      setTimeout(() => reject(new Error(`the page did not answer within ${timeoutMs / 1000} s`)), timeoutMs).unref()
    })
  } finally {
    child?.removeAllListeners('exit')
    child?.kill('SIGKILL')
    server?.closeAllConnections()
    server?.close()
    await rm(profile, { recursive: true, force: true, maxRetries: 5 })
  }
}

async function answer(request, response, folders, { done, onLine }) {
  const path = normalize(decodeURIComponent(new URL(request.url, 'http://localhost').pathname))
  if (request.method === 'POST') {
    let body = ''
    for await (const chunk of request) body += chunk
    response.end()
    return path === '/result' ? done(JSON.parse(body)) : onLine?.(JSON.parse(body))
  }
  const [, prefix, ...rest] = path.split('/')
  try {
    const bytes = await readFile(join(folders[prefix], ...rest))
    response.writeHead(200, { 'content-type': TYPES[extname(path)] ?? 'application/octet-stream', 'access-control-allow-origin': '*' }).end(bytes)
  } catch {
    response.writeHead(404).end()
  }
}
