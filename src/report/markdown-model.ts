import { code, fence, html, markdown, shorten } from '../diag/escape.js';
import { bar } from './bar.js';
import { changeRows, layerLines, sinceText } from './changes-text.js';
import { engineMatrix } from './engine-matrix.js';
import { count, counted, duration, exactFigure, fatesText, figure, shape, share, size } from './figures.js';
import { type FindingGroup, groupFindings, placeParts } from './findings.js';
import { layersBeside } from './layers-beside.js';
import { nextSteps, type Step } from './next.js';
import { searchText, storageText } from './quantization-text.js';
import type { Check, Finding, ModelReport, Report, TensorFact, Tolerance } from './types.js';
import {
  checksWorstFirst,
  isFailing,
  isSaidByFigures,
  modelVerdict,
  reasonInShort,
  shownPath,
  signOf,
  statusWords,
  verdictChecks,
  waiverText,
} from './verdict.js';

/** How much of one model is shown; what a short summary leaves out first comes last. */
export interface Detail {
  /** Rows of layers; 0 leaves the layers out. */
  layerRows: number;
  /** Rows of each other table or list. */
  rows: number;
}

/** Names longer than this are shortened in the middle; report.json has them whole. */
const LONGEST_NAME = 160;
/** Of why a model fails, in its line. */
const LONGEST_REASON = 240;
/** Messages are prose: more is allowed. */
const LONGEST_MESSAGE = 1200;

/** A name of the model's, as code. */
export function name(text: string): string {
  return code(shorten(text, LONGEST_NAME));
}

/** What stands between backticks is code, as who wrote the message meant it. */
function prose(text: string): string {
  return markdown(shorten(text, LONGEST_MESSAGE)).replace(/&#96;((?:(?!&#96;).)+)&#96;/g, '<code>$1</code>');
}

/** The `<details>` of one model: everything about it, as far as `detail` allows. */
export function modelDetails(report: Report, model: ModelReport, detail: Detail, open: boolean): string {
  const verdict = modelVerdict(model);
  // What fails says why where it is closed, too.
  const why = isFailing(model) ? shorten(reasonInShort(model), LONGEST_REASON) : '';
  const title = `${signOf(model)} <code>${html(shorten(shownPath(model), LONGEST_NAME))}</code>: ${statusWords(model)}${why === '' ? '' : `. ${prose(why)}`}`;
  const sections = [
    why === verdict ? '' : `**${prose(verdict)}**`,
    prose(waiverText(model) ?? ''),
    divergence(model),
    changes(model, detail.rows),
    engines(model, detail.rows),
    outputs(model, detail.rows),
    findings(model, detail.rows),
    facts(model),
    interfaceTable(model, detail.rows),
    notLayers(model, detail.rows),
    layers(model, detail.layerRows),
    steps(nextSteps(report, model)),
  ];
  const body = sections.filter((section) => section !== '').join('\n\n');
  return `<details${open ? ' open' : ''}>\n<summary>${title}</summary>\n\n${body}\n\n</details>`;
}

/** A Markdown table; cells are escaped already. `-:` in `align` puts a column to the right. */
export function table(
  titles: readonly string[],
  align: readonly string[],
  rows: readonly (readonly string[])[],
): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(titles), line(align), ...rows.map(line)].join('\n');
}

function divergence(model: ModelReport): string {
  const d = model.divergence;
  if (d === undefined) return '';
  const number = d.source === undefined ? '' : ` (number ${d.source} below)`;
  const error = d.maxAbs === undefined ? '' : `, off by ${figure(d.maxAbs)}`;
  const more = d.message === undefined ? '' : ` ${prose(d.message)}`;
  const attributes = Object.entries(d.attributes ?? {}).map(([key, value]) =>
    markdown(shorten(`${key} ${value}`, LONGEST_NAME)),
  );
  const lines = [
    attributes.length === 0 ? '' : `- Attributes: ${attributes.slice(0, 20).join(', ')}`,
    d.artefact === undefined ? '' : `- That node alone, with its inputs: ${name(d.artefact)}`,
  ].filter((line) => line !== '');
  const head = `**First node whose inputs agree and whose output does not:** ${name(d.op)} ${name(d.node)}${number}${error}.${more}`;
  return [head, ...(lines.length > 0 ? [lines.join('\n')] : [])].join('\n\n');
}

