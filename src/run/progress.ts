/** What is going on, drawn: a bar for the whole run, and one for each model that is being worked on. */
import { shorten } from '../diag/escape.js';
import { filled } from '../report/bar.js';
import { counted, duration } from '../report/figures.js';

/** A model that is being worked on. Its name and step are fit to print. */
export interface Working {
  readonly name: string;
  readonly step: string;
  /** Milliseconds since it was begun. */
  readonly took: number;
}

/** What is done with a model, in order; what it is doing says how far it has come. */
const STEPS = [/^converting/, /^judging$/, /^running the source/, /^judging on/, /^looking for/];

const WIDE = 24;
const NARROW = 8;
/** More models at a time are counted. */
const SHOWN = 8;

/** From 0 to 1, by the step that is being done; what isn't known is the beginning. */
export function shareDone(step: string): number {
  return (STEPS.findIndex((s) => s.test(step)) + 1) / (STEPS.length + 1);
}

/**
 * The lines, each at most `columns` wide, and not more than `rows`.
 *
 * @param took milliseconds since the run began
 */
export function progressLines(
  models: readonly Working[],
  { total, done, took }: { total: number; done: number; took: number },
  { columns, rows }: { columns: number; rows: number },
): string[] {
  const share = total === 0 ? 0 : (done + models.reduce((sum, m) => sum + shareDone(m.step), 0)) / total;
  const head = `${filled(share, WIDE)}  ${done} of ${counted(total, 'model')} · ${duration(took)}`;
  const most = Math.max(0, Math.min(SHOWN, rows - 3));
  const shown = models.slice(0, models.length <= most ? most : most - 1);
  const lines = shown.map(({ name, step, took: since }) => {
    const tail = `  ${step} · ${duration(since)}`;
    const room = Math.max(10, columns - 2 - NARROW - 2 - tail.length - 1);
    return `  ${filled(shareDone(step), NARROW)}  ${shorten(name, room)}${tail}`;
  });
  const more = models.length - shown.length;
  if (more > 0 && most > 0) lines.push(`  and ${more} more`);
  return [head, ...lines].map((line) =>
    Array.from(line)
      .slice(0, Math.max(1, columns - 1))
      .join(''),
  );
}
