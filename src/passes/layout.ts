import type { Graph, GraphOutput, Node, Value } from '../ir/graph.js';
import {
  channelsLast,
  identity,
  isIdentity,
  orderOf,
  permBetween,
  relabel,
  sameLayout,
  type Layout,
} from '../ir/layout.js';
import type { LayoutChoice, LayoutRule } from '../ir/op.js';
import { Fresh, View } from '../ir/view.js';
import { reshaped } from '../ir/weights.js';
import { relayout } from '../ops/internal.js';
import { opFor } from '../ops/registry.js';
import { batchAxes, type Batch } from './batch.js';

/** What is wanted of a graph's layouts. */
export interface LayoutOptions {
  /** Image-like inputs and outputs are fed and fetched with the channels last. */
  readonly changeOrdering: boolean;
  /**
   * How operators that want the channels last get their wish: 'channels-last', or 'onnx' for a target that can say them
   * in ONNX's order (Keras's channels_first).
   */
  readonly images: 'channels-last' | 'onnx';
  /** A Transpose may become a mere change of labels. */
  readonly relabel: boolean;
  /** Every value lies with its batch first, wherever ONNX has it (Keras). */
  readonly batchFirst?: boolean;
  /** The order of axes in which inputs are fed, by name, where the user decides. */
  readonly inputOrders?: Readonly<Record<string, Layout>>;
}

/** A graph whose values all have their layout, and the number of values that had to be moved for it. */
export interface LaidOut {
  readonly graph: Graph;
  readonly relayouts: number;
  /** Nodes of the file that became a change of labels alone. */
  readonly relabelled: ReadonlySet<Node>;
  /** What each value of the given graph became. */
  readonly values: ReadonlyMap<Value, Value>;
  /** With `batchFirst`: why what a node gives has no batch any more. */
  readonly lost: ReadonlyMap<Node, string>;
}

/**
 * Assigns a layout to every value, one pass from the inputs on: each operator says in which order it wants its inputs
 * (Op.layout), and where a value lies otherwise a Relayout node is put between, once per value and order. Constants are
 * moved while converting. What an operator doesn't say costs speed, never truth.
 */
export function assignLayouts(graph: Graph, options: LayoutOptions): LaidOut {
  return new Assigner(graph, options).run();
}

class Assigner {
  private readonly graph: Graph;
  private readonly options: LayoutOptions;
  private readonly moved = new Map<Value, Value>();
  private readonly copies = new Map<Value, Map<string, Value>>();
  private readonly nodes: Node[] = [];
  private readonly relabelled = new Set<Node>();
  private readonly batches: ReadonlyMap<Value, Batch>;
  private readonly lost = new Map<Node, string>();
  private relayouts = 0;

  constructor(graph: Graph, options: LayoutOptions) {
    this.graph = graph;
    this.options = options;
    this.batches = options.batchFirst ? batchAxes(graph, options.inputOrders) : new Map();
  }

  run(): LaidOut {
    const images =
      this.options.changeOrdering && this.options.images === 'channels-last'
        ? imageInputs(this.graph)
        : new Set<Value>();
    const inputs = this.graph.inputs.map((v) => {
      const given = orderOf(this.options.inputOrders, v.name);
      const batch = this.batches.get(v)?.axis;
      const laid = {
        ...v,
        layout: given ?? (images.has(v) ? channelsLast(v.type.dims.length) : v.layout),
        ...(batch ? { batch } : {}),
      };
      this.moved.set(v, laid);
      return laid;
    });
    for (const node of this.graph.nodes) this.node(node);
    const outputs = this.graph.outputs.map(({ name, value }): GraphOutput => {
      const laid = this.at(value);
      const wanted =
        this.options.changeOrdering && sameLayout(laid.layout, channelsLast(laid.layout.length))
          ? laid.layout
          : home(laid);
      return { name, value: this.output(name, laid, wanted) };
    });
    return {
      graph: { ...this.graph, inputs, outputs, nodes: this.nodes },
      relayouts: this.relayouts,
      relabelled: this.relabelled,
      values: this.moved,
      lost: this.lost,
    };
  }

