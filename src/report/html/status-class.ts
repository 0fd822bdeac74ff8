import type { ModelReport } from '../types.js';
import { isWaived } from '../verdict.js';

/** The style's name for a model's status. */
export function statusClass(model: ModelReport): string {
  return isWaived(model) ? 'waived' : model.status;
}