/** What is another than in the version that a pull request goes out from. */
function changes({ changes: c }: ModelReport, maxRows: number): string {
  if (c === undefined) return '';
  const cell = (text: string) => markdown(shorten(text, LONGEST_NAME));
  const rows = changeRows(c);
  const lines = layerLines(c.layers);
  const items = lines.slice(0, maxRows).map((l) => `- ${l.what}: ${name(l.op)} ${name(l.name)}${prose(l.text)}`);
  return [
    `#### What has changed\n\n${prose(sinceText(c))}`,
    rows.length === 0
      ? ''
      : table(
          ['', 'Then', 'Now'],
          ['-', '-', '-'],
          rows.slice(0, maxRows).map((row) => row.map(cell)),
        ) + more(rows.length, maxRows),
    lines.length === 0 ? '' : items.join('\n') + more(lines.length, maxRows),
  ]
    .filter((part) => part !== '')
    .join('\n\n');
}

/** A verdict per engine, where there are several: a row per output and reference. */
function engines(model: ModelReport, maxRows: number): string {
  const matrix = engineMatrix(model);
  if (matrix === undefined) return '';
  const rows = matrix.rows
    .slice(0, maxRows)
    .map(({ output, reference, cells }) => [
      output === undefined ? 'all' : name(output),
      name(reference),
      ...cells.map((check) =>
        check === undefined
          ? '–'
          : `${CHECK_WORDS[check.status]}${check.used === undefined ? '' : `, ${share(check.used)}`}`,
      ),
    ]);
  const titles = ['Output', 'Reference', ...matrix.columns.map((column) => markdown(column))];
  const body = table(
    titles,
    titles.map(() => '-'),
    rows,
  );
  return `#### Engines\n\n${body}${more(matrix.rows.length, maxRows)}`;
}

/** A row per comparison, worst first, and the rule that was applied. */
function outputs(model: ModelReport, maxRows: number): string {
  const checks = [
    ...checksWorstFirst(verdictChecks(model)),
    ...checksWorstFirst(model.checks.filter((c) => c.guarded === true)),
  ];
  if (checks.length === 0) return '';
  const rows = checks.slice(0, maxRows).map(outputRow);
  const titles = [
    'Output',
    'Verdict',
    'Error, of what is allowed',
    'Max. abs. error',
    'Max. rel. error',
    'Beyond',
    'Engine',
    'Reference',
  ];
  return [
    '#### Outputs',
    table(titles, ['-', '-', '-', '-:', '-:', '-:', '-', '-'], rows) + more(checks.length, maxRows),
    ...reasons(checks.slice(0, maxRows)),
    tolerances(checks),
  ]
    .filter((part) => part !== '')
    .join('\n\n');
}

function outputRow(check: Check): string[] {
  const used = check.used === undefined ? '–' : `\`${bar(check.used)}\` ${share(check.used)}`;
  const beyond = check.beyond === undefined ? '–' : `${count(check.beyond)} of ${count(check.elements ?? 0)}`;
  const engine = `${markdown(check.engine)}${check.guarded === true ? ' with CPU kernels' : ''}, ${check.format}`;
  const reference = check.reference.kind === 'stored' ? name(check.reference.name) : 'onnxruntime, no outputs stored';
  const output = check.output === undefined ? 'all' : name(check.output);
  return [
    output,
    CHECK_WORDS[check.status],
    used,
    figure(check.maxAbs),
    figure(check.maxRel),
    beyond,
    engine,
    reference,
  ];
}

const CHECK_WORDS: Record<Check['status'], string> = { pass: '✅ agrees', mismatch: '❌ differs', error: '💥 failed' };