  /** An output that has to be moved takes its name along; what lies before the move gets another. */
  private output(name: string, laid: Value, wanted: Layout): Value {
    if (sameLayout(laid.layout, wanted) || laid.constant) return this.arranged(laid, wanted, []);
    const before = this.nodes.findLastIndex((n) => n.outputs.includes(laid));
    const origin = this.nodes[before]?.origin ?? [];
    const moved: Value = { ...laid, name: `${laid.name}/output`, layout: wanted, label: { tensor: name, suffix: '' } };
    (laid as { label?: Value['label'] }).label = { tensor: name, suffix: '_before' };
    this.nodes.push({
      op: relayout,
      name: moved.name,
      attrs: { perm: permBetween(laid.layout, wanted) },
      inputs: [laid],
      outputs: [moved],
      origin,
    });
    this.relayouts++;
    return moved;
  }

  private at(v: Value): Value {
    return this.moved.get(v) ?? v;
  }

  private node(node: Node): void {
    const given = node.inputs.map((v) => v && this.at(v));
    if (node.op.name === 'Transpose' && !node.op.domain && this.options.relabel) {
      const [x] = given as [Value];
      const { perm } = node.attrs as { perm: readonly number[] };
      const out = node.outputs[0] as Value;
      const layout = relabel(x.layout, perm);
      if (!x.constant) {
        // The output is the input's bytes: later readers see the same TensorFlow tensor through other labels.
        this.nodes.push({
          ...node,
          op: relayout,
          attrs: { perm: identity(layout.length), labels: perm },
          inputs: [x],
          outputs: [this.give(out, layout)],
        });
        this.relabelled.add(node);
        return;
      }
    }
    const choice = this.options.batchFirst
      ? this.batchesFirst(node, given, this.choose(node, given))
      : this.choose(node, given);
    if (node.op.layout === 'any') this.align(node, given, choice);
    const inputs = given.map(
      (v, i) => v && this.arranged(v, choice.inputs[i] ?? home(v), node.origin, node.outputs[0]?.name),
    );
    const outputs = node.outputs.map((v, i) => v && this.give(v, choice.outputs[i] ?? identity(v.type.dims.length)));
    const laid = { ...node, inputs, outputs, ...(node.bodies ? { bodies: node.bodies.map((g) => this.body(g)) } : {}) };
    this.nodes.push(laid);
    const lost = node.outputs.map((v) => v && this.batches.get(v)?.lost).find((why) => why !== undefined);
    const before = node.inputs.some((v) => v && this.batches.get(v)?.lost !== undefined);
    if (lost !== undefined && !before) this.lost.set(laid, lost);
  }

  /** A graph that the node runs: what goes in and comes out is in ONNX's order, as the node's own inputs and outputs are. */
  private body(graph: Graph): Graph {
    const laid = new Assigner(graph, { ...this.options, changeOrdering: false, inputOrders: {} }).run();
    this.relayouts += laid.relayouts;
    return laid.graph;
  }

  private batchOf(v: Value): number | undefined {
    return this.batches.get(v)?.axis;
  }

  /** The choice with every batch first. A Transpose moves nothing where its result then lies in a usual order. */
  private batchesFirst(node: Node, given: readonly (Value | undefined)[], choice: LayoutChoice): LayoutChoice {
    const [x] = given;
    const [out] = node.outputs;
    if (node.op.name === 'Transpose' && !node.op.domain && x && out && !x.constant) {
      const still = relabel(x.layout, (node.attrs as { perm: readonly number[] }).perm);
      const usual = homeOf(out.type.dims.length, this.batchOf(out));
      const image = this.options.images === 'channels-last' && sameLayout(still, channelsLast(still.length));
      const pattern =
        x.layout[0] === (this.batchOf(out) ?? 0) && this.options.images === 'channels-last' && !isIdentity(x.layout)
          ? x.layout
          : usual;
      return { inputs: [x.layout], outputs: [image || sameLayout(still, usual) ? still : pattern] };
    }
    const first = (layout: Layout | undefined, rank: number, batch: number | undefined): Layout | undefined =>
      layout === undefined || batch === undefined || batch === 0 || layout[0] === batch ? layout : homeOf(rank, batch);
    return {
      inputs: given.map((v, i) =>
        v && !v.constant ? first(choice.inputs[i], v.type.dims.length, v.batch) : choice.inputs[i],
      ),
      outputs: node.outputs.map(
        (v, i) => first(choice.outputs[i], v?.type.dims.length ?? 0, v && this.batchOf(v)) ?? choice.outputs[i],
      ),
    };
  }

