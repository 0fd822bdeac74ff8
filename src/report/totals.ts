import { numberOf } from './figures.js';
import type { Check, Figure, ModelReport, Totals } from './types.js';

/** The sums over a run's models. */
export function totalsOf(models: readonly ModelReport[]): Totals {
  const totals: Totals = {
    models: models.length,
    pass: 0,
    mismatch: 0,
    unverified: 0,
    unsupported: 0,
    error: 0,
    bytesIn: 0,
    bytesOut: 0,
  };
  for (const model of models) {
    totals[model.status] += 1;
    totals.bytesIn += model.source?.bytes ?? 0;
    for (const artefact of model.artefacts) totals.bytesOut += artefact.bytes;
  }
  const maxAbsError = largestError(models.flatMap((m) => m.checks));
  return maxAbsError === undefined ? totals : { ...totals, maxAbsError };
}

/** The largest absolute error of the checks that count; NaN is beyond all. */
export function largestError(checks: readonly Check[]): Figure | undefined {
  let largest: Figure | undefined;
  for (const { maxAbs, guarded } of checks) {
    if (maxAbs === undefined || guarded || largest === 'NaN') continue;
    if (largest === undefined || maxAbs === 'NaN' || numberOf(maxAbs) > numberOf(largest)) largest = maxAbs;
  }
  return largest;
}
