/** Files written by PyTorch: every value, compared exactly; real files; and files broken in every way, which end in a coded error. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { Random } from '../../fuzz/random.js'
import { OctavoError } from '../../src/errors.js'
import { load, safetensors, ScriptObject, type Tensor } from '../../src/entry/torch.js'
import { isTensor, StateDict } from '../../src/nn/state-dict.js'
import { DATA, ROOT, skipWithoutData } from '../support/data.js'

interface Described { t: string; dtype?: string; dims?: number[]; raw?: string; q?: { scale?: number; zeroPoint?: number; scales?: number[]; zeroPoints?: number[]; axis?: number; qscheme?: string }; items?: never[]; v?: unknown; state?: Described }
const { cases } = JSON.parse(readFileSync(join(ROOT, 'tests/golden/torch-files.json'), 'utf8')) as { cases: { name: string; file: string; value: Described }[] }
const bytesOf = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'base64'))

/** Bytes in row-major order, by a slow loop of its own. */
function rowMajor(x: Tensor): Buffer {
  const elements = x.elements()
  const bytes = Buffer.from(elements.buffer, elements.byteOffset, elements.byteLength)
  if (x.isContiguous()) return bytes
  const [n, c, ...rest] = x.shape as [number, number, ...number[]]
  const [area, size] = [rest.reduce((a, b) => a * b, 1), elements.BYTES_PER_ELEMENT]
  const parts: Buffer[] = []
  for (let i = 0; i < n; i++) for (let k = 0; k < c; k++) for (let p = 0; p < area; p++) { const at = ((i * area + p) * c + k) * size; parts.push(bytes.subarray(at, at + size)) }
  return Buffer.concat(parts)
}

let compared = 0
function same(got: unknown, want: Described, path: string): void {
  compared++
  switch (want.t) {
    case 'tensor': {
      assert.ok(isTensor(got), path)
      assert.deepEqual([got.dtype, [...got.shape]], [want.dtype, want.dims], path)
      assert.equal(rowMajor(got).toString('base64'), want.raw, path)
      assert.equal(got.quantizer !== undefined, want.q !== undefined, path)
      for (const [key, value] of Object.entries(want.q ?? {})) {
        const field: unknown = (got.quantizer as unknown as Record<string, unknown>)[key]
        assert.deepEqual(field instanceof Float64Array ? [...field] : field, value, `${path} ${key}`)
      }
      return
    }
    case 'dict':
      assert.ok(got instanceof StateDict, path)
      assert.deepEqual([...got.keys()], (want.items as unknown as [string, Described][]).map(([key]) => key), path)
      for (const [key, value] of want.items as unknown as [string, Described][]) same(got.get(key), value, `${path}.${key}`)
      return
    case 'script':
      assert.ok(got instanceof ScriptObject && /^__torch__\.torch\.classes\./.test(got.className), path)
      return same(got.state, want.state!, path)
    case 'value':
      return assert.deepEqual(typeof got === 'bigint' ? Number(got) : got, want.v, path)
    default:
      assert.ok(Array.isArray(got) && Object.isFrozen(got) === (want.t !== 'list'), path)
      assert.equal(got.length, want.items!.length, path)
      return want.items!.forEach((item, i) => same(got[i], item, `${path}[${i}]`))
  }
}

for (const { name, file, value } of cases) test(`torch.save: ${name}`, async () => same(await load(bytesOf(file)), value, name))

test('views share their storage, and versions of entries are kept', async () => {
  const views = await load(bytesOf(cases.find(({ name }) => name === 'views')!.file))
  assert.equal((views.get('base') as Tensor).storage, (views.get('row') as Tensor).storage)
  assert.equal((views.get('last') as Tensor).memoryFormat, 'channels_last')
  assert.equal((views.get('parameter') as Tensor).requiresGrad, true)
  const dynamic = await load(bytesOf(cases.find(({ name }) => name === 'dynamic')!.file))
  assert.equal(dynamic.metadata.get('fc._packed_params')!.version, 3)
  assert.ok(compared > 180, `${compared} values compared`)
})

