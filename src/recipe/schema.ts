import { OctavoError } from '../errors.js'
import { boolean, integer, list, number, object, oneOf, optional, record, reject, tagged, text, type Check, type JsonSchema, type Read } from './check.js'

const size = list(integer(1, 16384), 2)
const pair = oneOf('uint8', 'int8', 'int16', 'float32')

/** How a label is read off a file name: group 1 of `regex`, plus `add`. */
const fileLabel = object({ from: oneOf('filename'), regex: text(), add: optional(integer()) })

const data = tagged('kind', {
  images: object({ kind: oneOf('images'), path: text(), match: optional(text()), label: optional(fileLabel) }),
  records: object({
    kind: oneOf('records'), path: text(), labels: optional(text()), labelColumn: optional(integer(0)),
    dtype: pair, shape: list(integer(1)), labelMap: optional(list(integer(0))),
  }),
  idx: object({ kind: oneOf('idx'), images: text(), labels: optional(text()) }),
  audio: object({ kind: oneOf('audio'), path: text(), reference: optional(text()), threshold: optional(number()) }),
  files: object({
    kind: oneOf('files'), path: text(), content: text(), label: text(), config: optional(text()), skip: optional(text()),
    labels: optional(text(/^\S+ of the config$/, '"NAME of the config"')),
  }),
})

/** Pixels and plain values. The fields are listed in the order in which they act. */
const values = object({
  resizeShort: optional(integer(1, 16384)), resize: optional(size), letterbox: optional(size),
  padValue: optional(integer(0, 255)), align: optional(oneOf('top-left', 'center')),
  centerCrop: optional(integer(1, 16384)), resizeAfterCrop: optional(size),
  filter: optional(oneOf('bilinear', 'bilinear-antialias')), channels: optional(oneOf('rgb', 'bgr', 'gray')),
  offset: optional(number()), scale: optional(number()), mean: optional(list(number())), std: optional(list(number())),
  layout: optional(oneOf('NCHW', 'NHWC')), windows: optional(object({ length: integer(1), step: integer(1) })),
  padTo: optional(integer(1)), codes: optional(boolean),
})

const chunks = object({ chunk: integer(1), context: integer(0), state: list(integer(1)), sr: integer(1) })

const frames = object({
  frame: integer(2), hop: integer(1),
  transform: text(/^magnitude of the real FFT(, \d+ bins)?$/, '"magnitude of the real FFT, N bins"'),
  state: optional(text(/^\S+ fed back from the (first|second|third|fourth) output$/, '"INPUT fed back from the second output"')),
})

const bytes = object({ kind: oneOf('bytes'), first: integer(0), last: integer(0), lastAlign: optional(oneOf('left', 'right')), pad: integer() })

const decode = tagged('kind', {
  boxes: object({
    kind: oneOf('boxes'), scores: text(), boxes: text(), class: integer(0),
    corners: optional(text(/^x1 y1 x2 y2, fractions of the image$/, '"x1 y1 x2 y2, fractions of the image"')),
    threshold: number(0, 1), nms: number(0, 1),
  }),
  yolox: object({ kind: oneOf('yolox'), strides: list(integer(1)), layout: optional(text()), threshold: number(0, 1), nms: number(0, 1) }),
})

/** The metrics a recipe can name. */
export const METRICS = ['top1', 'agreement', 'auc-reconstruction', 'boxes-agreement', 'sqnr-per-output'] as const

const head = {
  $schema: optional(text()), model: text(), data, decode: optional(decode), metric: oneOf(...METRICS),
  expected: optional(record(number())), note: optional(text()),
}
const anyInput: Check<ValuesInput | ChunksInput | FramesInput | BytesInput> = {
  schema: { anyOf: [values.schema, chunks.schema, frames.schema, bytes.schema] },
  read: (v) => v as ValuesInput,
}
const recipe = object({ ...head, input: anyInput })

export type DataSpec = Read<typeof data>
export type ValuesInput = Read<typeof values>
export type ChunksInput = Read<typeof chunks>
export type FramesInput = Read<typeof frames>
export type BytesInput = Read<typeof bytes>
export type DecodeSpec = Read<typeof decode>
export type Recipe = Read<typeof recipe>

/** JSON Schema (2020-12) of a recipe, as docs/recipe.schema.json holds it. */
export const RECIPE_SCHEMA: JsonSchema = { $schema: 'https://json-schema.org/draft/2020-12/schema', title: 'Octavo recipe', ...recipe.schema }

/**
 * A recipe from its JSON text. `name` is what messages call it.
 *
 * @throws RECIPE_INVALID naming the field, what was expected and what stands there
 */
export function parseRecipe(json: string, name: string): Recipe {
  let value: unknown
  try {
    value = JSON.parse(json)
  } catch (error) {
    throw new OctavoError('RECIPE_INVALID', `${name} is not JSON: ${(error as Error).message}`, { field: '' }, error)
  }
  const read = recipe.read(value, '')
  const checked = { ...read, input: inputRule(read.data, read.input).read(read.input, 'input') }
  checkTogether(checked)
  return checked
}

/** Which form of `input` belongs to the kind of data. */
function inputRule(data: DataSpec, input: object): Check<Recipe['input']> {
  if (data.kind === 'files') return bytes
  if (data.kind !== 'audio') return values
  return input && 'frame' in input ? frames : chunks
}

/** Rules that tie one field to another. */
function checkTogether({ data, input, metric, decode: boxes }: Recipe): void {
  if (metric === 'boxes-agreement' && !boxes) reject('decode', 'how the outputs become boxes, since metric is boxes-agreement', boxes)
  if (metric === 'top1' && !('label' in data && data.label) && !('labels' in data && data.labels)) reject(data.kind === 'images' ? 'data.label' : 'data.labels', 'the right answers, since metric is top1', undefined)
  if (metric === 'agreement' && !(data.kind === 'audio' && data.reference && data.threshold !== undefined)) reject('data.reference', 'audio data with a reference and a threshold, since metric is agreement', data)
  if (metric === 'auc-reconstruction' && !(data.kind === 'records' && data.labels)) reject('data.labels', 'labelled records, since metric is auc-reconstruction', data)
  if (data.kind === 'files' && (!data.config || !data.labels)) reject('data.labels', 'config and labels, which give each label its class', data.labels)
  if (data.kind === 'images') for (const [field, source] of [['data.match', data.match], ['data.label.regex', data.label?.regex]] as const) checkRegex(field, source)
  if (data.kind === 'audio' && 'frame' in input && input.frame & (input.frame - 1)) reject('input.frame', 'a power of two, which the transform needs', input.frame)
  const geometry = ['resizeShort', 'resize', 'letterbox'].filter((k) => k in input)
  if (geometry.length && data.kind !== 'images') reject(`input.${geometry[0]}`, 'no change of size: data.kind is not images', (input as Record<string, unknown>)[geometry[0]!])
  if (geometry.length > 1) reject(`input.${geometry[1]}`, `one of resizeShort, resize and letterbox, not also ${geometry[0]}`, (input as Record<string, unknown>)[geometry[1]!])
}

function checkRegex(field: string, source: string | undefined): void {
  try {
    new RegExp(source ?? '')
  } catch (error) {
    reject(field, `a regular expression (${(error as Error).message})`, source)
  }
}
