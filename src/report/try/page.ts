import { size } from '../figures.js';
import { h } from '../html/markup.js';
import { PAGES_FOLDER, RUNTIME_FOLDER } from './places.js';
import { commandLine } from '../reproduce.js';
import type { ModelReport, Report } from '../types.js';
import { shownPath, statusWords } from '../verdict.js';

/** Whether TensorFlow.js can load what was written. */
export function canBeTried({ format, artefacts }: ModelReport): boolean {
  return artefacts.length > 0 && (format === 'layers-model' || format === 'graph-model');
}

/** Where a model's page is, relative to the folder of the reports, as an address. */
export function pageAddress({ path }: ModelReport): string {
  return `${PAGES_FOLDER}/${path.split('/').map(encodeURIComponent).join('/')}/index.html`;
}

/**
 * A page that loads one written model and runs it in the reader's browser: `report/try/<path>/index.html`, beside data.json
 * where inputs are stored. It has to be served, since browsers let no page of a file read others.
 */
export function tryPage(report: Report, model: ModelReport): string {
  const steps = model.path.split('/');
  const up = '../'.repeat(steps.length);
  const shared = `${up}../${RUNTIME_FOLDER}/`;
  const folder = `${up}../../${steps.map(encodeURIComponent).join('/')}/`;
  const bytes = model.artefacts.reduce((sum, a) => sum + a.bytes, 0);
  return h`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>Try ${shownPath(model)}</title>
<link rel="stylesheet" href="${shared}page.css">
</head>
<body data-model="${folder}" data-serve="${commandLine(report.tool)} serve">
<header><div><h1>Try <code>${shownPath(model)}</code></h1><p class="sub">${model.format}, ${size(bytes)}; in the report: <span class="status ${model.status}">${statusWords(model)}</span>. <a href="${up}../index.html">Back to the report</a></p></div></header>
<main>
<p><label>Backend <select id="backend"><option>wasm</option><option>webgl</option><option>webgpu</option><option>cpu</option></select></label> <button type="button" id="run" disabled>Run</button></p>
<p id="state" role="status">The page needs scripts.</p>
<div class="scroll" role="group" tabindex="0" aria-label="Results"><table><thead><tr><th scope="col">Output</th><th scope="col">Verdict</th><th scope="col">Max. abs. error</th><th scope="col">Beyond</th><th scope="col">Actual</th><th scope="col">Expected</th></tr></thead><tbody id="results"></tbody></table></div>
</main>
<footer><p>${report.tool.name} ${report.tool.version}. The model runs in this browser, with stock TensorFlow.js; nothing is sent anywhere.</p></footer>
<script src="${shared}tf.js"></script>
<script src="${shared}page.js"></script>
</body>
</html>
`.html;
}
