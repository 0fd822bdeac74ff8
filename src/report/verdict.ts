import { counted, figure, numberOf, shareOfAllowed } from './figures.js';
import type { Check, Figure, Finding, ModelReport, Report, Selection, Status } from './types.js';

/**
 * What a run and a model amount to, in words, for all reports. Sentences hold names of models: whoever shows them says how
 * a name is to be written (as code, escaped).
 */

/** Worst first: the order in which models are shown. */
const WORST_FIRST: readonly Status[] = ['error', 'mismatch', 'unsupported', 'unverified', 'pass'];

const SEVERITIES: readonly Finding['severity'][] = [
  'error',
  'mismatch',
  'unsupported',
  'unverified',
  'warning',
  'note',
];

/** A sign for each status; always beside words, never instead of them. */
export const SIGNS: Record<Status, string> = {
  pass: '✅',
  mismatch: '❌',
  unverified: '⚪',
  unsupported: '🚫',
  error: '💥',
};

/** The model's sign; what is waived has one of its own. */
export const signOf = (model: ModelReport): string => (isWaived(model) ? '🟡' : SIGNS[model.status]);

/** The status in a word or two, for tables. */
export const STATUS_WORDS: Record<Status, string> = {
  pass: 'the same',
  mismatch: 'differs',
  unverified: 'not compared',
  unsupported: 'not converted',
  error: 'in error',
};

/** Errors of the run, not of a file: what was read when they came is not known. */
const OF_THE_RUN: ReadonlySet<string> = new Set([
  'process-crashed',
  'timed-out',
  'out-of-memory',
  'cancelled',
  'cannot-write',
]);

/** The file itself is at fault: nothing of it is known. Any other error is about something beside it, or about the run. */
function isUnread({ status, source, diagnostics }: ModelReport): boolean {
  return status === 'error' && source?.opsets === undefined && !diagnostics.some((d) => OF_THE_RUN.has(d.code));
}

/** The path that the reader knows: from the workspace. */
export function shownPath(model: ModelReport): string {
  return model.file ?? model.path;
}

/** The models, worst first, what is waived behind what fails, then by path. */
export function worstFirst(models: readonly ModelReport[]): ModelReport[] {
  const rank = (m: ModelReport) =>
    isWaived(m) ? WORST_FIRST.indexOf('unverified') - 0.5 : WORST_FIRST.indexOf(m.status);
  return [...models].sort((a, b) => rank(a) - rank(b) || (a.path < b.path ? -1 : a.path > b.path ? 1 : 0));
}

/** The findings, worst first, else in their order. */
export function findingsWorstFirst(findings: readonly Finding[]): Finding[] {
  return [...findings].sort((a, b) => SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity));
}

/** What became of it is known, and accepted for a time: see the settings file's `expect`. */
export function isWaived({ waiver, status }: ModelReport): boolean {
  return waiver?.holds === true && waiver.expect === status;
}

/** A model that somebody has to do something about. */
export function isFailing(model: ModelReport): boolean {
  return model.status !== 'pass' && model.status !== 'unverified' && !isWaived(model);
}

/** The status in a few words, with the waiver where one bears on it. */
export function statusWords(model: ModelReport): string {
  const words = isUnread(model) ? 'not readable' : STATUS_WORDS[model.status];
  if (isWaived(model)) return `${words}, waived until ${model.waiver?.expires}`;
  return model.waiver?.holds === false ? `${words}, waiver ended` : words;
}

/** What the settings file says of the outcome, and whether that counts, in a sentence; undefined where it says nothing. */
export function waiverText(model: ModelReport): string | undefined {
  const { waiver } = model;
  if (waiver === undefined) return undefined;
  const reason = waiver.reason.trim();
  if (!waiver.holds) return `The waiver ended on ${waiver.expires} and counts no more. It said: ${reason}`;
  if (isWaived(model)) return `This is known, and waived until ${waiver.expires}: ${reason}`;
  return `A waiver until ${waiver.expires} expects that it ${ALONE[waiver.expect]}, which is not what came: ${reason}`;
}

/** At most so many names in the headline. */
const NAMED = 3;

