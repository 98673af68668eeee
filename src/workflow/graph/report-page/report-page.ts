import type { QuantizeReport } from '../report.js'
import { optionsList, timeline, warningsList, worstInputs, type InputNote } from './details.js'
import { html, Html } from './html.js'
import { layersChart } from './layers.js'
import { rangesGrid } from './ranges.js'
import { SCRIPT, SCRIPT_SHA256 } from './script.js'
import { STYLE } from './style.js'
import { accuracyTable, keyFigures, masthead, outputsTable } from './summary.js'

export type { InputNote } from './details.js'

/** What a page can say beyond the report itself. */
export interface ReportExtras {
  /** what batches were, by their index: only those among the worst are shown */
  readonly inputs?: Readonly<Record<number, InputNote>>
  /** the options that were given, by name */
  readonly options?: Readonly<Record<string, unknown>>
  /** the command line that made it */
  readonly command?: string
}

/** Nothing is loaded, sent or run but what the page holds. */
const POLICY = `default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'sha256-${SCRIPT_SHA256}'; base-uri 'none'; form-action 'none'`

/**
 * A report as one HTML page that needs nothing else: no network, no fonts, and no script to be read (a small one filters and sorts its lists).
 * Every string in `report` and `extras` is untrusted and escaped. The same report gives the same page.
 *
 * @throws OPTION_INVALID for a picture that is not a base64 data URI of a raster image
 */
export function renderReport(report: QuantizeReport, extras: ReportExtras = {}): string {
  const body = [
    masthead(report), keyFigures(report),
    section('Warnings', 'warnings', undefined, warningsList(report)),
    section('Accuracy', 'accuracy', accuracyIntroduction(report), accuracyTable(report)),
    section('Outputs', 'outputs', 'Signal to quantization noise of each output of the model, int8 against float.', outputsTable(report)),
    section('Layers', 'layers-section', layersIntroduction(report), layersChart(report)),
    section('Ranges', 'ranges-section', 'What each observer saw, and the range that its codes cover. Heights are logarithmic, so that rare values show.', rangesGrid(report)),
    section('Worst inputs', 'worst-section', 'Batches on which the outputs of the two models differ most.', worstInputs(report, extras.inputs ?? {})),
    section('Time', 'time', undefined, timeline(report)),
    section('Options', 'options', undefined, optionsList(extras.options ?? {}, extras.command)),
  ]
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${new Html(POLICY)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="generator" content="octavo quantize">
<title>${report.model}: quantization report</title>
<link rel="icon" href="data:,">
<style>${new Html(STYLE)}</style>
</head>
<body>
<main>
${body}
</main>
<footer>Made by Octavo. SQNR is 10·log₁₀(Σ float² ÷ Σ (float − int8)²); 20 dB is an error of a tenth.</footer>
<script>${new Html(SCRIPT)}</script>
</body>
</html>
`.text
}

function section(title: string, id: string, introduction: string | undefined, content: Html | undefined): Html | undefined {
  return content && html`
<section class="part" id="${id}"><h2>${title}</h2>${introduction !== undefined && html`<p class="introduction">${introduction}</p>`}
${content}
</section>`
}

const accuracyIntroduction = ({ accuracy }: QuantizeReport): string =>
  `Both models on the same data.${accuracy?.some((a) => a.set === 'unseen') ? ' No range was taken from the unseen samples.' : ''}`

function layersIntroduction({ layers }: QuantizeReport): string {
  return layers.some((l) => l.sqnr !== undefined)
    ? 'Signal to quantization noise of what each layer makes, int8 against float, errors of the layers before it included.'
    : 'What each layer became. Signal to noise was not measured.'
}
