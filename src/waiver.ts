/** Waivers: outcomes that are known, with a reason and an end. */
import type { Waiver } from './config.js';
import * as say from './diag/catalogue-run.js';
import type { ModelReport } from './report/types.js';

/**
 * Enters a waiver into a model's report: while it holds, the outcome that it expects doesn't let the run fail; once it has
 * ended, or another outcome has come, that is said. `today`: as 2027-01-31.
 */
export function applyWaiver(report: ModelReport, waiver: Waiver | undefined, today: string): void {
  if (!waiver) return;
  const place = { file: report.path };
  // Days in this form are in order where the texts are.
  const holds = today <= waiver.expires;
  report.waiver = { ...waiver, holds };
  if (!holds) report.diagnostics.push(say.waiverExpired(place, waiver.expect, waiver.expires));
  else if (report.status !== waiver.expect && report.status !== 'error')
    report.diagnostics.push(say.waiverUnneeded(place, waiver.expect, report.status));
}
