/** `quantize: auto`: the smallest storage of a model's weights that the judge lets pass. */
import type { QuantizationPlan } from '../convert/convert-types.js';
import { notMeasured, storedLarger } from '../diag/catalogue-quantize.js';
import type { FoundModel } from './find.js';
import { failure, type Turn, verifyRequest } from './judge.js';
import type { ModelReport, QuantizationFacts, Status, Storage } from '../report/types.js';
import type { FormatStorage, StorageAnswer, StorageRequest } from '../verify/storage/find.js';

/** Where a model comes from, and where its folder stands. */
interface Target {
  model: FoundModel;
  folder: string;
  workspace: string;
}

/** What is done with a model. */
interface Work {
  /** Writes it into its place, its weights stored as planned; the report of that. */
  converted(plan: QuantizationPlan): Promise<ModelReport>;
  /** Judges it, and enters the verdict into the report. */
  judged(report: ModelReport, provisional: boolean): Promise<Status>;
}

/** Of the time that is left, the search may take this. */
const SHARE = 1 / 3;
/** Choices that are written and judged before all weights are float32 again. */
const MOST_ATTEMPTS = 3;

/**
 * From a model that was written with all weights as float32 to one with the smallest weights within tolerance: looked for
 * by runs on stock TensorFlow.js in a child, written anew by the converter, and judged as any other model. What the search
 * found and the judge doesn't let pass, since it knows more engines and references, gives way to a larger one.
 */
export async function withSmallestWeights(
  turn: Turn,
  { model, folder, workspace }: Target,
  plain: ModelReport,
  { converted, judged }: Work,
): Promise<ModelReport> {
  const begun = performance.now();
  const asItIs = async (why: string): Promise<ModelReport> => {
    plain.diagnostics.push(notMeasured(turn.place, why));
    if (turn.settings.verify) await judged(plain, false);
    return plain;
  };
  if (!turn.settings.verify) return asItIs('models are not verified in this run');
  turn.doing('measuring quantized weights');
  const source = { model: model.file, relativePath: model.path, workspace };
  const outcome = await turn.lease.call<StorageAnswer>(
    'storage',
    {
      ...verifyRequest(turn, folder, source),
      milliseconds: (turn.deadline - begun) * SHARE,
    } satisfies StorageRequest,
    turn.deadline,
    turn.doing,
  );
  if (!outcome.ok) return asItIs(failure(turn, outcome, 'measuring quantized weights').message);
  const { formats, diagnostics, restart } = outcome.value;
  if (restart) turn.lease.retire();
  const took = Math.round(performance.now() - begun);
  const choices = Math.max(0, ...formats.map((f) => f.choices.length));
  for (let attempt = 0; ; attempt++) {
    const isLast = attempt === MOST_ATTEMPTS || attempt >= choices - 1;
    const chosen = formats.map((f) => ({
      ...f,
      at: isLast ? f.choices.length - 1 : Math.min(attempt, f.choices.length - 1),
    }));
    const plan = Object.fromEntries(chosen.map(({ format, choices: all, at }) => [format, all[at]?.weights ?? {}]));
    const report = await converted(plan);
    report.timings.quantize = took;
    if (report.status !== 'unverified') return report;
    report.diagnostics.push(...diagnostics);
    if (attempt > 0) report.diagnostics.push(storedLarger(turn.place, attempt));
    report.quantization = report.quantization?.map((facts) => withSearch(facts, chosen));
    const verdict = await judged(report, !isLast);
    if (verdict !== 'mismatch' || isLast) return report;
  }
}

function withSearch(facts: QuantizationFacts, chosen: readonly (FormatStorage & { at: number })[]): QuantizationFacts {
  const found = chosen.find((f) => f.format === facts.format);
  if (!found) return facts;
  const { weights: plan = {}, trial = 0 } = found.choices[found.at] ?? {};
  const weights = found.weights.map(({ name, elements, used }) => {
    const stored: Storage = Object.hasOwn(plan, name) ? plan[name] : 'float32';
    const bytes = elements * (stored === 'float32' ? 4 : stored === 'uint8' ? 1 : 2);
    return { name, stored, bytes, ...(used === undefined ? {} : { used }) };
  });
  return { ...facts, search: { ...found.search, chosen: trial, weights } };
}
