/** Names of classes, for the report: from a file that the settings file names. */
import { readFileSync, realpathSync, statSync } from 'node:fs';
import path from 'node:path';
import * as say from '../diag/catalogue-run.js';
import type { Place } from '../diag/diagnostic.js';
import { isInside } from './find.js';
import type { ClassScore, ModelReport } from '../report/types.js';

/** A list of a hundred thousand names isn't larger. */
const MOST_BYTES = 4 * 2 ** 20;

/**
 * Gives the classes in a model's report their names. A file that can't be read, or that lies outside `home`, is a finding of
 * the model and leaves the numbers alone.
 *
 * @param file absolute; one name a line, the first that of class 0, or a JSON list
 * @param home absolute; what is read may not lead out of it, links resolved
 * @param place of the setting, for the finding
 */
export function applyLabels(report: ModelReport, file: string | undefined, home: string, place: Place): void {
  if (file === undefined) return;
  let names: readonly string[];
  try {
    names = readLabels(file, home);
  } catch (e) {
    report.diagnostics.push(say.labelsUnreadable(place, path.basename(file), (e as Error).message));
    return;
  }
  const named = (score: ClassScore): ClassScore => {
    const label = names[score.class]?.trim();
    return label ? { ...score, label } : score;
  };
  for (const { top, maps } of report.checks) {
    if (top) [top.expected, top.actual] = [top.expected.map(named), top.actual.map(named)];
    if (maps?.predicted)
      maps.predicted = { expected: named(maps.predicted.expected), actual: named(maps.predicted.actual) };
  }
}

/** Throws where there is no such list. */
function readLabels(file: string, home: string): string[] {
  if (!statSync(file, { throwIfNoEntry: false })?.isFile()) throw new Error('it is not there, or no file');
  if (!isInside(realpathSync(home), realpathSync(file))) throw new Error('it lies outside the workspace');
  if (statSync(file).size > MOST_BYTES) throw new Error('it is too large');
  const text = readFileSync(file, 'utf8').replace(/^\uFEFF/, '');
  if (!/\.json$/i.test(file)) return text.trimEnd().split(/\r?\n/);
  const list: unknown = JSON.parse(text);
  if (!Array.isArray(list) || !list.every((name) => typeof name === 'string'))
    throw new Error('it is no list of texts');
  return list;
}
