import { breathe } from '../../platform/host.js'

/** The host gets a turn after this many milliseconds of work: a page paints, an abort arrives. */
const TURN_MS = 40

let since = 0

/** Lets the host's other work run, if it had no turn for a while; whoever else calls this meanwhile counts too. */
export async function giveTurn(): Promise<void> {
  if (performance.now() - since < TURN_MS) return
  await breathe()
  since = performance.now()
}
