import { sameDim, sameDims, productOf, type Dim } from '../../ir/dim.js';
import { reshaped } from '../../ir/weights.js';
import type { Ref, TfNode } from '../builder.js';
import type { TfGraph } from '../lower.js';
import { outputsOf, rewrite } from '../rewrite.js';
import { numbersIn, Shapes, TRUTHS } from '../shapes.js';
import { productOf as productWithWeights } from './fold-affine.js';
import { readersOf } from './graph-readers.js';
import { VIEWS, viewSizes } from './merge-views.js';

/** Ops that look at one element at a time, of operands that all have the result's sizes or broadcast to them. */
export const POINTWISE = new Set([
  'AddV2',
  'Sub',
  'Mul',
  'RealDiv',
  'Maximum',
  'Minimum',
  'SquaredDifference',
  'Pow',
  'Relu',
  'Relu6',
  'Elu',
  'Selu',
  'Sigmoid',
  'Tanh',
  'Exp',
  'Log',
  'Sqrt',
  'Rsqrt',
  'Square',
  'Abs',
  'Neg',
  'Ceil',
  'Floor',
  'Round',
  'Erf',
  'Softplus',
  'LeakyRelu',
  'Prelu',
  'ClipByValue',
  'Sign',
  'Sin',
  'Cos',
  'Cast',
  'SelectV2',
  ...TRUTHS,
  'LogicalNot',
]);
/** Ops that look at the last axis alone, and keep it. */
const ROWWISE = new Set(['Softmax', 'LogSoftmax']);
const REDUCING = new Set(['Mean', 'Sum', 'Max', 'Min', 'Prod']);

type Dims = readonly Dim[];

/**
 * Element-wise ops move before a change of sizes where that saves such changes, or lets a bias reach its product:
 *
 *     MatMul -> Reshape(q) -> AddV2 -> Relu -> Reshape(p) -> MatMul      becomes      MatMul -> AddV2 -> Relu -> MatMul
 *
 * with everything that hangs together with them: residual sums, means over the last axis. Sizes are judged as a whole:
 * the changes that go are more than those that come.
 */
export function liftViews(graph: TfGraph): TfGraph {
  let now = biasesToProducts(graph);
  const tried = new Set<string>();
  for (let lifted = liftOne(now, tried); lifted; lifted = liftOne(now, tried)) now = lifted;
  return now;
}

/** A bias, scale or activation that a change of sizes keeps from its product goes before that: as many changes as before. */
function biasesToProducts(graph: TfGraph): TfGraph {
  const moved = new Set<TfNode>();
  return rewrite(graph, (node, r) => {
    if (!FOLDED.has(node.op)) return undefined;
    const open = node.inputs.filter((ref) => !ref.node.weight);
    if (open.length !== 1 || !VIEWS.has(open[0].node.op) || r.uses(open[0]) !== 1) return undefined;
    const [x] = open[0].node.inputs;
    const [from, to] = [r.dims(x), r.dims(open[0])];
    if (!from || !to || !viewSizes(to) || !(productWithWeights(x.node) || moved.has(x.node)) || r.uses(x) !== 1)
      return undefined;
    const rows = from.length > 0 && to.length > 0 && sameDim(from[from.length - 1], to[to.length - 1]);
    if (!node.inputs.every((ref) => ref === open[0] || constantFits(ref, to, rows))) return undefined;
    const low = r.over(node).op(
      node.op,
      node.inputs.map((ref) => (ref === open[0] ? x : lowered(ref, from.length, r))),
      node.attrs,
    );
    moved.add(low.node);
    return [r.reshape(r.sized(low, from), to)];
  });
}
/** What products take in. */
const FOLDED = new Set(['AddV2', 'Sub', 'Mul', 'RealDiv', 'Relu', 'Relu6', 'Elu', 'Sigmoid']);

/** Whether a constant is one element, or one for each element of a row. */
function constantFits(ref: Ref, to: Dims, rows: boolean): boolean {
  const dims = ref.node.weight?.dims as readonly number[];
  const last = dims.at(-1) ?? 1;
  return dims.slice(0, -1).every((d) => d === 1) && dims.length <= to.length && (last === 1 || rows);
}

