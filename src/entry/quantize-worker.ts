/** `octavo/quantize-worker`: the file that quantizeStaticInWorker starts as a worker, or that a worker of yours imports. It has no exports. */
import { listenInWorker } from '../platform/workers.js'
import { serveQuantize } from '../workflow/graph/worker/serve.js'

void listenInWorker(serveQuantize)
