import { DTYPES, elementCount, viewOf } from '../dtype.js'
import { OctavoError } from '../errors.js'
import { reject } from './check.js'
import { pick, readJson, readUnpacked, type Files } from './files.js'
import type { Image } from './image.js'
import type { DataSpec } from './schema.js'
import type { Values } from './values.js'
import { readWav, type Sound } from './wav.js'

/** One thing to score: what it holds and, where the data says so, the class it belongs to. */
export interface Sample {
  readonly name: string
  readonly label?: number
  readonly content: { readonly image: Image } | { readonly values: Values } | { readonly sound: Sound } | { readonly bytes: Uint8Array }
}

/** The samples of a data set, read one at a time. */
export interface Samples {
  readonly length: number
  get(index: number): Promise<Sample>
}

type Of<K extends DataSpec['kind']> = Extract<DataSpec, { kind: K }>

/**
 * Opens the data that a recipe names.
 *
 * @throws FILE_UNREADABLE when a file is missing or not what its kind says; RECIPE_INVALID when a label cannot be read
 */
export function openSamples(data: DataSpec, files: Files): Promise<Samples> {
  switch (data.kind) {
    case 'images': return openImages(data, files)
    case 'records': return openRecords(data, files)
    case 'idx': return openIdx(data, files)
    case 'audio': return openAudio(data, files)
    case 'files': return openFiles(data, files)
  }
}

const PICTURE = /\.(jpe?g|png|webp|gif|tiff?)$/i

async function openImages({ path, match, label }: Of<'images'>, files: Files): Promise<Samples> {
  const wanted = match === undefined ? PICTURE : new RegExp(match)
  const names = (await files.list(path)).filter((n) => wanted.test(n))
  if (!names.length) throw new OctavoError('FILE_UNREADABLE', `${path}: no file there matches ${wanted}. Check data.path and data.match.`, { folder: path })
  return {
    length: names.length,
    get: async (i) => ({ name: names[i]!, ...(label && { label: labelOf(names[i]!, label) }), content: { image: await files.image(`${path}/${names[i]!}`) } }),
  }
}

function labelOf(name: string, { regex, add = 0 }: NonNullable<Of<'images'>['label']>): number {
  const found = new RegExp(regex).exec(name)?.[1]
  return found !== undefined && /^\d+$/.test(found) ? Number(found) + add : reject('data.label.regex', `group 1 to be the digits of a class in "${name}"`, found)
}

async function openRecords({ path, labels, labelColumn = 0, dtype, shape, labelMap }: Of<'records'>, files: Files): Promise<Samples> {
  const bytes = await readUnpacked(files, path)
  const count = elementCount(shape)
  const stride = count * DTYPES[dtype].bytes
  if (bytes.length % stride) throw new OctavoError('FILE_UNREADABLE', `${path}: ${bytes.length} bytes are no whole number of ${dtype}[${shape}] records of ${stride}. Check data.dtype and data.shape.`, { file: path })
  const rows = labels === undefined ? undefined : new TextDecoder().decode(await readUnpacked(files, labels)).trim().split(/\r?\n/).map((row) => row.split(','))
  if (rows && rows.length !== bytes.length / stride) throw new OctavoError('FILE_UNREADABLE', `${labels}: ${rows.length} rows for ${bytes.length / stride} records of ${path}.`, { file: labels })
  return {
    length: bytes.length / stride,
    get: async (i) => {
      const at = bytes.slice(i * stride, (i + 1) * stride)
      const code = rows && Number(rows[i]![labelColumn] || NaN)
      if (code !== undefined && !Number.isInteger(code)) reject('data.labelColumn', `a column of whole numbers in ${labels}`, rows![i]!.join(','))
      const label = code === undefined ? undefined : labelMap ? (labelMap[code] ?? reject('data.labelMap', `a class for label ${code}`, labelMap)) : code
      return { name: rows?.[i]![0] ?? `record ${i}`, ...(label !== undefined && { label }), content: { values: { data: viewOf(dtype, at.buffer, 0, count) as Exclude<ReturnType<typeof viewOf>, BigInt64Array | BigUint64Array>, dims: shape } } }
    },
  }
}

async function openIdx({ images, labels }: Of<'idx'>, files: Files): Promise<Samples> {
  const pictures = idx(await readUnpacked(files, images), images, 3)
  const answers = labels === undefined ? undefined : idx(await readUnpacked(files, labels), labels, 1)
  const [count, height, width] = pictures.dims as [number, number, number]
  if (answers && answers.dims[0] !== count) throw new OctavoError('FILE_UNREADABLE', `${labels}: ${answers.dims[0]} labels for ${count} images of ${images}.`, { file: labels })
  return {
    length: count,
    get: async (i) => ({
      name: `image ${i}`, ...(answers && { label: answers.data[i]! }),
      content: { image: { width, height, channels: 1, data: pictures.data.subarray(i * width * height, (i + 1) * width * height) } },
    }),
  }
}

/** MNIST's format: 0, 0, 8 (bytes), rank, then each dim as a big-endian u32, then the data. */
function idx(bytes: Uint8Array, name: string, rank: number): { dims: number[]; data: Uint8Array } {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const header = 4 + 4 * rank
  const dims = bytes.length >= header && view.getUint32(0) === 0x800 + rank ? Array.from({ length: rank }, (_, d) => view.getUint32(4 + 4 * d)) : []
  if (!dims.length || bytes.length !== header + elementCount(dims)) throw new OctavoError('FILE_UNREADABLE', `${name}: not an IDX file of bytes with ${rank} dims.`, { file: name })
  return { dims, data: bytes.subarray(header) }
}

async function openAudio({ path }: Of<'audio'>, files: Files): Promise<Samples> {
  const sound = readWav(await readUnpacked(files, path), path)
  return { length: 1, get: async () => ({ name: path, content: { sound } }) }
}

async function openFiles({ path, content, label, config, labels, skip }: Of<'files'>, files: Files): Promise<Samples> {
  const cases = await readJson(files, path)
  if (!Array.isArray(cases)) throw new OctavoError('FILE_UNREADABLE', `${path}: expected a JSON list of cases.`, { file: path })
  const space = config && labels ? pick(await readJson(files, config), labels.replace(/ of the config$/, '')) : undefined
  if (!Array.isArray(space)) reject('data.labels', `the name of a list in ${config}`, labels)
  const kept = cases.filter((c) => pick(c, label) !== skip)
  return {
    length: kept.length,
    get: async (i) => {
      const packed = pick(kept[i], content)
      const answer = (space as unknown[]).indexOf(pick(kept[i], label))
      if (typeof packed !== 'string') reject('data.content', `the name of a base64 text in case ${i}`, packed)
      if (answer < 0) reject('data.label', `a label of ${labels} in case ${i}`, pick(kept[i], label))
      return { name: `case ${i}`, label: answer, content: { bytes: Uint8Array.from(atob(packed as string), (ch) => ch.charCodeAt(0)) } }
    },
  }
}
