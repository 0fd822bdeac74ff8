import { noSecondSize, randomSource, sourceNotRun } from '../../diag/catalogue-source.js';
import { type Diagnostic, DiagnosticError } from '../../diag/diagnostic.js';
import { isInteger } from '../../tensor/dtype.js';
import { sizeOf, type Tensor } from '../../tensor/tensor.js';
import type { ConversionRecord, RecordedTensor } from '../record.js';
import type { ReferenceSet } from '../reference-set.js';
import { RUNNABLE } from './session.js';
import { describeSizes, isOpen, otherSizes, shapeFor, type Sizes, sizesFor, TRIES } from './sizes.js';
import { type SourceModel, SourceRunError } from './source.js';
import { randomOperator, usesOf } from './uses.js';
import { type Draw, draw, drawFor } from './values.js';

/** A data set that was made by running the source. */
export interface MadeSet {
  /** `seed 0`, `seed 1 (N=1, length=12)` */
  readonly name: string;
  readonly set: ReferenceSet;
  /** Of the model's open axes. */
  readonly sizes: Sizes;
}

export interface MadeSets {
  readonly sets: readonly MadeSet[];
  readonly diagnostics: readonly Diagnostic[];
}

/** By ONNX's name of the input: smallest and largest value, where somebody said so. */
export type Ranges = Readonly<Record<string, readonly [number, number]>>;

/** Above this many input elements one set has to do where all sizes are fixed: runs take seconds each. */
const MANY_ELEMENTS = 2 ** 18;

/**
 * Seeded inputs for a model and what onnxruntime computes from them: two sets, of two sizes where any is open. What stands
 * against it is in the diagnostics, and then there are no sets, or one.
 */
export async function seededSets(
  source: SourceModel,
  record: ConversionRecord,
  seed: string,
  ranges: Ranges = {},
): Promise<MadeSets> {
  const unfit = whyUnfit(source, record);
  if (unfit) return { sets: [], diagnostics: [unfit] };
  return isOpen(record.inputs) ? sized(source, record, seed, ranges) : plain(source, record, seed, ranges);
}

/** What keeps the source from being a measure of anything. */
function whyUnfit({ model }: SourceModel, record: ConversionRecord): Diagnostic | undefined {
  const drawn = randomOperator(model);
  if (drawn !== undefined) return randomSource(model.file, drawn);
  const strange = [...record.inputs, ...record.outputs].find((row) => !RUNNABLE.has(row.onnx.dtype));
  if (!strange) return undefined;
  const { name, dtype } = strange.onnx;
  return sourceNotRun(model.file, `it takes and gives no ${dtype} (${JSON.stringify(name)})`);
}

/**
 * A set of other sizes than those that stored references (`shown`) have in the model's open axes: what was right at one
 * size may have that size written into it. Where there is none, a note says so.
 */
export async function anotherSize(
  source: SourceModel,
  record: ConversionRecord,
  seed: string,
  ranges: Ranges,
  stored: { readonly sizes: Sizes; readonly shown: string },
): Promise<MadeSets> {
  const none = (why: string): MadeSets => ({
    sets: [],
    diagnostics: [noSecondSize(source.model.file, stored.shown, `the source takes none of the others: ${why}`)],
  });
  const unfit = whyUnfit(source, record);
  if (unfit) return none(unfit.message);
  let failure: string | undefined;
  for (const sizes of otherSizes(record.inputs, stored.sizes))
    try {
      const set = await setFor(source, record, sizes, { seed, round: 0, ranges });
      return { sets: [{ name: `seed 0 (${describeSizes(sizes)})`, set, sizes }], diagnostics: [] };
    } catch (e) {
      if (!(e instanceof SourceRunError || e instanceof DiagnosticError)) throw e;
      failure ??= e.message;
    }
  return none(failure ?? '');
}

