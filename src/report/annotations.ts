import { shorten, visible, visibleLines } from '../diag/escape.js';
import { counted } from './figures.js';
import { placeParts } from './findings.js';
import type { Finding, ModelReport, Report } from './types.js';
import {
  findingsWorstFirst,
  isFailing,
  isWaived,
  modelVerdict,
  shownPath,
  statusWords,
  verdictChecks,
  waiverText,
  worstFirst,
} from './verdict.js';

/** What GitHub shows at a file: the parts of an `::error` command, visible but not yet escaped for it. */
export interface Annotation {
  /** notice: known, and waived. */
  level: 'error' | 'warning' | 'notice';
  title: string;
  message: string;
  /** Relative to the repository. Absent for what concerns no file. */
  file?: string;
  /** A binary file has a first line, too. */
  line?: number;
}

export interface AnnotationOptions {
  /** Which models let the run fail: they are errors, the others that aren't well are warnings. Absent: all failing ones. */
  fails?: (model: ModelReport) => boolean;
  /** GitHub keeps ten of a kind per step and drops the others in silence. */
  limit?: number;
}

/** GitHub cuts messages at 4096 characters. */
const LONGEST = 3000;

/**
 * One annotation per model that fails or isn't what it should be, worst first, on the model's path or on the file that is
 * at fault, and last those that are waived; where there are more than `limit`, the last says how many.
 */
export function annotations(report: Report, { fails = isFailing, limit = 10 }: AnnotationOptions = {}): Annotation[] {
  const models = worstFirst(report.models).filter((m) => isFailing(m) || isWaived(m) || fails(m));
  const level = (m: ModelReport) => levelOf(m, fails);
  // What fails the run stands before what doesn't, and that before what is known.
  const sorted = LEVELS.flatMap((wanted) => models.filter((m) => level(m) === wanted));
  if (sorted.length <= limit) return sorted.map((m) => annotation(m, level(m)));
  const rest = sorted.slice(limit - 1);
  const worst = LEVELS.find((l) => rest.some((m) => level(m) === l)) as Annotation['level'];
  return [...sorted.slice(0, limit - 1).map((m) => annotation(m, level(m))), theOthers(rest, worst)];
}

const LEVELS = ['error', 'warning', 'notice'] as const;

function levelOf(model: ModelReport, fails: (model: ModelReport) => boolean): Annotation['level'] {
  return fails(model) ? 'error' : isWaived(model) ? 'notice' : 'warning';
}

function annotation(model: ModelReport, level: Annotation['level']): Annotation {
  const findings = findingsWorstFirst(model.diagnostics).filter((f) => f.severity !== 'note');
  return {
    level,
    title: visible(shorten(`${basename(shownPath(model))}: ${statusWords(model)}`, 120)),
    message: visibleLines(shorten(message(model, findings), LONGEST)),
    ...placeAtFault(model, findings),
  };
}

/** The verdict, then each finding with its remedy. */
function message(model: ModelReport, findings: readonly Finding[]): string {
  const verdict = modelVerdict(model);
  const outputs = verdictChecks(model).filter((c) => c.status !== 'pass' && c.reason && !verdict.includes(c.reason));
  const lines = [
    verdict,
    waiverText(model) ?? '',
    ...outputs.slice(0, 3).map((c) => `${c.output ?? 'all outputs'} on ${c.engine}: ${c.reason}`),
    ...findings
      .slice(0, 5)
      .map((f) => `${f.message === verdict ? '' : `${f.message}. `}${f.remedy === '' ? '' : `Remedy: ${f.remedy}`}`),
  ];
  if (findings.length > 5) lines.push(`… and ${findings.length - 5} more findings in the report`);
  return lines.filter((line) => line !== '').join('\n');
}

/**
 * Where a waiver has ended, its line in the settings file; else the file, and the line where there is one, that the worst
 * finding names (a reference, the settings file); else the model.
 */
function placeAtFault(model: ModelReport, findings: readonly Finding[]): { file: string; line: number } {
  const ended = findings.find((f) => f.code === 'waiver-expired' && f.place.line !== undefined);
  const { file, line = 1 } = (ended ?? findings[0])?.place ?? {};
  return file === undefined || file === model.path ? { file: shownPath(model), line: 1 } : { file, line };
}

function basename(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

function theOthers(models: readonly ModelReport[], level: Annotation['level']): Annotation {
  const all = models.map((m) => `${shorten(shownPath(m), 100)}: ${statusWords(m)}`);
  let room = LONGEST;
  const names = all.filter((line) => (room -= line.length + 1) >= 0);
  const rest = models.length - names.length;
  return {
    level,
    title: `${counted(models.length, 'more model')} not as they should be`,
    message: visibleLines([...names, ...(rest > 0 ? [`… and ${rest} more, in the job summary`] : [])].join('\n')),
  };
}

/** Of one model; the check run's summary says how many there are. */
const FINDINGS_OF_MODEL = 100;

/** Every finding of every model that isn't well, worst model first, where there is room for all: in a check run. */
export function allAnnotations(report: Report, { fails = isFailing }: AnnotationOptions = {}): Annotation[] {
  const models = worstFirst(report.models).filter(
    (m) => isFailing(m) || isWaived(m) || fails(m) || m.diagnostics.some((d) => d.severity === 'warning'),
  );
  return models.flatMap((model) => {
    const findings = findingsWorstFirst(model.diagnostics).filter((f) => f.severity !== 'note');
    const level = levelOf(model, fails);
    if (findings.length === 0 || isWaived(model)) return [annotation(model, level)];
    return findings.slice(0, FINDINGS_OF_MODEL).map((finding): Annotation => {
      const where = placeParts(finding, model).map(({ what, name }) => `${what} ${name}`);
      const lines = [finding.message, where.join(', '), finding.remedy === '' ? '' : `Remedy: ${finding.remedy}`];
      return {
        level: level === 'error' && finding.severity !== 'warning' ? 'error' : 'warning',
        title: visible(shorten(`${basename(shownPath(model))}: ${finding.code}`, 120)),
        message: visibleLines(shorten(lines.filter((line) => line !== '').join('\n'), LONGEST)),
        ...placeAtFault(model, [finding]),
      };
    });
  });
}
