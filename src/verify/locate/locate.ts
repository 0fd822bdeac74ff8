import * as say from '../../diag/catalogue-locate.js';
import { type Diagnostic, DiagnosticError } from '../../diag/diagnostic.js';
import type { Attribute, OnnxNode } from '../../onnx/model.js';
import type { Divergence } from '../../report/types.js';
import { sizeOf, type Tensor } from '../../tensor/tensor.js';
import { figure } from '../checks.js';
import type { Loaded } from '../engines/engine.js';
import { describeShape, type RecordedTensor } from '../record.js';
import { runBytes, type SourceModel, SourceRunError } from '../source/source.js';
import type { TfTensor } from '../tftensor.js';
import type { WrittenModel } from '../written.js';
import { bisect, type Found } from './bisect.js';
import { differenceOf } from './difference.js';
import { minimalModel, writeMinimal } from './minimal.js';
import { asSource, Probe } from './probe.js';
import { type Checkable, Values } from './values.js';

/** A run of which an output differs. */
export interface Mismatch {
  readonly model: WrittenModel;
  readonly engine: string;
  readonly loaded: Loaded;
  /** By ONNX's names; and the same as they are fed. */
  readonly inputs: ReadonlyMap<string, Tensor>;
  readonly feeds: ReadonlyMap<string, TfTensor>;
  /** What the written model gave, by its names. */
  readonly outputs: ReadonlyMap<string, TfTensor>;
  /** The outputs that differ from the reference. */
  readonly differing: readonly RecordedTensor[];
  /** Whether an output is within tolerance of what the source computes. */
  agrees(row: RecordedTensor, computed: Tensor): boolean;
}

export interface Located {
  readonly divergence?: Divergence;
  readonly finding: Diagnostic;
  /** Written into `folder`, relative to it. */
  readonly files: readonly string[];
}

/**
 * Shares of difference (see Difference) above which a value inside differs. Rounding in a deep network comes near the
 * first; where a difference is found to be inherited, a finer one is tried, and at last a coarser one.
 */
const THRESHOLDS = [1e-4, 1e-5, 1e-3];
/** A node is at fault where what it makes by itself of the written model's own values is so much of the difference. */
const OWN_SHARE = 0.3;
/** Values compared in one run; fewer where each may be large. */
const WIDTH = 8;
const NARROW = 3;
const LARGE_INPUT = 2 ** 20;

/**
 * Finds the first node whose inputs agree with the source's and whose output doesn't: values inside the source
 * (onnxruntime) and inside the written model are compared by bisection. What is found is then run alone on the written
 * model's own values: a node that gives the same there has only handed on, or enlarged, what came before. With `folder`, a
 * model of that node alone is written there, with its inputs.
 */
export async function locate(mismatch: Mismatch, source: SourceModel, { folder, until }: Bounds): Promise<Located> {
  const { model } = mismatch;
  const nothing = (finding: Diagnostic): Located => ({ finding, files: [] });
  try {
    const start = await firstWrong(mismatch, source);
    if (start === undefined) return nothing(say.referenceAtFault(model.file));
    const values = Values.of(source.model, model.record);
    if (!values?.get(start)) return nothing(say.notLocated(model.file, 'conversion.json does not list its nodes'));
    const probe = new Probe(source, mismatch.loaded, mismatch.inputs, mismatch.feeds);
    return await search(mismatch, values, probe, start, { folder, until });
  } catch (e) {
    if (e instanceof SourceRunError) return nothing(say.notLocated(model.file, e.message));
    if (e instanceof DiagnosticError) return nothing(say.notLocated(model.file, e.diagnostics[0]?.message ?? ''));
    throw e;
  }
}

export interface Bounds {
  /** Where a model of the node alone is written; nowhere where absent. */
  readonly folder?: string;
  /** When to give up, in the time of `performance.now()`. */
  readonly until: number;
}