  private give(v: Value, layout: Layout): Value {
    const batch = this.batchOf(v);
    const laid = { ...v, layout, ...(batch ? { batch } : {}) };
    this.moved.set(v, laid);
    return laid;
  }

  private choose(node: Node, given: readonly (Value | undefined)[]): LayoutChoice {
    const rule: LayoutRule<unknown> = node.op.layout ?? 'logical';
    const layouts = given.map((v) => v?.layout ?? []);
    if (typeof rule === 'function') {
      const view = new View(node.op.name, node.attrs, given, node.outputs, node.outputs.length, node.name, new Fresh());
      const choice = rule(view, layouts);
      return this.options.images === 'onnx' ? this.logical(node, given) : choice;
    }
    switch (rule) {
      case 'logical':
        return this.logical(node, given);
      case 'channels-last': {
        if (this.options.images === 'onnx') return this.logical(node, given);
        const rank = given[0]?.type.dims.length ?? 0;
        return {
          inputs: given.map((v, i) => v && (i === 0 ? channelsLast(rank) : identity(v.type.dims.length))),
          outputs: node.outputs.map((v) =>
            v && v.type.dims.length === rank ? channelsLast(rank) : identity(v?.type.dims.length ?? 0),
          ),
        };
      }
      case 'any':
      case 'axes':
        return this.together(node, given);
    }
  }

  private logical(node: Node, given: readonly (Value | undefined)[]): LayoutChoice {
    return {
      inputs: given.map((v) => v && home(v)),
      outputs: node.outputs.map((v) => (v ? homeOf(v.type.dims.length, this.batchOf(v)) : [])),
    };
  }

  /** All operands of full rank in one order: that of the first that lies in one of its own. */
  private together(node: Node, given: readonly (Value | undefined)[]): LayoutChoice {
    const rank = Math.max(
      0,
      ...node.outputs.map((v) => v?.type.dims.length ?? 0),
      ...given.map((v) => v?.type.dims.length ?? 0),
    );
    const full = given.filter((v) => v && v.type.dims.length === rank) as Value[];
    const leader = full.find((v) => !v.constant && !isIdentity(v.layout)) ?? full.find((v) => !v.constant) ?? full[0];
    const layout = leader?.layout ?? identity(rank);
    return {
      inputs: given.map((v) => v && (v.type.dims.length === rank ? layout : identity(v.type.dims.length))),
      outputs: node.outputs.map((v) => (v?.type.dims.length === rank ? layout : identity(v?.type.dims.length ?? 0))),
    };
  }

  /**
   * Brings operands of lower rank to that of the result where the result's axes don't lie in ONNX's order, so that they
   * move with the others: [C, 1, 1] beside [N, C, H, W] is [1, C, 1, 1]. Single elements broadcast as they are.
   */
  private align(node: Node, given: (Value | undefined)[], choice: LayoutChoice): void {
    const layout = choice.outputs[0];
    if (isIdentity(layout)) return;
    given.forEach((v, i) => {
      if (!v || v.type.dims.length >= layout.length || v.type.dims.every((d) => d === 1)) return;
      given[i] = this.raised(v, layout.length, node.origin);
      (choice.inputs as Layout[])[i] = layout;
    });
  }

