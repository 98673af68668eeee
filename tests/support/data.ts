/** The folder of real models and data, where it is present: $OCTAVO_DATA, or ../shared/data beside the project. */
import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { readTarGz } from '../../src/cli/tar.js'

function projectRoot(from: string): string {
  return existsSync(join(from, 'package.json')) || from === dirname(from) ? from : projectRoot(dirname(from))
}

/** The project's folder. */
export const ROOT: string = projectRoot(dirname(fileURLToPath(import.meta.url)))

const beside = [process.env['OCTAVO_DATA'], resolve(ROOT, '../shared/data')]

/** Absent where the project is alone. */
export const DATA: string | undefined = beside.find((path) => path !== undefined && existsSync(path))

/** Why a test that needs the data is skipped: false when it is not. */
export const skipWithoutData: string | false = DATA ? false : 'no data folder: set OCTAVO_DATA'

/** Every .onnx file of the data folder: path below models/, and its bytes. */
export function* realModels(): Iterable<[name: string, bytes: Uint8Array]> {
  if (!DATA) return
  for (const folder of ['onnx-float', 'onnx-quantized'])
    for (const file of readdirSync(join(DATA, 'models', folder)).sort())
      if (file.endsWith('.onnx')) yield [`${folder}/${file}`, new Uint8Array(readFileSync(join(DATA, 'models', folder, file)))]
}

/** Every file of ONNX's conformance archives, by path below backend/test/data. */
export function* conformanceFiles(): Iterable<[path: string, bytes: Uint8Array]> {
  if (!DATA) return
  for (const archive of ['node', 'other']) {
    const name = `onnx-v1.22.0-${archive}.tar.gz`
    for (const [path, bytes] of readTarGz(readFileSync(join(DATA, 'conformance', name)), name)) yield [path.replace(/^onnx\/backend\/test\/data\//, ''), bytes]
  }
}