/** Such a constant beside a tensor of this rank. */
function lowered(ref: Ref, rank: number, r: { constant(w: NonNullable<TfNode['weight']>): Ref }): Ref {
  const weight = ref.node.weight as NonNullable<TfNode['weight']>;
  if (weight.dims.length <= Math.min(1, rank)) return ref;
  const last = weight.dims.at(-1) ?? 1;
  return r.constant(reshaped(weight, last === 1 ? [] : [last]));
}

/** Carries out the first gain that it finds. `tried` holds pairs of sizes without one. */
function liftOne(graph: TfGraph, tried: Set<string>): TfGraph | undefined {
  const shapes = new Shapes(graph);
  const readers = readersOf(graph);
  const outputs = new Set(graph.outputs.map((o) => o.ref.node));
  for (const view of graph.nodes) {
    if (!VIEWS.has(view.op)) continue;
    const [from, to] = [shapes.of(view.inputs[0]), shapes.of(outputsOf(view)[0])];
    if (
      !from ||
      !to ||
      !viewSizes(from) ||
      !viewSizes(to) ||
      sameDims(from, to) ||
      !sameDim(productOf(from), productOf(to))
    )
      continue;
    // Above rank 6 WASM's arithmetic is wrong in silence: there the change of sizes is meant.
    if (from.length > 6) continue;
    const region = new Region(from, to, shapes, readers, outputs);
    for (const reader of readers.get(view) ?? []) region.grow(reader);
    if (region.nodes.size === 0) continue;
    const key = `${from} ${to} ${[...region.nodes][0].scope} ${region.nodes.size}`;
    if (tried.has(key)) continue;
    if (region.gain() > 0) return region.lifted(graph);
    tried.add(key);
  }
  return undefined;
}

/** Element-wise nodes that hang together, each with results of the sizes `to`, or of those with one element a row. */
class Region {
  readonly nodes = new Set<TfNode>();
  readonly entered = new Set<Ref>();
  private readonly refs = new Map<string, Ref>();
  private readonly from: Dims;
  private readonly to: Dims;
  private readonly shapes: Shapes;
  private readonly readers: ReadonlyMap<TfNode, readonly TfNode[]>;
  private readonly outputs: ReadonlySet<TfNode>;
  private readonly ids = new Map<TfNode, number>();
  /** Whether the last axis stays the last axis. */
  private readonly rows: boolean;

  constructor(
    from: Dims,
    to: Dims,
    shapes: Shapes,
    readers: ReadonlyMap<TfNode, readonly TfNode[]>,
    outputs: ReadonlySet<TfNode>,
  ) {
    this.from = from;
    this.to = to;
    this.shapes = shapes;
    this.readers = readers;
    this.outputs = outputs;
    this.rows = from.length > 0 && to.length > 0 && sameDim(from[from.length - 1], to[to.length - 1]);
  }

  /** Takes in a node and all that hangs together with it. */
  grow(start: TfNode): void {
    const stack = [start];
    for (let node = stack.pop(); node; node = stack.pop()) {
      if (this.nodes.has(node) || !this.fits(node)) continue;
      this.nodes.add(node);
      for (const ref of node.inputs) if (this.kind(ref) && !ref.node.weight) stack.push(ref.node);
      stack.push(...(this.readers.get(node) ?? []));
    }
    for (const node of this.nodes)
      for (const ref of node.inputs)
        if (!this.nodes.has(ref.node) && !ref.node.weight && this.kind(ref)) this.entered.add(this.one(ref));
  }

  /** One object for each tensor. */
  private one(ref: Ref): Ref {
    let id = this.ids.get(ref.node);
    if (id === undefined) this.ids.set(ref.node, (id = this.ids.size));
    const key = `${id}:${ref.index}`;
    const known = this.refs.get(key) ?? ref;
    this.refs.set(key, known);
    return known;
  }

  /** Of the full sizes, or of one element a row; undefined for another tensor. */
  private kind(ref: Ref): 'full' | 'rows' | undefined {
    const dims = this.shapes.of(ref);
    if (!dims) return undefined;
    if (sameDims(dims, this.to)) return 'full';
    return this.rows && sameDims(dims, oneEach(this.to)) ? 'rows' : undefined;
  }