  private raised(v: Value, rank: number, origin: readonly number[]): Value {
    let byRank = this.copies.get(v);
    if (!byRank) this.copies.set(v, (byRank = new Map()));
    const key = `rank ${rank}`;
    const known = byRank.get(key);
    if (known) return known;
    const axes = Array.from({ length: rank - v.type.dims.length }, (_, i) => i);
    const dims = [...axes.map(() => 1), ...v.type.dims];
    const plain = this.arranged(v, identity(v.type.dims.length), origin);
    const value: Value = {
      kind: 'tensor',
      name: `${v.name}/rank${rank}`,
      type: { dtype: v.type.dtype, dims },
      layout: identity(rank),
      ...(v.constant ? { constant: reshaped(v.constant, dims as number[]) } : {}),
    };
    if (!v.constant) {
      const op = opFor('', 'Unsqueeze');
      if (!op) throw new Error('Unsqueeze is not registered');
      this.nodes.push({ op, name: value.name, attrs: { axes }, inputs: [plain], outputs: [value], origin });
    }
    byRank.set(key, value);
    return value;
  }

  /** The value in the wanted order: itself, a constant moved now, or a Relayout. */
  private arranged(v: Value, wanted: Layout, origin: readonly number[], reader = v.name): Value {
    if (sameLayout(v.layout, wanted)) return v;
    let byLayout = this.copies.get(v);
    if (!byLayout) this.copies.set(v, (byLayout = new Map()));
    const key = wanted.join();
    const known = byLayout.get(key);
    if (known) return known;
    const perm = permBetween(v.layout, wanted);
    const laid: Value = v.constant
      ? { ...v, layout: wanted, constant: v.constant }
      : { ...v, name: `${v.name}/${key}`, layout: wanted, label: { tensor: reader, suffix: suffixOf(wanted) } };
    if (!v.constant) {
      this.nodes.push({ op: relayout, name: laid.name, attrs: { perm }, inputs: [v], outputs: [laid], origin });
      this.relayouts++;
    }
    byLayout.set(key, laid);
    return laid;
  }
}

/** onnx2keras's `_CHW` for what is brought into ONNX's order. */
function suffixOf(layout: Layout): string {
  return isIdentity(layout) ? '_CHW' : sameLayout(layout, channelsLast(layout.length)) ? '_HWC' : `_${layout.join('')}`;
}

/** ONNX's order, but for the batch, which comes first. */
function homeOf(rank: number, batch = 0): Layout {
  return batch === 0 ? identity(rank) : [batch, ...identity(rank).filter((a) => a !== batch)];
}

const home = (v: Value): Layout => homeOf(v.type.dims.length, v.batch);

/** Operators that give parts of images, or images of parts. */
const CUTS = new Set(['Slice', 'Split', 'Concat', 'Pad']);

/**
 * Inputs that are images, or signals or volumes: of rank 3 to 5, and read by an operator that treats axis 1 as channels,
 * directly, through element-wise ones, or cut and joined. An input of rank 4 or 5 counts also when it only meets operators that don't
 * care (as in onnx2keras).
 */
export function imageInputs(graph: Graph): Set<Value> {
  const images = new Set<Value>();
  for (const input of graph.inputs) {
    const rank = input.type.dims.length;
    if (rank < 3 || rank > 5) continue;
    let channels = false;
    let others = false;
    const family = new Set<Value>([input]);
    for (const node of graph.nodes) {
      if (!node.inputs.some((v) => v && family.has(v))) continue;
      const rule = node.op.layout;
      if (rule === 'channels-last') channels ||= node.inputs[0] !== undefined && family.has(node.inputs[0]);
      else if (rule === 'any' || rule === 'axes')
        for (const out of node.outputs) {
          if (out && out.type.dims.length === rank) family.add(out);
        }
      else {
        others = true;
        // What is cut from an image and joined again is an image: the Focus of detectors.
        if (!node.op.domain && CUTS.has(node.op.name))
          for (const out of node.outputs) if (out?.type.dims.length === rank) family.add(out);
      }
    }
    if (channels || (rank >= 4 && !others)) images.add(input);
  }
  return images;
}
