import { OctavoError } from '../../errors.js'
import { EXTERNAL, type ModelProto, type TensorProto } from './schema.js'
import { malformed, plain, quote, short, type TensorSource } from './tensor.js'
import { graphsOf } from './walk.js'

/** Paths of the files that a model's tensors name, each once. @throws MODEL_MALFORMED for a path that leaves the model's folder */
export function externalFiles(model: ModelProto): string[] {
  const paths = new Set<string>()
  const add = (tensor: TensorProto | undefined, where: string): void => { if (tensor?.location === EXTERNAL) paths.add(externalPath(tensor, where)) }
  for (const { initializers = [], nodes = [] } of graphsOf(model)) {
    for (const tensor of initializers) add(tensor, `initializer ${quote(tensor.name)}`)
    for (const { attributes = [] } of nodes) for (const { t, name } of attributes) add(t, `attribute ${quote(name)}`)
  }
  return [...paths]
}

/** The file of an external tensor, '/' between folders, without './' in front. @throws MODEL_MALFORMED when it leaves the model's folder */
export function externalPath(proto: TensorProto, where: string): string {
  const path = (entry(proto, 'location') ?? '').replace(/^(\.\/)+/, '')
  if (!path || /^[/\\]|^[a-z]+:|\\|\0|(^|\/)(\.|%2e){2}(\/|$)/i.test(path)) malformed(where, `external data at ${quote(path)} are not below the model's folder`)
  return path
}

const entry = (proto: TensorProto, key: string): string | undefined => proto.external?.find((e) => e.key === key)?.value

/** The data of an external tensor. @throws SOURCE_UNREADABLE, MODEL_TRUNCATED, MODEL_MALFORMED */
export function externalBytes(proto: TensorProto, where: string, source: TensorSource): Uint8Array {
  const path = externalPath(proto, where)
  const file = source.external?.get(path)
  if (!file) throw new OctavoError('SOURCE_UNREADABLE', `${where}: its data are in ${quote(path)}, which was not given. Pass it as externalData.`, { where, path })
  const offset = Number(entry(proto, 'offset') ?? 0)
  const length = Number(entry(proto, 'length') ?? file.length - offset)
  if (!Number.isSafeInteger(offset) || !Number.isSafeInteger(length) || offset < 0 || length < 0) malformed(where, `external data at offset ${offset}, length ${length}`)
  if (offset + length > file.length) short(`${where} in ${quote(path)}`, offset, length, Math.max(0, file.length - offset), 'bytes')
  return plain(file).subarray(offset, offset + length)
}
