/** One annotation per model that somebody has to look at, on its path; the runner shows ten and drops the rest unseen. */
import { error, warning } from '@actions/core';
import { shorten, visible, visibleLines } from '../diag/escape.js';
import { type FailOn, reaches, severityOf } from '../fail-on.js';
import type { ModelReport, Report } from '../report/types.js';
import { findingsWorstFirst, isFailing, modelVerdict, STATUS_WORDS, worstFirst } from '../report/verdict.js';

/** Of each level, per step. */
const LIMIT = 10;
/** The runner cuts a message at 4096 characters. */
const LENGTH = 4000;
const FINDINGS_SHOWN = 5;

export interface Annotation {
  level: 'error' | 'warning';
  file: string;
  title: string;
  message: string;
}

/** At most ten, worst first; where there are more models, the tenth says how many. Pure. */
export function annotationsOf(report: Report, failOn: FailOn): Annotation[] {
  const models = worstFirst(report.models).filter((m) => isFailing(m) || reaches(severityOf(m), failOn));
  const shown = models.length > LIMIT ? LIMIT - 1 : models.length;
  const annotations = models.slice(0, shown).map((m) => annotationOf(m, failOn));
  const next = models[shown];
  if (next === undefined) return annotations;
  const rest = models.slice(shown);
  annotations.push({
    level: rest.some((m) => levelOf(m, failOn) === 'error') ? 'error' : 'warning',
    file: pathOf(next),
    title: `${rest.length} more models`,
    message: `${rest.length} more models need a look: ${rest.slice(0, 40).map((m) => visible(shorten(pathOf(m), 80))).join(', ')}${rest.length > 40 ? ' …' : ''}. The report has them all.`,
  });
  return annotations;
}

/** Where the model stands in the repository, as GitHub's pages name it. */
const pathOf = (model: ModelReport): string => model.file ?? model.path;

function levelOf(model: ModelReport, failOn: FailOn): 'error' | 'warning' {
  return reaches(severityOf(model), failOn) ? 'error' : 'warning';
}

function annotationOf(model: ModelReport, failOn: FailOn): Annotation {
  const findings = findingsWorstFirst(model.diagnostics).filter((d) => d.severity !== 'note');
  const verdict = modelVerdict(model);
  const lines = findings.slice(0, FINDINGS_SHOWN).map(({ message, remedy, place }) => {
    const where = [place.op, place.node ?? place.tensor].filter(Boolean).map((part) => shorten(String(part), 80)).join(' ');
    return `${where === '' ? '' : `${where}: `}${shorten(message, 600)} (${remedy})`;
  });
  const said = lines.length > 0 && findings[0]?.message === verdict ? lines : [verdict, ...lines];
  if (findings.length > FINDINGS_SHOWN) said.push(`${findings.length - FINDINGS_SHOWN} more findings are in the report.`);
  return {
    level: levelOf(model, failOn),
    file: pathOf(model),
    title: `${path(model)}: ${STATUS_WORDS[model.status]}`,
    message: shorten(visibleLines(said.join('\n')), LENGTH),
  };
}

function path(model: ModelReport): string {
  return visible(shorten(pathOf(model), 100));
}

/** Core's own functions escape what could end a command. A binary file has no line but the first. */
export function annotate(annotations: readonly Annotation[]): void {
  for (const { level, file, title, message } of annotations)
    (level === 'error' ? error : warning)(message, { file, startLine: 1, title });
}
