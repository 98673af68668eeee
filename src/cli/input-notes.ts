import { encodePng } from '../formats/png.js'
import type { FeedOrigin } from '../recipe/batches.js'
import type { Image } from '../recipe/image.js'
import { resize } from '../recipe/resample.js'
import type { QuantizeReport } from '../workflow/graph/report.js'
import type { InputNote } from '../workflow/graph/report-page/report-page.js'

/** The longer side of a picture in a report, in pixels. */
const SIDE = 144

/** Names and pictures of the worst inputs of a report, by batch. */
export async function inputNotes({ worst }: QuantizeReport, describe: (index: number) => Promise<FeedOrigin> | undefined): Promise<Record<number, InputNote>> {
  const notes: Record<number, InputNote> = {}
  for (const { index } of worst) {
    const origin = await describe(index)
    if (origin) notes[index] = { name: origin.name, ...(origin.image && { picture: thumbnail(origin.image) }) }
  }
  return notes
}

/** A picture as a data URI, reduced where it is large. */
export function thumbnail(image: Image): string {
  const scale = Math.min(1, SIDE / Math.max(image.width, image.height))
  const side = (length: number) => Math.max(1, Math.round(length * scale))
  const png = encodePng(scale < 1 ? resize(image, side(image.width), side(image.height), 'bilinear-antialias') : image)
  return `data:image/png;base64,${Buffer.from(png).toString('base64')}`
}