/** Why an output isn't what it should be, with the worst element. */
function reasons(checks: readonly Check[]): string[] {
  const lines = checks
    .filter((c) => c.status !== 'pass')
    .map((check) => {
      const what = check.output === undefined ? markdown(check.engine) : name(check.output);
      const worst =
        check.worst === undefined
          ? ''
          : ` Worst at [${check.worst.index.join(', ')}]: expected ${valueText(check.worst.expected)}, got ${valueText(check.worst.actual)}.`;
      if (isSaidByFigures(check)) return `- ${what}:${worst}`;
      return `- ${what}: ${sentence(check.reason ?? 'outside tolerance')}${worst}`;
    });
  return lines.length === 0 ? [] : [lines.join('\n')];
}

/** Prose that ends as a sentence does. */
function sentence(text: string): string {
  return `${prose(text)}${/[.!?]\s*$/.test(text) ? '' : '.'}`;
}

/** A string as code. */
function valueText(value: number | string): string {
  return typeof value === 'number' ? exactFigure(value) : name(value);
}

/** The rule with what was put into it, once per set of tolerances. */
function tolerances(checks: readonly Check[]): string {
  const rules = new Set(checks.flatMap((c) => (c.tolerance === undefined ? [] : [toleranceText(c.tolerance)])));
  if (rules.size === 0) return '';
  const found = agreementText(checks);
  return `Allowed: \`abs(a-b) <= atol + rtol*abs(b) + range-tol*(max(b)-min(b))\`, with ${[...rules].join('; or, for other outputs, ')}.${found === '' ? '' : ` Found: ${found}.`}`;
}

/** What was measured where the settings ask for more than single elements, the worst of these checks; '' where they don't. */
export function agreementText(checks: readonly Check[]): string {
  const worst = (of: 'cosine' | 'topK' | 'argMax'): number | undefined => {
    const found = checks.flatMap(({ agreement }) => (agreement?.[of] === undefined ? [] : [Number(agreement[of])]));
    return found.length === 0 ? undefined : found.reduce((a, b) => (b < a || Number.isNaN(b) ? b : a));
  };
  const [cosine, topK, argMax] = [worst('cosine'), worst('topK'), worst('argMax')];
  return [
    ...(cosine === undefined ? [] : [`cosine ${exactFigure(cosine)}`]),
    ...(topK === undefined ? [] : [`top-k ${exactFigure(topK)}`]),
    ...(argMax === undefined ? [] : [`arg-max ${exactFigure(argMax)}`]),
  ].join(', ');
}

/** `rtol 0.001, atol 1e-5, range-tol 1e-5`, without the range, which differs from output to output. */
export function toleranceText(t: Tolerance): string {
  const { ulp, outliers, cosine, topK, argMax, nan, infinite } = t;
  return [
    `rtol ${t.rtol}, atol ${t.atol}, range-tol ${t.rangeTol}`,
    ...(ulp === undefined ? [] : [`ulp ${ulp}`]),
    ...(outliers === undefined ? [] : [`outliers ${outliers}`]),
    ...(cosine === undefined ? [] : [`cosine ${cosine}`]),
    ...(topK === undefined ? [] : [`top-k ${topK.k} at ${topK.share} of axis ${topK.axis}`]),
    ...(argMax === undefined ? [] : [`arg-max ${argMax.share} of axis ${argMax.axis}`]),
    ...(nan === undefined ? [] : [`nan ${nan}`]),
    ...(infinite === undefined ? [] : [`infinite ${infinite}`]),
  ].join(', ');
}

/** What was found, grouped by what to do about it. */
function findings(model: ModelReport, maxRows: number): string {
  const groups = groupFindings(model.diagnostics);
  if (groups.length === 0) return '';
  const shown = groups.slice(0, maxRows).map((group) => findingText(group, model, maxRows));
  return `#### Findings\n\n${shown.join('\n')}${more(groups.length, maxRows)}`;
}

const SEVERITY_SIGNS: Record<Finding['severity'], string> = {
  error: '💥',
  mismatch: '❌',
  unsupported: '🚫',
  unverified: '⚪',
  warning: '⚠️',
  note: 'ℹ️',
};