async function plain(source: SourceModel, record: ConversionRecord, seed: string, ranges: Ranges): Promise<MadeSets> {
  const none: Sizes = new Map();
  const elements = record.inputs.reduce((sum, row) => sum + sizeOf(shapeFor(row, none)), 0);
  const count = elements === 0 || elements > MANY_ELEMENTS ? 1 : 2;
  const sets: MadeSet[] = [];
  for (let round = 0; round < count; round++)
    try {
      sets.push({
        name: `seed ${round}`,
        set: await setFor(source, record, none, { seed, round, ranges }),
        sizes: none,
      });
    } catch (e) {
      return { sets, diagnostics: [notRun(source, e)] };
    }
  return { sets, diagnostics: [] };
}

/** Sizes are tried until the source takes two of them: a network may well need multiples of 32, or a fixed batch. */
async function sized(source: SourceModel, record: ConversionRecord, seed: string, ranges: Ranges): Promise<MadeSets> {
  const sets: MadeSet[] = [];
  const seen = new Set<string>();
  let failure: unknown;
  for (let attempt = 0; attempt < TRIES && sets.length < 2; attempt++) {
    const sizes = sizesFor(record.inputs, attempt);
    const shown = describeSizes(sizes);
    if (seen.has(shown)) continue;
    seen.add(shown);
    try {
      const round = sets.length;
      sets.push({
        name: `seed ${round} (${shown})`,
        set: await setFor(source, record, sizes, { seed, round, ranges }),
        sizes,
      });
    } catch (e) {
      failure ??= e;
    }
  }
  if (sets.length === 0) return { sets, diagnostics: [notRun(source, failure)] };
  if (sets.length > 1) return { sets, diagnostics: [] };
  const why = `the source takes none of the others that were tried${failure instanceof Error ? `: ${failure.message}` : ''}`;
  return { sets, diagnostics: [noSecondSize(source.model.file, sets[0]?.name ?? '', why)] };
}

function notRun(source: SourceModel, e: unknown): Diagnostic {
  if (e instanceof DiagnosticError) return e.diagnostics[0] as Diagnostic;
  if (!(e instanceof SourceRunError)) throw e;
  return sourceNotRun(source.model.file, e.message);
}

async function setFor(
  source: SourceModel,
  record: ConversionRecord,
  sizes: Sizes,
  seeding: Seeding,
): Promise<ReferenceSet> {
  const attempt = async (timid: boolean): Promise<ReferenceSet> => {
    const inputs = new Map(record.inputs.map((row) => [row.onnx.name, inputFor(source, row, sizes, seeding, timid)]));
    return { inputs, outputs: await outputsOf(source, record, inputs) };
  };
  try {
    return await attempt(false);
  } catch (e) {
    // An integer may be an index in ways that aren't seen in the graph.
    if (!(e instanceof SourceRunError) || !record.inputs.some((row) => isInteger(row.onnx.dtype))) throw e;
    return attempt(true).catch(() => {
      throw e;
    });
  }
}

interface Seeding {
  readonly seed: string;
  readonly round: number;
  readonly ranges: Ranges;
}

/** `timid`: integers of 0 and 1 alone where nothing says what they have to be. */
function inputFor(
  source: SourceModel,
  row: RecordedTensor,
  sizes: Sizes,
  { seed, round, ranges }: Seeding,
  timid: boolean,
): Tensor {
  const { name, dtype } = row.onnx;
  const dims = shapeFor(row, sizes);
  const range = Object.hasOwn(ranges, name) ? ranges[name] : undefined;
  const how: Draw = range
    ? { kind: 'even', low: range[0], high: range[1] }
    : drawFor(name, dtype, dims, usesOf(source.model, name), timid);
  return draw(how, dtype, dims, `${seed} ${round} ${name}`, round);
}

/** What onnxruntime computes from these inputs, for every output of the record. Throws SourceRunError. */
export async function outputsOf(
  source: SourceModel,
  record: ConversionRecord,
  inputs: ReadonlyMap<string, Tensor>,
): Promise<ReadonlyMap<string, Tensor>> {
  const names = [...new Set(record.outputs.map((row) => row.onnx.name))];
  // An output that is an input isn't computed by anybody.
  const outputs = await source.run(inputs, names);
  const absent = names.find((name) => !outputs.has(name));
  if (absent !== undefined) throw new SourceRunError(`it gives no tensor for the output ${JSON.stringify(absent)}`);
  return outputs;
}