/** The first output that isn't what the source computes; undefined where all are, and the reference alone differs. */
async function firstWrong(mismatch: Mismatch, source: SourceModel): Promise<string | undefined> {
  const names = [...new Set(mismatch.differing.map((row) => row.onnx.name))];
  const computed = await source.run(mismatch.inputs, names);
  for (const row of mismatch.differing) {
    const tensor = computed.get(row.onnx.name);
    if (!tensor) throw new SourceRunError(`it gives no ${JSON.stringify(row.onnx.name)}`);
    if (!mismatch.agrees(row, tensor)) return row.onnx.name;
  }
  return undefined;
}

interface Candidate {
  readonly found: Found<Checkable>;
  readonly share: number;
  readonly maxAbs: number;
  /** Whether the node differs by itself; undefined where that couldn't be tried. */
  readonly own: boolean | undefined;
  readonly minimal: Uint8Array | undefined;
  /** What its inputs and its output are in the source. */
  readonly expected: ReadonlyMap<string, Tensor>;
}

async function search(
  mismatch: Mismatch,
  values: Values,
  probe: Probe,
  start: string,
  { folder, until }: Bounds,
): Promise<Located> {
  const elements = [...mismatch.inputs.values()].reduce((sum, t) => sum + sizeOf(t.dims), 0);
  const width = elements > LARGE_INPUT ? NARROW : WIDTH;
  const tried: Candidate[] = [];
  let runs = 0;
  let compared = 0;
  for (const threshold of THRESHOLDS) {
    const found = await bisect(
      start,
      {
        cone: (name, known) => values.cone(name, known),
        async compare(nodes) {
          if (performance.now() > until) throw new SourceRunError('it took too long');
          const differences = await probe.differences(nodes);
          const named = (pick: (share: number) => boolean) =>
            new Set([...differences].filter(([, d]) => pick(d.share)).map(([name]) => name));
          return { differ: named((share) => share > threshold), agree: named((share) => share <= threshold) };
        },
      },
      width,
    );
    if (!found) break;
    runs += found.runs;
    compared += found.compared;
    const again = tried.find((t) => t.found.value.name === found.value.name);
    if (again) continue;
    const candidate = await judged(mismatch, values, probe, found);
    tried.push(candidate);
    if (candidate.own !== false)
      return told(mismatch, values, candidate, { runs, compared, curve: curveOf(values, probe) }, folder);
  }
  const [first] = tried;
  if (!first) return { finding: say.notLocated(mismatch.model.file, 'its values can not be fetched'), files: [] };
  const node = values.model.graph.nodes[first.found.value.node] as OnnxNode;
  return {
    finding: say.onlyRounding(mismatch.model.file, placeOf(node, first.found.value.node), first.share),
    files: [],
  };
}

/** How far off each value is that was compared, in file order. */
function curveOf(values: Values, probe: Probe): NonNullable<Divergence['curve']> {
  return [...probe.compared()]
    .flatMap(([output, { share, maxAbs }]) => {
      const index = values.get(output)?.node;
      return index === undefined ? [] : [{ index, output, share: figure(share), maxAbs: figure(maxAbs) }];
    })
    .sort((a, b) => a.index - b.index);
}

/** Runs the candidate's nodes alone in onnxruntime, on what the written model has for their inputs. */
async function judged(mismatch: Mismatch, values: Values, probe: Probe, found: Found<Checkable>): Promise<Candidate> {
  const { value } = found;
  const inner = value.from.map((name) => values.get(name)).filter((v) => v !== undefined);
  const pairs = await probe.fetch([...inner, value]);
  const expected = new Map<string, Tensor>();
  const given = new Map<string, Tensor>();
  for (const name of value.from) {
    const pair = pairs.get(name);
    const fed = mismatch.inputs.get(name);
    if (fed) {
      expected.set(name, fed);
      given.set(name, fed);
    } else if (pair) {
      expected.set(name, pair.expected);
      given.set(name, asSource(pair.actual, values.get(name)?.order ?? [], pair.expected));
    }
  }
  const pair = pairs.get(value.name);
  const difference = pair && differenceOf(pair.expected, pair.actual, value.order);
  const { share, maxAbs } = difference ?? { share: Infinity, maxAbs: 0 };
  if (pair) expected.set(value.name, pair.expected);
  const whole = pair !== undefined && value.from.every((name) => given.has(name));
  const minimal = whole ? minimalModel(values.model, value, expected) : undefined;
  const candidate = { found, share, maxAbs, minimal, expected };
  if (!pair || !minimal) return { ...candidate, own: undefined };
  try {
    const alone = minimalModel(values.model, value, given) as Uint8Array;
    const computed = (await runBytes(alone, given, [value.name])).get(value.name);
    const own = computed && differenceOf(computed, pair.actual, value.order);
    if (!own) return { ...candidate, own: undefined };
    const enough = Number.isFinite(share) ? OWN_SHARE * share : Math.min(...THRESHOLDS);
    return { ...candidate, own: own.share > enough };
  } catch (e) {
    if (e instanceof SourceRunError) return { ...candidate, own: undefined };
    throw e;
  }
}

