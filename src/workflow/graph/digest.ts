import { OctavoError } from '../../errors.js'

/** SHA-256 in hexadecimal; of several files that of their digests, one after another. @throws OPTION_INVALID where the host has no digests: a page that is not https */
export async function sha256(files: readonly Uint8Array[]): Promise<string> {
  const subtle = (globalThis.crypto as Crypto | undefined)?.subtle
  if (!subtle) throw new OctavoError('OPTION_INVALID', 'a calibration names its model by SHA-256, which this host does not compute (crypto.subtle is missing). Serve the page over https or from localhost.')
  const digests = await Promise.all(files.map(async (bytes) => new Uint8Array(await subtle.digest('SHA-256', bytes as BufferSource))))
  const [digest] = digests.length === 1 ? digests : [new Uint8Array(await subtle.digest('SHA-256', await new Blob(digests).arrayBuffer()))]
  return Array.from(digest!, (byte) => byte.toString(16).padStart(2, '0')).join('')
}
