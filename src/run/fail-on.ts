import { type Diagnostic, SEVERITIES, type Severity } from '../diag/diagnostic.js';
import type { ModelReport, Report } from '../report/types.js';
import { isWaived } from '../report/verdict.js';

export type FailOn = 'error' | 'mismatch' | 'unsupported' | 'unverified' | 'warning' | 'never';

/**
 * How bad a model is. Its status says it, since a finding of severity `unsupported` may have led to another format and
 * so to a pass; but an error or a warning counts wherever it stands.
 */
export function severityOf(model: ModelReport): Severity {
  const status: Severity = model.status === 'pass' || isWaived(model) ? 'note' : model.status;
  return worst([status, ...model.diagnostics.flatMap(countsAnywhere)]);
}

function countsAnywhere({ severity }: Pick<Diagnostic, 'severity'>): Severity[] {
  if (severity === 'error') return ['error'];
  return severity === 'note' ? [] : ['warning'];
}

/** Whether a finding of this severity lets the run fail. */
export function reaches(severity: Severity, failOn: FailOn): boolean {
  return failOn !== 'never' && SEVERITIES.indexOf(severity) <= SEVERITIES.indexOf(failOn);
}

export function runFails(report: Report, failOn: FailOn): boolean {
  return reaches(
    worst([...report.models.map(severityOf), ...(report.diagnostics ?? []).map((d) => d.severity)]),
    failOn,
  );
}

function worst(severities: readonly Severity[]): Severity {
  return SEVERITIES[Math.min(SEVERITIES.length - 1, ...severities.map((s) => SEVERITIES.indexOf(s)))] as Severity;
}
