/** Waivers: outcomes that are known, with a reason and an end. */
import type { Waiver } from './config.js';
import * as say from '../diag/catalogue-run.js';
import type { ModelReport } from '../report/types.js';

/**
 * Enters a waiver into a model's report: while it holds, the outcome that it expects doesn't let the run fail; once it has
 * ended, or another outcome has come, that is said. `today`: as 2027-01-31; `file`: the settings file, for people.
 */
export function applyWaiver(report: ModelReport, waiver: Waiver | undefined, today: string, file: string): void {
  if (!waiver) return;
  const { expect, reason, expires, line } = waiver;
  const place = { file, line };
  // Days in this form are in order where the texts are.
  const holds = today <= expires;
  report.waiver = { expect, reason, expires, holds };
  if (!holds) report.diagnostics.push(say.waiverExpired(place, waiver.expect, waiver.expires));
  else if (report.status !== waiver.expect && report.status !== 'error')
    report.diagnostics.push(say.waiverUnneeded(place, waiver.expect, report.status));
}