function told(
  mismatch: Mismatch,
  values: Values,
  { found, share, maxAbs, minimal, expected }: Candidate,
  effort: Pick<Divergence, 'runs' | 'compared' | 'curve'>,
  folder: string | undefined,
): Located {
  const { model, engine } = mismatch;
  const { nodes } = values.model.graph;
  const { value } = found;
  // Constants have no part in a difference, and neither has what was only given another order of axes.
  const doing = value.group.filter((i) => !/^(folded|unused)$/.test(model.record.nodes[i]?.became ?? ''));
  const group = doing.length > 0 ? doing : [value.node];
  // A layer is one node's own; what is fused into a graph is known by the first that computes.
  const computing = group.find((i) => model.record.nodes[i]?.became !== 'relabelled');
  const principal = model.format === 'layers-model' ? value.node : (computing ?? value.node);
  const node = nodes[principal] as OnnxNode;
  const files = folder && minimal ? writeMinimal(folder, minimal, value, expected) : [];
  const named = group.map((index) => placeOf(nodes[index] as OnnxNode, index));
  const shapes = value.from.map((name) => `${JSON.stringify(name)} ${describeShape(expected.get(name)?.dims ?? [])}`);
  const finding = say.firstDivergence(
    model.file,
    engine,
    { ...placeOf(node, principal), opset: values.model.opsets.get(node.domain) },
    {
      inputs: shapes,
      output: value.name,
      share,
      maxAbs: figure(maxAbs),
      others: named.filter((n) => n.index !== principal).map((n) => n.node),
      attributes: attributesOf(node),
      unknown: found.unknown.length,
    },
  );
  return {
    divergence: {
      node: placeOf(node, principal).node,
      op: node.op,
      index: principal,
      maxAbs: figure(maxAbs),
      message: finding.message,
      output: value.name,
      attributes: attributesOf(node),
      ...(named.length > 1 ? { group: named.map(({ index, node, op }) => ({ index, node, op })) } : {}),
      tfjs: [...new Set(group.flatMap((i) => model.record.nodes[i]?.tfjs ?? []))],
      engine,
      format: model.format,
      ...effort,
    },
    finding,
    files,
  };
}

/** As diagnostics name a node: by its first output where it has no name. */
function placeOf(node: OnnxNode, index: number): { index: number; node: string; op: string } {
  return { index, node: node.name || (node.outputs.find((o) => o !== '') ?? ''), op: node.op };
}

function attributesOf(node: OnnxNode): Record<string, string> {
  return Object.fromEntries([...node.attributes].map(([name, value]) => [name, inWords(value)]));
}

const LONGEST = 60;

function inWords(a: Attribute): string {
  switch (a.kind) {
    case 'int':
    case 'float':
      return String(a.value);
    case 'string':
      return a.value.length > LONGEST ? `${a.value.slice(0, LONGEST)}…` : a.value;
    case 'ints':
    case 'floats':
    case 'strings': {
      const text = `[${a.value.slice(0, 16).join(', ')}${a.value.length > 16 ? ', …' : ''}]`;
      return text.length > 4 * LONGEST ? `${text.slice(0, 4 * LONGEST)}…` : text;
    }
    case 'tensor':
    case 'sparse_tensor':
      return `${a.value.dtype} ${describeShape(a.value.dims)}`;
    case 'graph':
      return `a graph of ${a.value.nodes.length} nodes`;
    default:
      return a.kind;
  }
}
