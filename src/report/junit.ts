import { shorten, xml, xmlLines } from '../diag/escape.js';
import { figure, shareOfAllowed } from './figures.js';
import { placeParts } from './findings.js';
import { toleranceText } from './markdown-model.js';
import type { Check, Finding, ModelReport, Report } from './types.js';
import {
  checksWorstFirst,
  findingsWorstFirst,
  isWaived,
  modelVerdict,
  shownPath,
  verdictChecks,
  waiverText,
  worstFirst,
} from './verdict.js';

/**
 * junit.xml: a suite per model, in it a case for its conversion and one per output. An output that was compared on several
 * engines or with several references is one case, which fails if any of them does. Unverified is skipped, and so is what a
 * waiver expects, with its reason.
 */

/** What a case came to; `kind` is the element that says so. */
interface Outcome {
  kind: 'failure' | 'error' | 'skipped';
  /** JUnit's `type`: our own status. */
  type: string;
  message: string;
  text?: string;
}

interface Case {
  name: string;
  /** Seconds. */
  time: number;
  outcome?: Outcome;
  /** Shown as the case's output. */
  out?: string;
}

const LONGEST_NAME = 300;
const LONGEST_TEXT = 4000;
/** Lines about findings or comparisons in one case. */
const LINES = 20;

/** The file, with its XML declaration. */
export function junitXml(report: Report): string {
  const suites = worstFirst(report.models).map((model) => ({ model, cases: casesOf(model) }));
  const all = suites.flatMap((s) => s.cases);
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites name="${xml(report.tool.name)}" ${counts(all)} time="${seconds(report.timings?.total)}">`,
    ...suites.flatMap(({ model, cases }) => suite(model, cases)),
    '</testsuites>',
    '',
  ].join('\n');
}

function counts(cases: readonly Case[]): string {
  const of = (kind: Outcome['kind']) => cases.filter((c) => c.outcome?.kind === kind).length;
  return `tests="${cases.length}" failures="${of('failure')}" errors="${of('error')}" skipped="${of('skipped')}"`;
}

function seconds(ms: number | undefined): string {
  return ((ms ?? 0) / 1000).toFixed(3);
}

function suite(model: ModelReport, cases: readonly Case[]): string[] {
  const path = xml(shorten(shownPath(model), LONGEST_NAME));
  return [
    `  <testsuite name="${path}" ${counts(cases)} time="${seconds(model.timings.total)}">`,
    ...cases.flatMap((c) => [
      `    <testcase classname="${path}" name="${xml(shorten(c.name, LONGEST_NAME))}" file="${path}" time="${c.time.toFixed(3)}"${inside(c)}`,
    ]),
    '  </testsuite>',
  ];
}

/** The rest of a case's element, from its closing `>` on. */
function inside({ outcome, out }: Case): string {
  if (outcome === undefined && out === undefined) return '/>';
  const { kind, type, message, text } = outcome ?? {};
  const attributes = `message="${xml(shorten(message ?? '', LONGEST_TEXT))}"`;
  const result =
    kind === undefined
      ? ''
      : kind === 'skipped'
        ? `\n      <skipped ${attributes}/>`
        : `\n      <${kind} type="${type}" ${attributes}>${xmlLines(shorten(text ?? '', LONGEST_TEXT))}</${kind}>`;
  const output = out === undefined ? '' : `\n      <system-out>${xmlLines(shorten(out, LONGEST_TEXT))}</system-out>`;
  return `>${result}${output}\n    </testcase>`;
}

function casesOf(model: ModelReport): Case[] {
  const byOutput = new Map<string, Check[]>();
  for (const check of verdictChecks(model)) {
    const name = check.output === undefined ? 'all outputs' : `output ${check.output}`;
    byOutput.set(name, [...(byOutput.get(name) ?? []), check]);
  }
  const cases = [conversionCase(model), ...[...byOutput].map(([name, checks]) => outputCase(name, checks))];
  return isWaived(model) ? cases.map((c) => waivedCase(c, waiverText(model) ?? '')) : cases;
}

/** A failure that is waited for. */
function waivedCase({ outcome, ...base }: Case, why: string): Case {
  if (outcome?.kind !== 'failure') return outcome === undefined ? base : { ...base, outcome };
  const out = [outcome.message, outcome.text ?? ''].filter((text) => text !== '').join('\n');
  return { ...base, out, outcome: { kind: 'skipped', type: outcome.type, message: why } };
}

/** The model as a whole: whether it could be read, said in TensorFlow.js, and compared with something. */
function conversionCase(model: ModelReport): Case {
  const base = { name: 'conversion', time: (model.timings.convert ?? model.timings.total ?? 0) / 1000 };
  const findings = findingsWorstFirst(model.diagnostics);
  const text = findingLines(findings, model);
  const message = findings[0]?.message ?? modelVerdict(model);
  // A run that failed on the written model belongs to its outputs.
  const judged = verdictChecks(model).some((check) => check.status === 'error');
  if (model.status === 'error' && !judged) return { ...base, outcome: { kind: 'error', type: 'error', message, text } };
  if (model.status === 'unsupported')
    return { ...base, outcome: { kind: 'failure', type: 'unsupported', message, text } };
  if (model.status === 'unverified')
    return { ...base, outcome: { kind: 'skipped', type: 'unverified', message: modelVerdict(model) } };
  return text === '' ? base : { ...base, out: text };
}

function findingLines(findings: readonly Finding[], model: ModelReport): string {
  const lines = findings.slice(0, LINES).map((f) => {
    const place = placeParts(f, model)
      .map(({ what, name }) => `${what} ${name}`)
      .join(', ');
    return `${f.severity} ${f.code}: ${f.message}${place === '' ? '' : ` (${place})`}${f.remedy === '' ? '' : `\n  remedy: ${f.remedy}`}`;
  });
  return rest(lines, findings.length);
}

function outputCase(name: string, checks: readonly Check[]): Case {
  const sorted = checksWorstFirst(checks);
  const text = rest(sorted.slice(0, LINES).map(checkLine), sorted.length);
  const worst = sorted[0] as Check;
  if (worst.status === 'pass') return { name, time: 0, out: text };
  const kind = worst.status === 'error' ? 'error' : 'failure';
  return { name, time: 0, outcome: { kind, type: worst.status, message: worst.reason ?? 'outside tolerance', text } };
}

/** `wasm, layers-model, test_data_set_0: max. absolute error 1.2e-6, …` */
function checkLine(check: Check): string {
  const parts = [
    `${check.engine}, ${check.format}, ${check.reference.kind === 'stored' ? check.reference.name : 'onnxruntime'}: ${check.status}`,
  ];
  if (check.maxAbs !== undefined)
    parts.push(`max. absolute error ${figure(check.maxAbs)}, relative ${figure(check.maxRel)}`);
  if (check.used !== undefined) parts.push(shareOfAllowed(check.used));
  if (check.beyond !== undefined) parts.push(`${check.beyond} of ${check.elements ?? 0} elements beyond`);
  if (check.tolerance !== undefined) parts.push(toleranceText(check.tolerance));
  return parts.join('; ');
}

function rest(lines: readonly string[], total: number): string {
  return [...lines, ...(total > LINES ? [`… and ${total - LINES} more, in report.json`] : [])].join('\n');
}
