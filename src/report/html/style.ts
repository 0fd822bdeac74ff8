/**
 * The page's style. Colours are named by what they mean, light and dark; each text colour has a contrast of at least 4.5 to
 * its ground in both.
 */
export const STYLE = `
:root { color-scheme: light dark; --ground: #ffffff; --raised: #f5f7f9; --text: #1b2027; --soft: #535d6a; --line: #cdd4dc;
  --link: #0a58b8; --mark: #fff0b8; --pass: #146c34; --bad: #b3192b; --warn: #7d5200; --calm: #535d6a;
  --weighty: #dbe7fb; --act: #fbe0dc; --norm: #d9f0de; --pool: #dff1f3; --shape: #f5ead2; --other: #e9ebee; }
@media (prefers-color-scheme: dark) { :root:not([data-theme="light"]) { --ground: #12161b; --raised: #1b2128; --text: #e4e9ee;
  --soft: #a3aeba; --line: #3a444f; --link: #7db7ff; --mark: #4a3f12; --pass: #5fcf84; --bad: #ff8b93; --warn: #e6b450; --calm: #a3aeba;
  --weighty: #1d3358; --act: #55231f; --norm: #1c4227; --pool: #17424a; --shape: #4b3913; --other: #2c343d; } }
:root[data-theme="dark"] { color-scheme: dark; --ground: #12161b; --raised: #1b2128; --text: #e4e9ee; --soft: #a3aeba;
  --line: #3a444f; --link: #7db7ff; --mark: #4a3f12; --pass: #5fcf84; --bad: #ff8b93; --warn: #e6b450; --calm: #a3aeba;
  --weighty: #1d3358; --act: #55231f; --norm: #1c4227; --pool: #17424a; --shape: #4b3913; --other: #2c343d; }
:root[data-theme="light"] { color-scheme: light; }
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--text); font: 15px/1.5 system-ui, sans-serif; }
header, main, footer { max-width: 100rem; margin: 0 auto; padding: 1rem 1.5rem; }
header { display: flex; flex-wrap: wrap; gap: .5rem 2rem; align-items: start; justify-content: space-between; }
h1 { font-size: 1.5rem; line-height: 1.3; margin: 0; max-width: 70rem; }
h2 { font-size: 1.15rem; margin: 1rem 0 .5rem; }
h3 { font-size: 1rem; margin: 1.5rem 0 .5rem; }
summary h2 { display: inline; font-weight: 600; } summary .verdict { margin: .25rem 0 0 1rem; }
code, pre { font: .92em/1.45 ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace; overflow-wrap: anywhere; }
td code, th code { line-height: 1.63; display: inline-block; max-width: 34rem; white-space: normal; overflow-wrap: break-word; vertical-align: top; }
.layers td code, .layers th code { display: inline; overflow-wrap: anywhere; }
a { color: var(--link); }
li, p, h1, h2 { overflow-wrap: anywhere; }
.sub, .hint, footer { color: var(--soft); }
.skip { position: absolute; left: -99rem; }
.skip:focus { left: 1rem; top: 1rem; background: var(--ground); padding: .5rem 1rem; z-index: 1; }
:focus-visible { outline: 3px solid var(--link); outline-offset: 2px; }
button, input, select { font: inherit; color: inherit; background: var(--raised); border: 1px solid var(--line); border-radius: 4px; padding: .25rem .75rem; }
button { cursor: pointer; }
.tools { display: flex; gap: .5rem; flex-wrap: wrap; }
.scroll { overflow: auto; max-height: 80vh; border: 1px solid var(--line); border-radius: 4px; }
table { border-collapse: collapse; width: 100%; font-size: .92rem; }
th, td { text-align: left; padding: .3rem .6rem; border-bottom: 1px solid var(--line); vertical-align: top; white-space: nowrap; }
.wrap { white-space: normal; min-width: 9rem; } .why { white-space: normal; min-width: 14rem; }
thead th { background: var(--raised); white-space: normal; } .scroll thead th { position: sticky; top: 0; z-index: 1; }
thead button { background: none; border: 0; padding: 0; font-weight: 600; }
tbody th { font-weight: 400; }
tbody tr:last-child > * { border-bottom: 0; }
.n { text-align: right; font-variant-numeric: tabular-nums; }
.status { font-weight: 600; }
.status::before { content: "● "; }
.status.pass { color: var(--pass); }
.status.mismatch, .status.error { color: var(--bad); }
.status.mismatch::before, .status.error::before { content: "✖ "; }
.status.unsupported, .status.warning, .status.waived { color: var(--warn); }
.status.unsupported::before, .status.warning::before { content: "▲ "; } .status.waived::before { content: "◆ "; }
.status.unverified, .status.note { color: var(--calm); }
.status.unverified::before { content: "○ "; }
.share { display: inline-flex; align-items: center; gap: .5rem; }
.bar { width: 6.6rem; height: .7rem; }
.bar .all { fill: none; stroke: var(--soft); }
.bar .part { fill: var(--pass); }
.bar.beyond .part { fill: var(--bad); }
.model { border: 1px solid var(--line); border-radius: 6px; margin: 1rem 0; padding: 0 1rem; scroll-margin-top: 1rem; }
.model > details > summary { cursor: pointer; padding: .7rem 0; }
.model[data-status="error"], .model[data-status="mismatch"] { border-left: 5px solid var(--bad); }
.model[data-status="unsupported"], .model[data-status="waived"] { border-left: 5px solid var(--warn); }
.model[data-status="pass"] { border-left: 5px solid var(--pass); }
.model > details[open] { padding-bottom: 1rem; }
.verdict { font-size: 1.05rem; margin: .25rem 0; }
.layers tr.same > * { background: var(--mark); }
.layers tr:target > * { background: var(--mark); }
.layers tr { scroll-margin-top: 3rem; }
h4, h5 { font-size: .95rem; margin: .8rem 0 .3rem; } h5 { font-weight: 600; }
.charts, .row { display: flex; flex-wrap: wrap; gap: 1rem; align-items: flex-start; }
.chart { width: 22.5rem; max-width: 100%; } .chart td { white-space: normal; overflow-wrap: anywhere; } .chart td.n { white-space: nowrap; } .chart th, .chart td { padding: .3rem .4rem; } .chart svg { width: 100%; height: auto; display: block; }
.chart .frame { fill: none; stroke: var(--line); } .chart .good { fill: var(--pass); } .chart .bad { fill: var(--bad); }
.chart .same { stroke: var(--soft); stroke-dasharray: 4 3; } .chart .dots { fill: none; stroke-width: 5; stroke-linecap: round; opacity: .7; }
.chart .curve { fill: none; stroke: var(--soft); } .chart .here { stroke: var(--bad); stroke-dasharray: 2 3; }
.chart .dots.good { stroke: var(--pass); } .chart .dots.bad { stroke: var(--bad); }
.chart text { font: 10px system-ui, sans-serif; fill: var(--soft); } .chart .axis { text-anchor: middle; }
.map { image-rendering: pixelated; border: 1px solid var(--line); } .maps img, .over { max-width: 100%; height: auto; }
.over .box { fill: none; stroke: #ff2d2d; stroke-width: 2; vector-effect: non-scaling-stroke; }
figure { margin: 0; min-width: 0; }
figcaption { font-weight: 600; margin: .25rem 0; }
.defs { position: absolute; }
.panes { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(24rem, 100%), 1fr)); gap: 1rem; }
.pane { height: 36rem; max-height: 80vh; overflow: auto; border: 1px solid var(--line); border-radius: 4px; cursor: grab; }
.pane.drag { cursor: grabbing; }
.net { display: block; margin: 0 auto; font: 600 11px ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace; }
.net text { fill: var(--text); text-anchor: middle; }
.net .s { font-weight: 400; }
.net rect { fill: var(--other); stroke: var(--soft); }
.net .e { fill: none; stroke: var(--soft); }
#arrow path { fill: var(--soft); }
.net .io rect { fill: var(--ground); rx: 14px; }
.net .block rect { stroke-width: 3; }
.net .weighty rect { fill: var(--weighty); } .net .act rect { fill: var(--act); } .net .norm rect { fill: var(--norm); }
.net .pool rect { fill: var(--pool); } .net .shape rect { fill: var(--shape); }
.net .fused rect { stroke-dasharray: 5 3; } .net .folded rect { fill: var(--ground); stroke-dasharray: 1 3; }
.net .marked rect { fill: var(--bad); stroke: var(--bad); } .net .marked text { fill: var(--ground); }
.net g.same rect { stroke: var(--link); stroke-width: 3; stroke-dasharray: none; }
.key { border: 1px solid var(--soft); border-radius: 4px; padding: 0 .4rem; }
.key.fused { border-style: dashed; } .key.folded { border-style: dotted; } .key.marked { background: var(--bad); color: var(--ground); border-color: var(--bad); }
pre { background: var(--raised); border: 1px solid var(--line); border-radius: 4px; padding: .6rem .8rem; overflow: auto; margin: .4rem 0; white-space: pre-wrap; }
dl { display: grid; grid-template-columns: fit-content(20rem) minmax(0, 1fr); gap: .2rem 1.5rem; }
dt { color: var(--soft); overflow-wrap: anywhere; }
dd { margin: 0; overflow-wrap: anywhere; }
[hidden] { display: none; }
@media (max-width: 40rem) { dl { display: block; } dd { margin: 0 0 .5rem; } header, main, footer { padding: 1rem .75rem; } }
@media print {
  @page { margin: 14mm 12mm; }
  :root, :root[data-theme] { --ground: #fff; --raised: #fff; --text: #000; --soft: #333; --line: #999; --link: #000; --mark: #fff;
    --weighty: #dbe7fb; --act: #fbe0dc; --norm: #d9f0de; --pool: #dff1f3; --shape: #f5ead2; --other: #e9ebee;
    --pass: #0a4a20; --bad: #8a0f1d; --warn: #5c3c00; --calm: #333; }
  body { font-size: 9pt; } .tools, .filter, .skip { display: none; } header, main, footer { max-width: none; padding: 0; }
  .scroll { max-height: none; overflow: visible; border: 0; } thead th { position: static; }
  table { font-size: 7pt; } th, td, .chart td { white-space: normal; overflow-wrap: normal; padding: .1rem .25rem; } td code, th code, .layers a { overflow-wrap: anywhere; max-width: none; }
  .wrap, .why { min-width: 0; } .chart { width: 15rem; } .bar { width: 3rem; } tr, h2, h3 { break-inside: avoid; } h2, h3 { break-after: avoid; }
  .pane { height: auto; max-height: none; overflow: visible; border: 0; } .net { max-width: 100%; max-height: 20cm; height: auto; } .panes { grid-template-columns: 1fr 1fr; break-inside: avoid; } h4, h5 { break-after: avoid; } figure { break-inside: avoid; }
  .net rect { print-color-adjust: exact; -webkit-print-color-adjust: exact; } .nets .tools { display: none; }
  .chart rect, .chart path, .map { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  .bar .part { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
}
`;