/** One group as a list item; also for findings about the run. */
export function findingText(group: FindingGroup, model: ModelReport | undefined, maxRows: number): string {
  const items = group.findings.slice(0, maxRows).map((finding) => `${prose(finding.message)}${place(finding, model)}`);
  const rest = group.findings.length - items.length;
  const lines = items.length === 1 ? ` ${items[0]}` : `${items.map((item) => `\n  - ${item}`).join('')}`;
  const tail = rest > 0 ? `\n  - … and ${count(rest)} more` : '';
  const remedy = group.remedy === '' ? '' : `\n\n  **Remedy:** ${prose(group.remedy)}`;
  return `- ${SEVERITY_SIGNS[group.severity]} **${group.severity}** ${code(group.code)}:${lines}${tail}${remedy}\n`;
}

function place(finding: Finding, model: ModelReport | undefined): string {
  const parts = placeParts(finding, model).map(({ what, name: text }) => `${what} ${name(text)}`);
  return parts.length === 0 ? '' : ` (${parts.join(', ')})`;
}

/** A few lines of what is known about the source and what was written. */
function facts(model: ModelReport): string {
  const lines = [sourceLine(model), writtenLine(model), ...weightLines(model), fatesLine(model), timesLine(model)];
  return `#### Facts\n\n${lines
    .filter((line) => line !== '')
    .map((line) => `- ${line}`)
    .join('\n')}`;
}

function sourceLine({ source }: ModelReport): string {
  if (source === undefined) return '';
  const parts = [`ONNX ${size(source.bytes)}`];
  if (source.opsets !== undefined) parts.push(`opset ${opsets(source.opsets)}`);
  if (source.irVersion !== undefined) parts.push(`IR ${source.irVersion}`);
  if (source.producer) parts.push(`by ${markdown(shorten(source.producer, LONGEST_NAME))}`);
  if (source.nodes !== undefined) parts.push(counted(source.nodes, 'node'));
  if (source.parameters !== undefined) parts.push(counted(source.parameters, 'parameter'));
  const hash = source.sha256 === undefined ? '' : `; sha256 ${code(source.sha256)}`;
  return `**Source:** ${parts.join(', ')}${hash}${operators(source.operators)}`;
}

/** `17`, with other domains after it: `17, com.microsoft 1`. */
export function opsets(versions: Record<string, number>): string {
  const entries = Object.entries(versions).sort(([a], [b]) => (a === '' ? -1 : b === '' ? 1 : a < b ? -1 : 1));
  return entries
    .map(([domain, v]) => (domain === '' || domain === 'ai.onnx' ? String(v) : `${markdown(shorten(domain, 40))} ${v}`))
    .join(', ');
}

function operators(counts: Record<string, number> | undefined): string {
  const entries = Object.entries(counts ?? {}).sort(([a, n], [b, m]) => m - n || (a < b ? -1 : 1));
  if (entries.length === 0) return '';
  const shown = entries.slice(0, 40).map(([op, n]) => `${markdown(shorten(op, 40))} ${n}`);
  return `; operators: ${shown.join(', ')}${entries.length > 40 ? ` and ${entries.length - 40} more` : ''}`;
}

function writtenLine(model: ModelReport): string {
  if (model.format === undefined) return '';
  const total = model.artefacts.reduce((sum, a) => sum + a.bytes, 0);
  const main = model.artefacts.find((a) => a.format === model.format && /model\.(json|keras)$/.test(a.path));
  const where = main === undefined ? '' : `, ${name(main.path)}`;
  const async = model.conversion?.async === true ? '; `executeAsync` must be used' : '';
  return `**Written:** ${model.format}, ${counted(model.artefacts.length, 'file')}, ${size(total)}${where}${async}`;
}

function weightLines({ quantization = [] }: ModelReport): string[] {
  return quantization.map(
    (q) =>
      `**Weights** of the ${q.format}: ${prose(`${storageText(q)}${q.search ? `. ${searchText(q, q.search)}` : ''}`)}`,
  );
}