/** The verdict on the run: `2 of 8 models differ: a, b. 1 could not be converted: c. The other 5 still compute the same.` */
export function headline(report: Report, name: (path: string) => string): string {
  const models = worstFirst(report.models);
  if (models.length === 0) return noModels(report.selection);
  const of = (group: Group | 'pass') => models.filter((m) => groupOf(m) === group);
  const passed = of('pass').length;
  if (passed === models.length)
    return passed === 1 ? `${name(shownPath(models[0] as ModelReport))} still computes the same.` : allTheSame(passed);
  if (models.length === 1) return `${alone(models[0] as ModelReport, name)}.`;
  const sentences = (['mismatch', 'unread', 'error', 'unsupported', 'waived', 'unverified'] as const).flatMap(
    (group) => {
      const some = of(group);
      return some.length === 0 ? [] : [{ some, words: GROUPS[group][some.length === 1 ? 0 : 1] }];
    },
  );
  const parts = sentences.map(({ some, words }, i) => {
    const subject =
      i > 0
        ? String(some.length)
        : some.length === models.length
          ? allOf(some.length)
          : `${some.length} of ${counted(models.length, 'model')}`;
    return `${subject} ${words}: ${named(some, name)}.`;
  });
  if (passed > 0)
    parts.push(passed === 1 ? 'The other one still computes the same.' : `The other ${passed} still compute the same.`);
  return parts.join(' ');
}

function noModels(selection: Selection | undefined): string {
  if (selection === undefined || selection.found === 0) return 'No models were found.';
  if (selection.shard !== undefined) return `No models fell to the shard ${selection.shard}.`;
  return selection.found === 1 ? 'The model has not changed.' : `None of the ${selection.found} models has changed.`;
}

/** Which models these are, where they aren't all: `3 of 12 models: those that have changed since 1a2b3c4d5e`. */
export function selectionText({ selection, models }: Report): string | undefined {
  if (selection === undefined) return undefined;
  const parts = [
    selection.changedSince === undefined
      ? ''
      : `those that have changed since ${/^[0-9a-f]{40,}$/.test(selection.changedSince) ? selection.changedSince.slice(0, 10) : selection.changedSince}`,
    selection.shard === undefined ? '' : `shard ${selection.shard}`,
  ].filter((part) => part !== '');
  return parts.length === 0
    ? undefined
    : `${models.length} of ${counted(selection.found, 'model')}: ${parts.join(', ')}`;
}

function allTheSame(n: number): string {
  return `${allOf(n)} still compute the same.`;
}

function allOf(n: number): string {
  return n === 2 ? 'Both models' : `All ${n} models`;
}

type Group = Exclude<Status, 'pass'> | 'waived' | 'unread';

function groupOf(model: ModelReport): Group | 'pass' {
  return isWaived(model) ? 'waived' : isUnread(model) ? 'unread' : model.status;
}

const GROUPS: Record<Group, [string, string]> = {
  mismatch: ['differs', 'differ'],
  unread: ['could not be read', 'could not be read'],
  error: ['ended in an error', 'ended in an error'],
  unsupported: ['could not be converted', 'could not be converted'],
  waived: ['is as a waiver expects', 'are as waivers expect'],
  unverified: ['was converted, but compared with nothing', 'were converted, but compared with nothing'],
};

const ALONE: Record<Status | 'unread', string> = {
  pass: 'still computes the same',
  mismatch: 'does not compute the same any more',
  unread: 'could not be read',
  error: 'ended in an error',
  unsupported: 'could not be converted',
  unverified: 'was converted, but compared with nothing',
};

function alone(model: ModelReport, name: (path: string) => string): string {
  return `${name(shownPath(model))} ${ALONE[isUnread(model) ? 'unread' : model.status]}${isWaived(model) ? `, which is waived until ${model.waiver?.expires}` : ''}`;
}

function named(models: readonly ModelReport[], name: (path: string) => string): string {
  const shown = models.slice(0, NAMED).map((m) => name(shownPath(m)));
  const rest = models.length - shown.length;
  return rest > 0 ? `${shown.join(', ')} and ${rest} more` : shown.join(', ');
}

/** The checks that count: all but the guarded ones, which only explain. */
export function verdictChecks(model: ModelReport): Check[] {
  return model.checks.filter((check) => check.guarded !== true);
}

/** Failures first, then by the share of the tolerance that was used, largest first. */
export function checksWorstFirst(checks: readonly Check[]): Check[] {
  const rank = (c: Check) => ['error', 'mismatch', 'pass'].indexOf(c.status);
  return [...checks].sort((a, b) => rank(a) - rank(b) || compareFigures(b.used, a.used));
}

