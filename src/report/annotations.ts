import { shorten, visible, visibleLines } from '../diag/escape.js';
import { counted } from './figures.js';
import { placeParts } from './findings.js';
import type { Finding, ModelReport, Report } from './types.js';
import {
  findingsWorstFirst,
  isFailing,
  modelVerdict,
  shownPath,
  STATUS_WORDS,
  verdictChecks,
  worstFirst,
} from './verdict.js';

/** What GitHub shows at a file: the parts of an `::error` command, visible but not yet escaped for it. */
export interface Annotation {
  level: 'error' | 'warning';
  title: string;
  message: string;
  /** Relative to the repository. Absent for what concerns no file. */
  file?: string;
  /** A binary file has a first line, too. */
  line?: 1;
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
 * at fault; where there are more than `limit`, the last says how many.
 */
export function annotations(report: Report, { fails = isFailing, limit = 10 }: AnnotationOptions = {}): Annotation[] {
  const models = worstFirst(report.models).filter((m) => isFailing(m) || fails(m));
  // What fails the run stands before what doesn't.
  const sorted = [...models.filter(fails), ...models.filter((m) => !fails(m))];
  if (sorted.length <= limit) return sorted.map((m) => annotation(m, fails(m)));
  const rest = sorted.slice(limit - 1);
  return [...sorted.slice(0, limit - 1).map((m) => annotation(m, fails(m))), theOthers(rest, rest.some(fails))];
}

function annotation(model: ModelReport, isError: boolean): Annotation {
  const findings = findingsWorstFirst(model.diagnostics).filter((f) => f.severity !== 'note');
  return {
    level: isError ? 'error' : 'warning',
    title: visible(shorten(`${basename(shownPath(model))}: ${STATUS_WORDS[model.status]}`, 120)),
    message: visibleLines(shorten(message(model, findings), LONGEST)),
    file: fileAtFault(model, findings),
    line: 1,
  };
}

/** The verdict, then each finding with its remedy. */
function message(model: ModelReport, findings: readonly Finding[]): string {
  const verdict = modelVerdict(model);
  const outputs = verdictChecks(model).filter((c) => c.status !== 'pass' && c.reason && !verdict.includes(c.reason));
  const lines = [
    verdict,
    ...outputs.slice(0, 3).map((c) => `${c.output ?? 'all outputs'} on ${c.engine}: ${c.reason}`),
    ...findings
      .slice(0, 5)
      .map((f) => `${f.message === verdict ? '' : `${f.message}. `}${f.remedy === '' ? '' : `Remedy: ${f.remedy}`}`),
  ];
  if (findings.length > 5) lines.push(`… and ${findings.length - 5} more findings in the report`);
  return lines.filter((line) => line !== '').join('\n');
}

/** The file that the worst finding names (a configuration, a reference), else the model. */
function fileAtFault(model: ModelReport, findings: readonly Finding[]): string {
  const named = findings[0]?.place.file;
  return named === undefined || named === model.path ? shownPath(model) : named;
}

function basename(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

function theOthers(models: readonly ModelReport[], isError: boolean): Annotation {
  const names = models.slice(0, 20).map((m) => `${shorten(shownPath(m), 100)}: ${STATUS_WORDS[m.status]}`);
  const rest = models.length - names.length;
  return {
    level: isError ? 'error' : 'warning',
    title: `${counted(models.length, 'more model')} not as they should be`,
    message: visibleLines([...names, ...(rest > 0 ? [`… and ${rest} more, in the job summary`] : [])].join('\n')),
  };
}

/** Of one model; the check run's summary says how many there are. */
const FINDINGS_OF_MODEL = 100;

/** Every finding of every model that isn't well, worst model first, where there is room for all: in a check run. */
export function allAnnotations(report: Report, { fails = isFailing }: AnnotationOptions = {}): Annotation[] {
  const models = worstFirst(report.models).filter(
    (m) => isFailing(m) || fails(m) || m.diagnostics.some((d) => d.severity === 'warning'),
  );
  return models.flatMap((model) => {
    const findings = findingsWorstFirst(model.diagnostics).filter((f) => f.severity !== 'note');
    if (findings.length === 0) return [annotation(model, fails(model))];
    return findings.slice(0, FINDINGS_OF_MODEL).map((finding): Annotation => {
      const where = placeParts(finding, model).map(({ what, name }) => `${what} ${name}`);
      const lines = [finding.message, where.join(', '), finding.remedy === '' ? '' : `Remedy: ${finding.remedy}`];
      return {
        level: fails(model) && finding.severity !== 'warning' ? 'error' : 'warning',
        title: visible(shorten(`${basename(shownPath(model))}: ${finding.code}`, 120)),
        message: visibleLines(shorten(lines.filter((line) => line !== '').join('\n'), LONGEST)),
        file: fileAtFault(model, [finding]),
        line: 1,
      };
    });
  });
}