function fatesLine({ conversion }: ModelReport): string {
  if (conversion === undefined) return '';
  const relayouts =
    conversion.relayouts === undefined ? '' : `; ${counted(conversion.relayouts, 'transpose')} inserted for layout`;
  return `**Nodes became:** ${fatesText(conversion.fates)}${relayouts}`;
}

function timesLine({ timings, cached }: ModelReport): string {
  if (cached) return '**Taken over** from an earlier run: nothing that it rests on has changed';
  const stages = Object.entries(timings).filter(([stage]) => stage !== 'total' && !stage.includes('.'));
  const parts = stages.map(([stage, ms]) => `${markdown(stage)} ${duration(ms ?? 0)}`);
  if (timings.total === undefined) return parts.length === 0 ? '' : `**Time:** ${parts.join(', ')}`;
  return `**Time:** ${duration(timings.total)}${parts.length === 0 ? '' : ` (${parts.join(', ')})`}`;
}

/** Inputs and outputs, ONNX's and TensorFlow.js's. */
function interfaceTable({ source }: ModelReport, maxRows: number): string {
  const rows = [
    ...(source?.inputs ?? []).map((t) => tensorRow('in', t)),
    ...(source?.outputs ?? []).map((t) => tensorRow('out', t)),
  ];
  if (rows.length === 0) return '';
  const titles = ['', 'ONNX', 'Type', 'Shape', 'TensorFlow.js', 'Type', 'Shape', 'Axes'];
  return `#### Inputs and outputs\n\n${table(
    titles,
    titles.map(() => '-'),
    rows.slice(0, maxRows),
  )}${more(rows.length, maxRows)}`;
}

function tensorRow(direction: string, t: TensorFact): string[] {
  const onnx = [direction, name(t.name), markdown(t.dtype), name(shape(t.shape))];
  if (t.tfjs === undefined) return [...onnx, '–', '–', '–', '–'];
  const moved = t.order?.some((axis, i) => axis !== i) === true ? t.order.join(', ') : 'as in ONNX';
  return [...onnx, name(t.tfjs.name), markdown(t.tfjs.dtype), name(shape(t.tfjs.shape)), moved];
}

/** Why `auto` fell to a graph-model. */
function notLayers({ conversion }: ModelReport, maxRows: number): string {
  const nodes = conversion?.notLayers ?? [];
  if (nodes.length === 0) return '';
  const lines = nodes
    .slice(0, maxRows)
    .map(
      (n) =>
        `- ${name(n.op)} ${name(n.node)}: ${prose(n.reason)}${n.remedy === undefined ? '' : ` (${prose(n.remedy)})`}`,
    );
  return `#### Why it is not a layers-model\n\n${lines.join('\n')}${more(nodes.length, maxRows)}`;
}

function layers(model: ModelReport, maxRows: number): string {
  if (model.layers === undefined || maxRows === 0) return '';
  const title =
    model.keras === undefined
      ? "The source's layers, and what became of them"
      : "The source's layers beside Keras's, by number";
  const text = fence(layersBeside(model.layers, model.keras, maxRows), 'text');
  const counts = model.keras !== undefined && model.layers.rows.some((row) => row.buffers !== undefined);
  const note = counts
    ? "\n\nKeras counts a BatchNormalization's running mean and variance, torchsummary does not."
    : '';
  return `<details>\n<summary>${html(title)}</summary>\n\n${text}${note}\n\n</details>`;
}

function steps(all: readonly Step[]): string {
  const lines = all.map((step) => {
    const block =
      step.code === undefined ? '' : `\n\n${fence(step.code.text, step.code.language).replace(/^(?=.)/gm, '  ')}\n`;
    return `- ${prose(step.text)}${block}`;
  });
  return `#### What to do next\n\n${lines.join('\n')}`;
}

function more(total: number, shown: number): string {
  return total > shown ? `\n\n… and ${count(total - shown)} more, in report.json.` : '';
}