test('safetensors: what is saved is loaded, quantizers included', async () => {
  for (const name of ['types', 'quantized']) {
    const state = await load(bytesOf(cases.find((c) => c.name === name)!.file))
    const again = safetensors.load(safetensors.save(state))
    for (const [key, value] of state) {
      const [a, b] = [value as Tensor, again.get(key) as Tensor]
      assert.deepEqual([b.dtype, b.shape, b.quantizer, rowMajor(b)], [a.dtype, a.shape, a.quantizer, rowMajor(a)], key)
    }
  }
})

test('real files', { skip: skipWithoutData }, async () => {
  const at = (file: string): string => join(DATA!, 'models/torch', file)
  const counts = new Map<string, [number, number]>()
  for (const file of ['limu_bert_uci.pt', 'limu_gru_uci.pt', 'resnet20-12fca82f.th', 'silero_vad_16k.safetensors']) {
    const all = file.endsWith('.safetensors') ? await safetensors.loadFile(at(file)) : await load(at(file))
    const state = (all.get('state_dict') ?? all) as StateDict
    counts.set(file, [state.size, [...state.values()].reduce((n: number, v) => n + (v as Tensor).numel(), 0)])
  }
  // Entries and elements as PyTorch 2.13 counts them; of the .safetensors file, as its header does.
  assert.deepEqual(Object.fromEntries(counts), {
    'limu_bert_uci.pt': [29, 62646], 'limu_gru_uci.pt': [14, 9186], 'resnet20-12fca82f.th': [97, 271098], 'silero_vad_16k.safetensors': [15, 309633],
  })
  await assert.rejects(load(at('squeezenet-compressed.net')), (e) => e instanceof OctavoError && e.code === 'MODEL_MALFORMED')
})

const pickle = (body: string): Uint8Array => new Uint8Array(Buffer.concat([Buffer.from(Buffer.from([0x80, 2, 0x8a, 10]).toString('latin1') + '\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.\x80\x02M\xe9\x03.\x80\x02}X\r\0\0\0little_endian\x88s.\x80\x02' + body, 'latin1')]))

test('globals outside the list are refused by name', async () => {
  for (const [body, name] of [['cposix\nsystem\nX\x02\0\0\0ls\x85R.', 'posix.system'], ['c__builtin__\neval\n.', '__builtin__.eval'], ['ctorch\n__class__\n.', 'torch.__class__']])
    await assert.rejects(load(pickle(body!)), (e) => e instanceof OctavoError && e.code === 'PICKLE_REFUSED' && e.details['global'] === name)
})

test('4,000 broken files end in a value or a coded error', async () => {
  const random = new Random(11)
  const seeds = cases.map(({ file }) => bytesOf(file))
  seeds.push(safetensors.save(await load(seeds[cases.findIndex(({ name }) => name === 'types')]!)))
  const ends = new Map<string, number>()
  for (let i = 0; i < 4000; i++) {
    const seed = random.pick(seeds)
    let bytes = seed.slice()
    const head = Math.min(bytes.length, random.int(2) ? 3000 : bytes.length)
    for (let n = 1 + random.int(3); n > 0; n--) {
      const at = random.int(head)
      if (random.int(2)) bytes[at] = random.pick([0, 1, 0x7f, 0x80, 0xff, random.int(256)])
      else bytes.set(seed.subarray(random.int(head)).subarray(0, 16).subarray(0, Math.max(0, bytes.length - at)), at)
    }
    if (!random.int(5)) bytes = bytes.slice(0, random.int(bytes.length))
    const started = performance.now()
    let end = 'value'
    try {
      if (seed === seeds.at(-1)) safetensors.load(bytes)
      else await load(bytes)
    } catch (error) {
      assert.ok(error instanceof OctavoError && error.code !== 'INTERNAL', `case ${i}: ${(error as Error).stack}`)
      end = error.code
    }
    assert.ok(performance.now() - started < 2000, `case ${i} took too long`)
    ends.set(end, (ends.get(end) ?? 0) + 1)
  }
  for (const end of ['value', 'MODEL_TRUNCATED', 'MODEL_MALFORMED', 'PICKLE_REFUSED']) assert.ok(ends.get(end)! > 40, `${end}: ${ends.get(end)}`)
})
