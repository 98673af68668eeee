/** What start, verify and check share: the project's root, and running a command that must succeed. Node built-ins only. */
import { spawnSync } from 'node:child_process'
import { existsSync, lstatSync, readFileSync, statSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = resolve(dirname(fileURLToPath(import.meta.url)), '..')

/** Runs a command in `cwd` with this terminal; ends the process when it fails. */
export function must(command, args, { cwd = root, env = process.env } = {}) {
  const { status, error } = spawnSync(command, args, { cwd, stdio: 'inherit', env, shell: process.platform === 'win32' && command === 'npm' })
  if (status === 0) return
  console.error(`${[command, ...args].join(' ')} ${error ? `could not be started: ${error.message}` : `exited ${status}`}`)
  process.exit(status || 1)
}

export const node = (...args) => must(process.execPath, args)

/**
 * Installs the packages of `folder` when its lock file (or, where it has none, its package.json with exact versions) is newer
 * than the last install. Packages shared through a link are left alone.
 */
export function install(folder = root) {
  const [lock, marker] = [join(folder, 'package-lock.json'), join(folder, 'node_modules/.package-lock.json')]
  if (lstatSync(join(folder, 'node_modules'), { throwIfNoEntry: false })?.isSymbolicLink()) return
  const locked = existsSync(lock)
  if (existsSync(marker) && statSync(marker).mtimeMs >= statSync(locked ? lock : join(folder, 'package.json')).mtimeMs) return
  must('npm', [...(locked ? ['ci'] : ['install', '--no-package-lock']), '--no-audit', '--no-fund', '--loglevel=error'], { cwd: folder })
}

/** Refuses a Node that is too old, in one line. */
export function requireNode() {
  const { engines } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  const least = Number(/\d+/.exec(engines.node)[0])
  if (Number(process.versions.node.split('.')[0]) >= least) return
  console.error(`Octavo needs Node ${least} or newer; this is ${process.version}.`)
  process.exit(1)
}
