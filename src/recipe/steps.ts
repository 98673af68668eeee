import { arrayOf, elementCount } from '../dtype.js'
import { OctavoError } from '../errors.js'
import { Tensor } from '../value.js'
import { realFftMagnitude } from './fft.js'
import { shapeImage } from './image.js'
import { feedDims, inputOf, outputOf, type InputInfo, type Runner, type Tensors } from './runner.js'
import type { Sample } from './samples.js'
import type { BytesInput, ChunksInput, FramesInput, Recipe, ValuesInput } from './schema.js'
import { toTensor, windowsOf, type Values } from './values.js'
import type { Sound } from './wav.js'

/** One call of a model: its feeds, given what the call before it returned (undefined at the start). */
export type Step = (previous: Tensors | undefined) => Tensors

/**
 * The calls that one sample takes, in order: one for most models, one for each window of a record, one for each chunk or
 * frame of a sound, which carry the model's state along.
 *
 * @throws RECIPE_INVALID, INPUT_MISMATCH when the recipe's input and the model do not fit each other
 */
export function stepsOf({ input }: Recipe, sample: Sample, runner: Runner): readonly Step[] {
  const { content } = sample
  if ('sound' in content) return 'frame' in input ? frameSteps(content.sound, input, runner) : chunkSteps(content.sound, input as ChunksInput, runner)
  const info = inputOf(runner)
  if ('bytes' in content) return [() => ({ [info.name]: bytesTensor(content.bytes, input as BytesInput, info) })]
  const spec = input as ValuesInput
  const values = 'image' in content ? pixels(content.image, spec) : content.values
  return (spec.windows ? windowsOf(values, spec.windows) : [values]).map((v) => () => ({ [info.name]: toTensor(v, spec, info) }))
}

/** A picture's pixels as values, once its geometry is done. */
function pixels(image: Extract<Sample['content'], { image: unknown }>['image'], spec: ValuesInput): Values {
  const { data, width, height, channels } = shapeImage(image, spec)
  return { data, dims: [height, width, channels] }
}

/** The first and last bytes of a file, one number each; where it is shorter, `pad` fills: after the first ones, before or after the last ones by lastAlign. */
function bytesTensor(bytes: Uint8Array, { first, last, lastAlign = 'left', pad }: BytesInput, info: InputInfo): Tensor {
  const codes = arrayOf(info.dtype, first + last).fill(pad as never)
  const end = bytes.subarray(Math.max(0, bytes.length - last))
  codes.set(bytes.subarray(0, first) as never, 0)
  codes.set(end as never, lastAlign === 'right' ? first + last - end.length : first)
  return new Tensor(info.dtype, codes, feedDims(info, [1, first + last]))
}

/** Chunks with the `context` samples before each (zeros before the first); inputs `state` and `sr` by name, the state from the second output. */
function chunkSteps({ samples, rate }: Sound, { chunk, context, state, sr }: ChunksInput, runner: Runner): Step[] {
  if (rate !== sr) throw new OctavoError('INPUT_MISMATCH', `The recipe's input.sr is ${sr} and its sound has ${rate} samples per second. Give it a recording at ${sr}.`, { expected: sr, got: rate })
  const [audio, held, pace] = [inputOf(runner), inputOf(runner, 'state'), inputOf(runner, 'sr')]
  const padded = new Float32Array(context + samples.length)
  padded.set(samples, context)
  const speed = new Tensor('int64', [sr], feedDims(pace, [1]))
  const start = new Tensor('float32', new Float32Array(elementCount(state)), state)
  return Array.from({ length: Math.floor(samples.length / chunk) }, (_, i) => (previous) => ({
    [audio.name]: new Tensor('float32', padded.slice(i * chunk, (i + 1) * chunk + context), [1, chunk + context]),
    [held.name]: previous ? outputOf(runner, previous, runner.outputs[1]?.name) : start,
    [pace.name]: speed,
  }))
}

const ORDINALS = ['first', 'second', 'third', 'fourth']

/** Magnitude spectra of frames that fit whole, and the state that the recipe feeds back, which starts at zero. */
function frameSteps({ samples }: Sound, { frame, hop, state }: FramesInput, runner: Runner): Step[] {
  const [, held, nth] = /^(\S+) fed back from the (\S+) output$/.exec(state ?? '') ?? []
  const memory = held === undefined ? undefined : inputOf(runner, held)
  const main = runner.inputs.find((i) => i.name !== held) ?? inputOf(runner)
  const bins = frame / 2 + 1
  const back = runner.outputs[ORDINALS.indexOf(nth ?? '')]?.name
  const count = samples.length < frame ? 0 : Math.floor((samples.length - frame) / hop) + 1
  return Array.from({ length: count }, (_, i) => (previous) => ({
    [main.name]: new Tensor('float32', realFftMagnitude(samples.subarray(i * hop, i * hop + frame)), feedDims(main, [1, 1, bins])),
    ...(memory && { [memory.name]: previous ? outputOf(runner, previous, back) : zeros(memory) }),
  }))
}

function zeros(info: InputInfo): Tensor {
  const dims = (info.dims ?? []).map((d) => (typeof d === 'number' ? d : 1))
  return new Tensor(info.dtype, arrayOf(info.dtype, elementCount(dims)), dims)
}