function compareFigures(a: Figure | undefined, b: Figure | undefined): number {
  const size = (x: Figure | undefined) => (x === undefined ? -1 : Number.isNaN(numberOf(x)) ? Infinity : numberOf(x));
  const [left, right] = [size(a), size(b)];
  return left === right ? 0 : left < right ? -1 : 1;
}

/** The check that decides: the worst of those that count. */
export function worstCheck(model: ModelReport): Check | undefined {
  return checksWorstFirst(verdictChecks(model))[0];
}

/** All that its reason says stands in the figures: elements beyond tolerance, and the worst of them. */
export function isSaidByFigures({ beyond = 0, worst, agreement, nonFinite }: Check): boolean {
  const allFinite = nonFinite === undefined || Object.values(nonFinite).every(({ nan, inf }) => nan === 0 && inf === 0);
  return beyond > 0 && worst !== undefined && agreement === undefined && allFinite;
}

/** The verdict on one model in a sentence or two. */
export function modelVerdict(model: ModelReport): string {
  const checks = verdictChecks(model);
  const worst = worstCheck(model);
  switch (model.status) {
    case 'pass':
      return `${outputsWords(checks)} with ${referenceWords(checks)}${worst?.used === undefined ? '' : `; the largest error takes ${shareOfAllowed(worst.used)}`}.`;
    case 'mismatch':
      return mismatchWords(model, checks, worst);
    case 'unverified':
      return 'It was converted, but there was nothing to compare it with: whether it still computes the same is not known.';
    case 'unsupported':
      return `It was not converted: ${refusalWords(model)}.`;
    case 'error':
      return worst?.reason ?? findingsWorstFirst(model.diagnostics)[0]?.message ?? 'It ended in an error.';
  }
}

/** Why a model fails, for a line that has its status already: the first clause, without figures. */
export function reasonInShort(model: ModelReport): string {
  const whole = model.status === 'unsupported' ? refusalWords(model) : modelVerdict(model);
  return whole.split('; ')[0] as string;
}

function outputsWords(checks: readonly Check[]): string {
  const outputs = new Set(checks.map((c) => c.output)).size;
  return outputs === 1 ? 'Its output agrees' : outputs === 2 ? 'Both outputs agree' : `All ${outputs} outputs agree`;
}

/** What the comparison rests on: said plainly, since a stored output proves more than a run of the source. */
function referenceWords(checks: readonly Check[]): string {
  const kinds = new Set(checks.map((c) => c.reference.kind));
  const names = new Set(checks.filter((c) => c.reference.kind === 'stored').map((c) => c.reference.name)).size;
  const stored = names === 1 ? 'the stored reference' : `the ${names} stored references`;
  if (!kinds.has('stored')) return 'what onnxruntime computes from the source (no outputs are stored)';
  return kinds.has('onnxruntime') ? `${stored} and with what onnxruntime computes` : stored;
}

/** The first of the reasons, and how many more there are. */
function refusalWords({ diagnostics }: ModelReport): string {
  const reasons = diagnostics.filter((d) => d.severity === 'unsupported');
  const [first] = reasons;
  if (first === undefined) return 'parts of it cannot be said in what was asked for';
  const more = reasons.length === 1 ? '' : ` (and ${counted(reasons.length - 1, 'more reason')})`;
  const { op } = first.place;
  const about = op === undefined || first.message.includes(op.split(' ')[0] as string) ? '' : `${op}: `;
  return `${about}${first.message.replace(/\.$/, '')}${more}`;
}

function mismatchWords(model: ModelReport, checks: readonly Check[], worst: Check | undefined): string {
  const bad = checks.filter((c) => c.status !== 'pass');
  const outputs = new Set(bad.map((c) => c.output)).size;
  const against = bad.some((c) => c.reference.kind === 'stored') ? 'what is stored' : 'what the source gives';
  const head = model.diagnostics.some((d) => d.code === 'reference-at-fault')
    ? `It computes what onnxruntime computes from the source, but the stored reference holds something else`
    : `It was converted, but ${outputs === 1 ? 'an output is' : `${counted(outputs, 'output')} are`} not ${against}`;
  if (worst === undefined) return `${head}.`;
  if (worst.reason !== undefined) return `${head}: ${worst.reason.replace(/\.$/, '')}.`;
  return `${head}: the largest error is ${figure(worst.maxAbs)}${worst.used === undefined ? '' : `, ${shareOfAllowed(worst.used)}`}.`;
}
