import { OctavoError } from '../errors.js'
import type { Image } from '../recipe/image.js'
import { readBytes } from './node-files.js'

type Sharp = typeof import('sharp').default
let loading: Promise<Sharp> | undefined

/** sharp, loaded when the first picture is read: the command line works without it as long as none is. */
async function loadSharp(): Promise<Sharp> {
  loading ??= import('sharp').then((m) => m.default, (cause) => {
    throw new OctavoError('FILE_UNREADABLE', 'pictures are decoded by the package sharp, which is not installed here. Install it beside Octavo: npm install sharp', { package: 'sharp' }, cause)
  })
  return loading
}

/**
 * A picture file's pixels as stored: full size, 8 bits, without transparency; neither turned by an EXIF tag nor converted
 * by a colour profile, so that they are the bytes that libjpeg-turbo or libpng gives (and PIL).
 *
 * @throws FILE_UNREADABLE
 */
export async function readImage(path: string): Promise<Image> {
  const [sharp, bytes] = [await loadSharp(), await readBytes(path)]
  try {
    const { data, info } = await sharp(bytes, { ignoreIcc: true, failOn: 'error' }).removeAlpha().raw({ depth: 'uchar' }).toBuffer({ resolveWithObject: true })
    return { width: info.width, height: info.height, channels: info.channels, data: new Uint8Array(data.buffer, data.byteOffset, data.byteLength) }
  } catch (cause) {
    throw new OctavoError('FILE_UNREADABLE', `${path}: not a picture that can be decoded (${(cause as Error).message}). JPEG, PNG, WebP, GIF and TIFF are.`, { file: path }, cause)
  }
}