  private fits(node: TfNode): boolean {
    if (node.dtypes.length !== 1 || !this.kind(outputsOf(node)[0])) return false;
    if (POINTWISE.has(node.op))
      return node.inputs.every((ref) =>
        ref.node.weight ? constantFits(ref, this.to, this.rows) : this.kind(ref) !== undefined,
      );
    if (ROWWISE.has(node.op)) return this.rows && this.kind(node.inputs[0]) === 'full';
    if (!REDUCING.has(node.op) || !this.rows || node.attrs.keep_dims !== true || this.kind(node.inputs[0]) !== 'full')
      return false;
    const axes = numbersIn(node.inputs[1]);
    return axes?.length === 1 && (axes[0] === -1 || axes[0] === this.to.length - 1);
  }

  private outside(node: TfNode): TfNode[] {
    return (this.readers.get(node) ?? []).filter((n) => !this.nodes.has(n));
  }

  private lower(kind: 'full' | 'rows'): Dims {
    return kind === 'full' ? this.from : oneEach(this.from);
  }

  /** Changes of sizes saved, less those that come. */
  gain(): number {
    let gain = 0;
    for (const ref of this.entered) {
      const view = VIEWS.has(ref.node.op) ? ref.node : undefined;
      const dies = view !== undefined && !this.outputs.has(view) && this.outside(view).length === 0;
      const source = view && this.shapes.of(view.inputs[0]);
      const free = source && sameDims(source, this.lower(this.kind(ref) as 'full'));
      if (dies) gain++;
      if (!free) gain--;
    }
    for (const node of this.nodes) {
      const outside = this.outside(node);
      const dims = this.lower(this.kind(outputsOf(node)[0]) as 'full');
      const back = outside.filter((n) => VIEWS.has(n.op));
      gain += back.filter((n) => !this.outputs.has(n) && sameDims(this.shapes.of(outputsOf(n)[0]) ?? [], dims)).length;
      if (this.outputs.has(node) || back.length < outside.length) gain--;
    }
    return gain;
  }

  /** The graph with the region computed in the sizes `from`. */
  lifted(graph: TfGraph): TfGraph {
    const inside = new Map<TfNode, Ref>();
    const entries = new Map<Ref, Ref>();
    return rewrite(graph, (node, r) => {
      const place = graph.nodes[r.at];
      if (!this.nodes.has(place)) {
        // A change of sizes behind the region begins at what was computed, and is none where it led back.
        const low = VIEWS.has(place.op) ? inside.get(place.inputs[0].node) : undefined;
        const to = low && this.shapes.of(outputsOf(place)[0]);
        if (!low || !to || !viewSizes(to)) return undefined;
        return [sameDims(to, r.dims(low) ?? []) && !this.outputs.has(place) ? low : r.reshape(low, to)];
      }
      const inputs = node.inputs.map((ref, i): Ref => {
        const before = place.inputs[i];
        const own = inside.get(before.node);
        if (own) return own;
        if (before.node.weight) return POINTWISE.has(place.op) ? lowered(ref, this.from.length, r) : ref;
        const kind = this.kind(before);
        if (!kind) return ref;
        const known = entries.get(this.one(before));
        if (known) return known;
        const dims = this.lower(kind);
        const source = VIEWS.has(ref.node.op) ? ref.node.inputs[0] : undefined;
        const free = source && sameDims(this.shapes.of((before.node as TfNode).inputs[0]) ?? [], dims);
        const entry = source && free ? source : r.reshape(source ?? ref, dims);
        entries.set(this.one(before), entry);
        return entry;
      });
      if (REDUCING.has(node.op)) inputs[1] = r.ints([this.from.length - 1]);
      const kind = this.kind(outputsOf(place)[0]) as 'full' | 'rows';
      const low = r.op(node.op, inputs, node.attrs, node.dtypes);
      r.sized(low, this.lower(kind));
      inside.set(place, low);
      return [r.reshape(low, kind === 'full' ? this.to : oneEach(this.to))];
    });
  }
}

const oneEach = (dims: Dims): Dim[] => [...dims.slice(0, -1), 1];
