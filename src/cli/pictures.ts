import { shapeImage, type Image } from '../recipe/image.js'
import type { InputInfo } from '../recipe/runner.js'
import type { ValuesInput } from '../recipe/schema.js'
import { toTensor } from '../recipe/values.js'
import type { Tensor } from '../value.js'
import { usageError, type Arguments, type Option } from './arguments.js'
import { readImage } from './images.js'
import { openRecipe } from './recipes.js'

/** Options of the commands that take pictures without a recipe. */
export const PICTURE_OPTIONS: Readonly<Record<string, Option>> = {
  pixels: { value: 'KIND', help: 'imagenet, unit, signed or byte. Default: imagenet for three channels, unit for one.' },
  channels: { value: 'ORDER', help: 'rgb or bgr. Default: rgb.' },
}

/** How pixels become a float input when no recipe says so. */
const PIXELS: Readonly<Record<string, ValuesInput>> = {
  imagenet: { scale: 1 / 255, mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] },
  unit: { scale: 1 / 255 },
  signed: { offset: -127.5, scale: 1 / 127.5 },
  byte: { scale: 1 },
}

/**
 * How a picture file becomes the feed of `info`: as --recipe says, else as the input's dims and PICTURE_OPTIONS do.
 *
 * @param option the name of the option that the pictures came from, for messages
 * @throws OPTION_INVALID for an input that is no picture; the function that it returns: FILE_UNREADABLE
 */
export async function pictureReader(args: Arguments, info: InputInfo, option: string): Promise<(path: string) => Promise<Record<string, Tensor>>> {
  const spec = args.text('recipe') === undefined ? pictureSpec(info, args, option) : recipeSpec((await openRecipe(args)).recipe.input as ValuesInput, info)
  return async (path) => {
    const image: Image = shapeImage(await readImage(path), spec)
    return { [info.name]: toTensor({ data: image.data, dims: [image.height, image.width, image.channels] }, spec, info) }
  }
}

/** A recipe's way; where it leaves the channels to its own data, the model's input says how many it wants. */
function recipeSpec(input: ValuesInput, { dims }: InputInfo): ValuesInput {
  const count = dims?.[input.layout === 'NHWC' ? 3 : 1]
  return { ...input, channels: input.channels ?? (count === 1 ? 'gray' : 'rgb') }
}

/** The way from a picture to an input of [1, C, H, W] or [1, H, W, C], C being 1 or 3. @throws OPTION_INVALID for any other input */
function pictureSpec(info: InputInfo, args: Arguments, option: string): ValuesInput {
  const dims = info.dims ?? []
  const layout = dims.length !== 4 ? undefined : dims[1] === 3 || dims[1] === 1 ? 'NCHW' : dims[3] === 3 || dims[3] === 1 ? 'NHWC' : undefined
  if (!layout) return usageError(`--${option}: input "${info.name}" of [${dims}] is no picture of [1, 3, H, W] or [1, H, W, 3]. Name the way to it with --recipe, or give NumPy files.`)
  const [h, w, c] = (layout === 'NCHW' ? [dims[2], dims[3], dims[1]] : [dims[1], dims[2], dims[3]]) as (number | string | null)[]
  const [height, width] = [h, w].map((d) => (typeof d === 'number' ? d : 224)) as [number, number]
  const kind = args.text('pixels') ?? (c === 3 ? 'imagenet' : 'unit')
  const pixels = PIXELS[kind] ?? usageError(`--pixels: expected ${Object.keys(PIXELS).join(', ')}, got "${kind}".`, { option: 'pixels' })
  const order = args.text('channels') ?? 'rgb'
  if (order !== 'rgb' && order !== 'bgr') usageError(`--channels: expected rgb or bgr, got "${order}".`, { option: 'channels' })
  const geometry: ValuesInput = width === height ? { resizeShort: kind === 'imagenet' ? Math.trunc((width * 8) / 7) : width, centerCrop: width } : { resize: [width, height] }
  return { ...geometry, filter: 'bilinear-antialias', channels: c === 1 ? 'gray' : (order as 'rgb' | 'bgr'), layout, ...(info.dtype === 'float32' ? pixels : {}) }
}
