/**
 * The page's looks. Paper, ink and one colour; red, as in old books, marks what wants reading first. Text keeps a contrast of 4.5 to 1 in both
 * schemes, which a test measures in a browser.
 */
export const STYLE = `
:root {
  color-scheme: light dark;
  --paper: #f9f7f2; --card: #fffefb; --ink: #1e1b17; --soft: #5f5950; --rule: #e1dbcf; --faint: #efebe2;
  --accent: #1d6470; --accent-soft: #cfe3e3; --band: #1d647014; --red: #a5301c; --red-fill: #c8492f; --amber: #b8831c; --shade: #1e1b170a;
  --serif: "Iowan Old Style", "Palatino Linotype", Palatino, "Book Antiqua", "URW Palladio L", "P052", Georgia, serif;
  --sans: system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "Noto Sans", sans-serif;
  --mono: ui-monospace, "SF Mono", "Cascadia Mono", "Segoe UI Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace;
}
@media screen and (prefers-color-scheme: dark) {
  :root {
    --paper: #15171a; --card: #1b1e22; --ink: #ebe7df; --soft: #a9a59b; --rule: #30343a; --faint: #23272c;
    --accent: #72bfc9; --accent-soft: #24454b; --band: #72bfc91a; --red: #f2917c; --red-fill: #e0705a; --amber: #d8a544; --shade: #ffffff0a;
  }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 1rem/1.55 var(--sans); font-variant-numeric: tabular-nums; overflow-wrap: anywhere; }
main { max-width: 70rem; margin: 0 auto; padding: 3.5rem 1.5rem 1rem; }
h1, h2, h3, p, ul, ol, dl, dd { margin: 0; padding: 0; }
ul, ol { list-style: none; }
small { font-size: .8125rem; color: var(--soft); font-weight: 400; }
b, .strong { font-weight: 600; }
.mono { font-family: var(--mono); font-size: .8125rem; }

.masthead { padding-bottom: 1.75rem; border-bottom: 3px double var(--rule); }
.eyebrow { color: var(--red); font-size: .8125rem; letter-spacing: .08em; text-transform: uppercase; }
.eyebrow span { margin: 0 .35em; }
h1 { font: 400 clamp(1.75rem, 5vw, 2.75rem)/1.15 var(--serif); margin: .4rem 0 .6rem; letter-spacing: -.01em; }
.lead { color: var(--soft); max-width: 46rem; }
.lead b { color: var(--ink); }

.figures { display: grid; grid-template-columns: repeat(auto-fit, minmax(11rem, 1fr)); gap: 1.5rem 2rem; padding: 1.75rem 0; border-bottom: 1px solid var(--rule); }
.figure h2 { font: 400 .875rem/1.4 var(--sans); color: var(--soft); }
.figure .value { font: 400 2.125rem/1.2 var(--serif); font-variant-numeric: lining-nums; margin: .1rem 0; }
.figure { min-width: 0; }
.figure .note { font-size: .875rem; color: var(--soft); line-height: 1.45; }
.sizes { display: grid; gap: 3px; margin-top: .55rem; }
.sizes span { height: 5px; border-radius: 1px; min-width: 2px; }
.sizes .before { background: var(--rule); }
.sizes .after { background: var(--accent); }

.part { padding-top: 2.75rem; }
.part > h2 { font: 400 1.5rem/1.25 var(--serif); }
.introduction { color: var(--soft); max-width: 46rem; margin-top: .2rem; }
.part > h2 + *, .introduction + * { margin-top: 1rem; }
.warnings li { border-left: 3px solid var(--red-fill); padding: .35rem 0 .35rem .9rem; margin-bottom: .5rem; overflow-wrap: anywhere; }

.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: .9375rem; }
th, td { text-align: left; padding: .5rem 1.25rem .5rem 0; border-bottom: 1px solid var(--rule); vertical-align: baseline; font-weight: 400; }
tbody th { padding-top: 1.1rem; font-weight: 600; } tbody th small { margin-left: .6em; } tbody:first-of-type th { padding-top: .6rem; }
thead th { color: var(--soft); font-size: .8125rem; border-bottom-color: var(--soft); }
.n { text-align: right; white-space: nowrap; }
th:last-child, td:last-child { padding-right: 0; }
td.strong { font-weight: 600; }

.legend { display: flex; flex-wrap: wrap; gap: .3rem 1.4rem; font-size: .8125rem; color: var(--soft); }
.legend li { min-width: 0; display: flex; align-items: center; gap: .5rem; }
.legend i { width: 1.1rem; height: .6rem; border-radius: 1px; flex: none; }
.legend b { color: var(--ink); white-space: nowrap; }
.good { --bar: var(--accent); } .fair { --bar: var(--amber); } .poor { --bar: var(--red-fill); } .kept { --bar: transparent; }
.legend .good, .legend .fair, .legend .poor { background: var(--bar); }
.legend .kept, .kept .bar { background: repeating-linear-gradient(135deg, var(--soft) 0 1px, transparent 1px 5px); box-shadow: inset 0 0 0 1px var(--soft); }
.legend .alone { width: 2px; height: .9rem; background: var(--ink); }
.legend .inside { background: var(--accent); } .legend .outside { background: var(--red-fill); } .legend .edge { width: 2px; height: .9rem; background: var(--ink); }

.controls { display: none; flex-wrap: wrap; align-items: center; gap: .6rem 1rem; margin-top: 1rem; }
.js .controls { display: flex; }
.controls input { font: inherit; font-size: .875rem; color: var(--ink); background: var(--card); border: 1px solid var(--soft); border-radius: 4px; padding: .4rem .7rem; width: 16rem; max-width: 100%; }
.controls input::placeholder { color: var(--soft); opacity: 1; }
.controls output { font-size: .8125rem; color: var(--soft); }
.orders { display: inline-flex; border: 1px solid var(--soft); border-radius: 4px; overflow: hidden; }
.orders button { font: inherit; font-size: .875rem; color: var(--soft); background: none; border: 0; padding: .4rem .8rem; cursor: pointer; }
.orders button + button { border-left: 1px solid var(--soft); }
.orders button[aria-pressed=true] { background: var(--accent-soft); color: var(--ink); }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
.orders :focus-visible { outline-offset: -2px; }
[hidden] { display: none !important; }

.axis, .layer { --who: 17rem; --db: 5rem; }
.axis { position: relative; height: 1.4rem; margin: 1rem calc(var(--db) + 1rem) 0 calc(var(--who) + 1rem); font-size: .75rem; color: var(--soft); }
.axis span { position: absolute; transform: translateX(-50%); white-space: nowrap; }
.axis span:first-child { transform: none; }
.layers { border-top: 1px solid var(--rule); margin: 0; }
.layer { display: grid; grid-template-columns: var(--who) minmax(0, 1fr) var(--db); gap: 0 1rem; align-items: center; border-bottom: 1px solid var(--rule); padding: .2rem 0; min-height: 1.9rem; }
.layer:hover, .card:hover { background-color: var(--shade); }
.who { display: flex; gap: .75rem; align-items: baseline; justify-content: space-between; line-height: 1.3; min-width: 0; }
.who small { font-size: .75rem; } .who small, .card h3 small { flex: none; max-width: 55%; }
.track { position: relative; align-self: stretch; min-height: 1.1rem; background: repeating-linear-gradient(90deg, var(--rule) 0 1px, transparent 1px var(--step)); }
.bar { position: absolute; left: 0; top: 50%; height: .75rem; margin-top: -.375rem; min-width: 2px; border-radius: 0 2px 2px 0; background: var(--bar); }
.mark { position: absolute; top: 15%; bottom: 15%; width: 2px; margin-left: -1px; background: var(--ink); }
.db { text-align: right; font-size: .875rem; white-space: nowrap; }
.reason { grid-column: 2 / -1; font-size: .8125rem; color: var(--soft); padding-bottom: .15rem; overflow-wrap: anywhere; }
.reason b { color: var(--red); font-weight: 600; margin-right: .3em; }

.ranges { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(16rem, 100%), 1fr)); gap: 1rem; }
.controls + .ranges, .legend + .ranges, .controls + .long { margin-top: 1rem; }
.long { max-height: min(46rem, 80vh); overflow-y: auto; overscroll-behavior: auto; border: solid var(--rule); border-width: 1px 0; padding-right: .75rem; }
.long .axis { margin-top: .4rem; } .long .layers { border-bottom: 0; } .long .ranges { padding: 1rem 0; }
.card { background: var(--card); border: 1px solid var(--rule); border-radius: 6px; padding: .8rem .9rem .75rem; display: flex; flex-direction: column; min-width: 0; }
.card h3 { display: flex; justify-content: space-between; gap: .75rem; align-items: baseline; font: inherit; font-weight: 600; line-height: 1.3; padding-bottom: .6rem; }
.card svg { display: block; width: 100%; height: 5.25rem; margin-top: auto; border-bottom: 1px solid var(--soft); overflow: visible; }
.card path, .card rect { vector-effect: non-scaling-stroke; }
.card .band { fill: var(--band); } .card .inside { fill: var(--accent); } .card .outside { fill: var(--red-fill); } .card .seen { fill: var(--accent); }
.card .edge { stroke: var(--ink); stroke-width: 1.5; } .card .zero { stroke: var(--soft); stroke-dasharray: 2 3; }
.ends { display: flex; justify-content: space-between; font-size: .75rem; color: var(--soft); }
.card dl { display: grid; grid-template-columns: 1fr 1fr; gap: .1rem .9rem; margin-top: .5rem; font-size: .8125rem; }
.card dl div { display: flex; justify-content: space-between; gap: .5rem; }
.card dl div:nth-child(-n+2), .card dl div:nth-child(5) { grid-column: 1 / -1; }
dt { color: var(--soft); } .lost dd { color: var(--red); font-weight: 600; }

.worst { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(9rem, 44%), 1fr)); gap: 1.25rem 1rem; }
.worst li { display: flex; flex-direction: column; line-height: 1.4; min-width: 0; }
.worst img, .worst .blank { width: 100%; aspect-ratio: 1; border-radius: 4px; background: var(--faint); }
.worst img { object-fit: contain; } .worst .blank { display: grid; place-items: center; font: 400 1.75rem/1 var(--serif); color: var(--soft); }
.worst .db { text-align: left; font-weight: 600; margin-top: .4rem; } .worst .name { font-size: .8125rem; color: var(--soft); }

.timeline { display: flex; gap: 2px; height: .75rem; }
.timeline span { min-width: 2px; flex-basis: 0; border-radius: 1px; }
.t0, .t1, .t2, .t3, .t4 { background: var(--accent); } .t0 { opacity: .45; } .t2 { opacity: .7; } .t3 { background: var(--soft); } .t4 { background: var(--soft); opacity: .55; }
.times { margin-top: .75rem; }
.command { margin: 0 0 1rem; padding: .8rem 1rem; background: var(--faint); border-radius: 6px; font: .8125rem/1.5 var(--mono); white-space: pre-wrap; overflow-wrap: anywhere; }
.options { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(20rem, 100%), 1fr)); gap: 0 2.5rem; font-size: .875rem; }
.options div { display: flex; justify-content: space-between; gap: 1.5rem; border-bottom: 1px solid var(--rule); padding: .35rem 0; }
.options dd { text-align: right; overflow-wrap: anywhere; }
footer { max-width: 70rem; margin: 0 auto; padding: 2.5rem 1.5rem 3rem; font-size: .8125rem; color: var(--soft); }

@media (max-width: 44rem) {
  main { padding: 2rem 1.1rem 1rem; } footer { padding: 2rem 1.1rem; }
  .figures { grid-template-columns: 1fr 1fr; gap: 1.4rem 1.1rem; } .figure .value { font-size: 1.625rem; }
  th, td { padding-right: .8rem; }
  .axis { margin: 1rem 0 0; } .axis span:last-child { transform: translateX(-100%); }
  .layer { grid-template-columns: minmax(0, 1fr) auto; padding: .5rem 0; gap: .25rem .75rem; }
  .track { grid-row: 2; grid-column: 1 / -1; min-height: 1rem; } .reason { grid-column: 1 / -1; }
  .who { justify-content: flex-start; flex-wrap: wrap; gap: 0 .6rem; }
}
@media print {
  * { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  body { font-size: 10pt; background: none; } main { padding: 0; max-width: none; }
  .js .controls { display: none; } .long { max-height: none; overflow: visible; border: 0; padding: 0; }
  .layer, .card, .worst li, .figure, tr { break-inside: avoid; } .part > h2, .introduction { break-after: avoid; }
}
`
