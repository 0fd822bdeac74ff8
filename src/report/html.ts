import { createHash } from 'node:crypto';
import { counted, duration, size } from './figures.js';
import { ARROW } from './html/graphs.js';
import { type Content, h, join, type Markup, raw } from './html/markup.js';
import { modelArticle } from './html/model.js';
import { overview } from './html/overview.js';
import { SCRIPT } from './html/script.js';
import { STYLE } from './html/style.js';
import type { ModelReport, Report } from './types.js';
import { headline, isFailing, selectionText, worstFirst } from './verdict.js';

/** Rows of layers on the whole page, about 300 bytes each; and of one model. */
const PAGE_ROWS = 15_000;
const MODEL_ROWS = 3000;

/** Nodes drawn on the whole page (each takes about 300 bytes, and two milliseconds to be placed), and of one graph. */
const PAGE_NODES = 3000;
const GRAPH_NODES = 200;

/** Comparisons drawn on the whole page, about 10 kB each, or 60 with maps. */
const PAGE_DRAWINGS = 40;

/** index.html: one file that needs nothing else, asks for nothing, and may run nothing but its own script. */
export function reportHtml(report: Report): string {
  const models = worstFirst(report.models).map((model, i) => ({ model, id: `m${i + 1}` }));
  const rows = shares(
    models.map(({ model }) => ({ model, wanted: Math.min(MODEL_ROWS, rowsOf(model)) })),
    PAGE_ROWS,
  );
  const drawings = shares(
    models.map(({ model }) => ({ model, wanted: drawingsOf(model) })),
    PAGE_DRAWINGS,
  );
  const nodes = shares(
    models.map(({ model }) => ({ model, wanted: nodesOf(model) })),
    PAGE_NODES,
  );
  const failing = models.filter(({ model }) => isFailing(model)).length;
  const articles = models.map(({ model, id }, i) => {
    const open = models.length === 1 || (failing <= 3 && isFailing(model));
    return modelArticle(
      {
        report,
        model,
        id,
        layerRows: rows[i] as number,
        graphNodes: Math.floor((nodes[i] as number) / 2),
        drawings: drawings[i] as number,
      },
      open,
    );
  });
  const page = h`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src '${hash(STYLE)}'; script-src '${hash(SCRIPT)}'; img-src data:; base-uri 'none'; form-action 'none'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>${headline(report, (path) => path)}</title>
<style>${raw(STYLE)}</style>
</head>
<body>
${ARROW}<a class="skip" href="#main">To the models</a>
<header><div><h1>${title(report)}</h1><p class="sub">${subtitle(report)}</p></div>
<div class="tools"><button type="button" id="open">Open all</button> <button type="button" id="close">Close all</button> <button type="button" id="theme" data-now="system">Theme: system</button></div></header>
<main id="main" tabindex="-1">
${overview(report, models)}
${join(articles, '\n')}
${settings(report)}
</main>
<footer><p>${report.tool.name} ${report.tool.version}. Everything on this page is in report.json beside it.</p></footer>
<script>${raw(SCRIPT)}</script>
</body>
</html>
`;
  return page.html;
}

/** As a Content-Security-Policy names an inline style or script. */
function hash(text: string): string {
  return `sha256-${createHash('sha256').update(text).digest('base64')}`;
}

/** The verdict, each name as code. Names are put in afterwards, so that no name can be taken for another's place. */
function title(report: Report): Markup {
  const names: string[] = [];
  const text = headline(report, (path) => `\0${names.push(path) - 1}\0`);
  const pieces = text
    .split('\0')
    .map((piece, i): Content => (i % 2 === 0 ? piece : h`<code>${names[Number(piece)]}</code>`));
  return join(pieces);
}

function subtitle(report: Report): string {
  const selection = selectionText(report);
  if (report.models.length === 0) return selection ?? '';
  const { totals, timings } = report;
  const parts = [counted(totals.models, 'model'), `${size(totals.bytesIn)} of ONNX in`, `${size(totals.bytesOut)} out`];
  if (timings?.total !== undefined) parts.push(duration(timings.total));
  if (selection !== undefined) parts.push(selection);
  return parts.join(' · ');
}

const rowsOf = ({ layers, keras }: ModelReport): number =>
  Math.max(layers?.rows.length ?? 0, 2 * (keras?.rows.length ?? 0));

const drawingsOf = ({ checks }: ModelReport): number => checks.filter((c) => c.histogram !== undefined).length;

/** For both graphs: twice what the larger one wants. */
function nodesOf({ graphs }: ModelReport): number {
  if (graphs === undefined) return 0;
  return 2 * Math.min(GRAPH_NODES, Math.max(graphs.source.nodes.length, graphs.written?.nodes.length ?? 0));
}

/** How much of what it wants each model gets: those that fail first, then fairly, till the page is full. */
function shares(models: readonly { model: ModelReport; wanted: number }[], page: number): number[] {
  let left = page;
  return models.map(({ model, wanted }, i) => {
    const fair = Math.max(1, Math.floor(left / (models.length - i)));
    const given = Math.min(wanted, left, isFailing(model) ? left : fair);
    left -= given;
    return given;
  });
}

/** What was applied to all models. */
function settings(report: Report): Markup | undefined {
  const applied = Object.entries(report.settings ?? {}).map(([name, value]): [string, string] => [
    name,
    Array.isArray(value) ? value.join(', ') : String(value),
  ]);
  const rows = [
    ...applied,
    ...Object.entries(report.versions ?? {}).map(([name, v]): [string, string] => [`version of ${name}`, v]),
  ];
  if (rows.length === 0) return undefined;
  return h`<section aria-labelledby="settings"><h2 id="settings">Settings</h2>
<dl>${join(rows.map(([name, value]) => h`<dt>${name}</dt><dd>${value === '' ? '–' : h`<code>${value}</code>`}</dd>`))}</dl></section>`;
}
