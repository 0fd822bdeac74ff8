import { invalid } from '../../diag/diagnostic.js';
import { isKnown, type Dim } from '../../ir/dim.js';
import type { TensorType } from '../../ir/graph.js';
import type { Shapes } from '../../ir/shapes.js';
import type { RawNode, View } from '../../ir/view.js';
import { derived } from '../../ir/weights.js';
import { tensorOf, type TensorData, type Weight } from '../../tensor/tensor.js';
import { Amounts, type Amount } from '../../tf/amounts.js';
import type { GraphBuilder, Ref } from '../../tf/builder.js';
import { kernelOf, type Kernel } from '../nn/kernel.js';
import { activate, readActivations, type Activation } from './activations.js';
import { looped } from './recurrent-loop.js';

/** The most steps (of all directions) that are written one by one; more become a loop of the written model. */
const MOST_STEPS = 1024;

export interface RecurrentAttrs {
  readonly direction: 'forward' | 'reverse' | 'bidirectional';
  /** Those of the first direction, then those of the second. */
  readonly activations: readonly Activation[];
  /** Inputs of activations are kept within -clip … clip. */
  readonly clip?: number;
  /** The batch stands before the steps. */
  readonly batchFirst: boolean;
}

/** @param defaults the activations of one direction */
export function readRecurrent(n: RawNode, defaults: readonly string[]): RecurrentAttrs {
  const direction = n.string('direction') as RecurrentAttrs['direction'];
  if (!['forward', 'reverse', 'bidirectional'].includes(direction))
    return invalid(`direction is ${JSON.stringify(direction)}`);
  const directions = direction === 'bidirectional' ? 2 : 1;
  const names = n.hasAttribute('activations')
    ? n.strings('activations')
    : [...defaults, ...defaults].slice(0, directions * defaults.length);
  if (names.length < directions * defaults.length)
    return invalid(`${names.length} activations, where ${directions * defaults.length} are wanted`);
  const clip = n.optFloat('clip');
  return {
    direction,
    activations: readActivations(names, n.optFloats('activation_alpha') ?? [], n.optFloats('activation_beta') ?? []),
    ...(clip ? { clip } : {}),
    batchFirst: n.optInt('layout') === 1,
  };
}

/** X, W, R, B, sequence_lens, the initial states and, of LSTM, P, with so many gates. */
export function recurrentShapes(n: RawNode, gates: number): Shapes {
  const batchFirst = n.optInt('layout') === 1;
  const state = batchFirst ? 'N D H' : 'D N H';
  const directions = n.optString('direction') === 'bidirectional' ? 2 : 1;
  return [
    batchFirst ? 'N L I' : 'L N I',
    `D ${gates}*H I`,
    `D ${gates}*H H`,
    `D ${2 * gates}*H`,
    'N',
    state,
    state,
    'D 3*H',
  ].map((text) => text.replace('D', String(directions)));
}

interface Shape {
  readonly steps: Dim;
  readonly batch: Dim;
  readonly directions: number;
  readonly hidden: number;
}

function shapeOf(n: View<RecurrentAttrs>): Shape {
  const dims = n.dims(0);
  const [steps, batch] = n.attrs.batchFirst ? [dims[1], dims[0]] : dims;
  const directions = n.attrs.direction === 'bidirectional' ? 2 : 1;
  const recurrence = n.knownDims(2);
  return { steps, batch, directions, hidden: recurrence[2] };
}

/** Y, Y_h and, where the operator has a cell, Y_c. */
export function recurrentTypes(n: View<RecurrentAttrs>): TensorType[] {
  const { steps, batch, directions, hidden } = shapeOf(n);
  const dtype = n.dtype(0);
  const state = { dtype, dims: n.attrs.batchFirst ? [batch, directions, hidden] : [directions, batch, hidden] };
  return [
    { dtype, dims: n.attrs.batchFirst ? [batch, steps, directions, hidden] : [steps, directions, batch, hidden] },
    state,
    state,
  ];
}

/** What the equations of one direction are written with. */
export interface Cell {
  readonly hidden: number;
  readonly b: GraphBuilder;
  /** R of the direction: [gates * hidden, hidden]. */
  readonly recurrence: Kernel;
  /** Activation i of the direction, on an input that is clipped first. */
  act(x: Ref, i: number): Ref;
  /** The same without clip. */
  bare(x: Ref, i: number): Ref;
}

/** The recurrent states: hidden, and cell where there is one. Undefined where they are still zero. */
export type States = readonly (Ref | undefined)[];

export interface Equations {
  readonly gates: number;
  /** Which rows of B's second half (the biases of the recurrence) can be added to those of the input. */
  readonly merged: (gate: number) => boolean;
  /**
   * The steps of one direction: from the product of the input with its weights, biases added, and the states before, to
   * the states after.
   */
  steps(cell: Cell, direction: number): (input: readonly Ref[], before: States) => Ref[];
  /** How many gates each part of the input's product has, where the steps want it in parts. */
  readonly parts?: readonly number[];
  readonly states: number;
  /** What the rows of W and B of each gate are multiplied by, where that isn't 1. */
  readonly gateScales?: readonly number[];
  /** The states that the steps compute with are the operator's times this; 1 where nothing is said. */
  readonly stateScale?: number;
}

/**
 * Whether direction d has the usual activations and no clip. Then tanh can be said by a sigmoid, which TensorFlow.js's
 * WASM computes some ten times as fast, and all gates have one: tanh(x) = 2 sigmoid(2 x) - 1.
 */
export function isUsual({ activations, clip, direction }: RecurrentAttrs, usual: readonly string[]): boolean {
  const directions = direction === 'bidirectional' ? 2 : 1;
  return (
    clip === undefined &&
    activations.slice(0, usual.length * directions).every(({ name }, i) => name === usual[i % usual.length])
  );
}

/**
 * The whole operator: the input product of all steps at once, then step by step, written one after the other, or as a loop
 * where there are many or only the model's run tells how many.
 * @param inputs X, W, R, B, sequence_lens, initial_h, initial_c, P as in LSTM
 * @param equations of these inputs: those of the model, or what of them is at hand inside of a loop
 */
export function recur(
  n: View<RecurrentAttrs>,
  inputs: Ref[],
  equations: (inputs: Ref[], b: GraphBuilder) => Equations,
  b: GraphBuilder,
): (Ref | undefined)[] {
  const { batchFirst, direction } = n.attrs;
  const { steps, batch, directions, hidden } = shapeOf(n);
  const eq = equations(inputs, b);
  const a = new Amounts(b);
  const x = batchFirst ? b.transpose(inputs[0], [1, 0, 2]) : inputs[0];
  // The weights tell how many features there are where the input doesn't.
  const features = n.knownDims(1)[2];
  const rows = b.reshape(x, [-1, features]);
  const size = eq.gates * hidden;
  const mask = n.has(4) && !(isKnown(steps) && fullLength(n, steps)) ? inputs[4] : undefined;
  const scale = eq.stateScale ?? 1;
  const scaled = (x: Ref, factor: number): Ref => (factor === 1 ? x : b.mul(x, b.scalar(factor)));
  const rowScales = eq.gateScales?.flatMap((factor) => new Array<number>(hidden).fill(factor));
  const zeros = (): Ref =>
    isKnown(batch)
      ? b.op('Fill', [b.ints([batch, hidden]), b.scalar(0)])
      : b.op('Fill', [b.sizes([b.size(inputs[0], batchFirst ? 0 : 1), hidden]), b.scalar(0)]);

  const sequences: Ref[] = [];
  const finals: Ref[][] = [];
  for (let d = 0; d < directions; d++) {
    const weights = kernelOf(n.weight(1), inputs[1], n.knownDims(1), b).rows(d, 1).reshape([size, features]);
    const columns = (rowScales ? weights.times(rowScales) : weights).permute([1, 0]);
    let product = b.op('MatMul', [rows, columns.ref()], { transpose_a: false, transpose_b: false });
    if (n.has(3)) product = b.add2(product, inputBias(n, inputs[3], d, eq, hidden, b, rowScales));
    const length: Amount = isKnown(steps) ? steps : b.size(inputs[0], batchFirst ? 1 : 0);
    const stacked = (x: Ref, width: number): Ref =>
      a.reshape(x, [length, isKnown(batch) ? batch : b.size(inputs[0], batchFirst ? 0 : 1), width]);
    let states: States = Array.from({ length: eq.states }, (_, s) =>
      n.has(5 + s) ? scaled(initial(inputs[5 + s], d, batchFirst, b), scale) : undefined,
    );
    const backwards = direction === 'reverse' || d === 1;
    if (!isKnown(steps) || steps * directions > MOST_STEPS) {
      // Constants are written inside of the loop, what the model computes goes in.
      const read = [2, 3, 7].filter((i) => inputs[i] && !n.weight(i));
      const { states: after, sequence } = looped(
        {
          all: stacked(product, size),
          steps: a.ref(length),
          states: states.map((s) => s ?? zeros()),
          lengths: mask,
          backwards,
          list:
            n.outputs[0] &&
            a.reshape(b.tensor(tensorOf('float32', [0], [])), [
              0,
              isKnown(batch) ? batch : b.size(inputs[0], batchFirst ? 0 : 1),
              hidden,
            ]),
          captured: read.map((i) => inputs[i]),
          step: (captured, inner) => {
            const own = inputs.map(
              (ref, i): Ref =>
                read.includes(i)
                  ? captured[read.indexOf(i)]
                  : n.weight(i)
                    ? inner.constant(n.weight(i) as Weight)
                    : ref,
            );
            const step = equations(own, inner).steps(cellOf(n, own, d, eq.gates, inner), d);
            return (input, before) => step(partsOf(input, eq, hidden, inner), before);
          },
        },
        b,
      );
      if (sequence) sequences.push(scaled(sequence, 1 / scale));
      finals.push(after.map((state) => scaled(state, 1 / scale)));
      continue;
    }
    const outputs = new Array<Ref>(steps);
    // Taken apart once, and not in each step.
    const parts = partsOf(product, eq, hidden, b).map((part, i) => {
      const width = (eq.parts?.[i] ?? eq.gates) * hidden;
      return { width, all: steps === 1 ? part : stacked(part, width) };
    });
    const step = eq.steps(cellOf(n, inputs, d, eq.gates, b), d);
    for (let k = 0; k < steps; k++) {
      const t = backwards ? steps - 1 - k : k;
      const input = parts.map(({ all, width }) =>
        steps === 1 ? b.reshape(all, [-1, width]) : b.op('GatherNd', [all, b.ints([t])]),
      );
      const after = step(input, states);
      if (!mask) {
        states = after;
        outputs[t] = after[0];
        continue;
      }
      const running = b.op('ExpandDims', [b.op('Greater', [mask, b.scalar(t, 'int32')]), b.scalar(1, 'int32')]);
      const before = states;
      states = after.map((v, s) => b.select(running, v, before[s] ?? b.scalar(0)));
      outputs[t] = b.select(running, after[0], b.scalar(0));
    }
    if (n.outputs[0]) sequences.push(scaled(b.op('Pack', outputs, { axis: 0 }), 1 / scale));
    finals.push(states.map((state) => (state ? scaled(state, 1 / scale) : zeros())));
  }
  const ends = Array.from({ length: eq.states }, (_, s) =>
    n.outputs[1 + s]
      ? b.op(
          'Pack',
          finals.map((f) => f[s]),
          { axis: batchFirst ? 1 : 0 },
        )
      : undefined,
  );
  if (!n.outputs[0]) return [undefined, ...ends];
  const y = b.op('Pack', sequences, { axis: 1 });
  return [batchFirst ? b.transpose(y, [2, 0, 1, 3]) : y, ...ends];
}

/** The parts of a product [rows, gates * hidden] that the steps want it in. */
function partsOf(product: Ref, { parts }: Equations, hidden: number, b: GraphBuilder): readonly Ref[] {
  if (!parts) return [product];
  const sizes = parts.map((gates) => gates * hidden);
  return b.many(
    'SplitV',
    [product, b.ints(sizes), b.scalar(1, 'int32')],
    {},
    sizes.map(() => 'float32'),
  );
}

/** What the equations of direction d are written with, of these inputs. */
function cellOf(n: View<RecurrentAttrs>, inputs: readonly Ref[], d: number, gates: number, b: GraphBuilder): Cell {
  const { activations, clip } = n.attrs;
  const { directions, hidden } = shapeOf(n);
  const chosen = (i: number) => activations[(activations.length / directions) * d + i];
  return {
    hidden,
    b,
    recurrence: kernelOf(n.weight(2), inputs[2], n.knownDims(2), b)
      .rows(d, 1)
      .reshape([gates * hidden, hidden]),
    act: (v, i) => activate(clip ? b.op('ClipByValue', [v, b.scalar(-clip), b.scalar(clip)]) : v, chosen(i), b),
    bare: (v, i) => activate(v, chosen(i), b),
  };
}

/** Whether sequence_lens says no more than that all sequences have all steps. */
function fullLength(n: View<RecurrentAttrs>, steps: number): boolean {
  return n.ints(4)?.every((length) => length === steps) ?? false;
}

/** State of one direction: [batch, hidden]. */
function initial(state: Ref, d: number, batchFirst: boolean, b: GraphBuilder): Ref {
  const time = batchFirst ? b.transpose(state, [1, 0, 2]) : state;
  return b.op('GatherNd', [time, b.ints([d])]);
}

/** The biases that can be added to the input product: those of the input, and those of the recurrence that stay outside. */
function inputBias(
  n: View<RecurrentAttrs>,
  given: Ref,
  d: number,
  eq: Equations,
  hidden: number,
  b: GraphBuilder,
  scales?: readonly number[],
): Ref {
  const size = eq.gates * hidden;
  const row = kernelOf(n.weight(3), given, n.knownDims(3), b)
    .rows(d, 1)
    .reshape([2 * size]);
  const weight = n.weight(3);
  if (weight) {
    return b.constant(
      derived([size], weight, (t): TensorData => {
        const from = (t.data as Float32Array).subarray(d * 2 * size, (d + 1) * 2 * size);
        return Float32Array.from(
          { length: size },
          (_, i) => (from[i] + (eq.merged(Math.floor(i / hidden)) ? from[size + i] : 0)) * (scales?.[i] ?? 1),
        );
      }),
    );
  }
  const second = Array.from({ length: eq.gates }, (_, g) =>
    eq.merged(g) ? row.rows(size + g * hidden, hidden).ref() : b.op('Fill', [b.ints([hidden]), b.scalar(0)]),
  );
  const sum = b.add2(row.rows(0, size).ref(), b.concat(second, 0));
  return scales ? b.mul(sum, b.tensor(tensorOf('float32', [size], scales))) : sum;
}

/** The part of B's second half that belongs to one gate, times a number: [hidden]. */
export function recurrenceBias(
  n: View<RecurrentAttrs>,
  given: Ref,
  d: number,
  gates: number,
  gate: number,
  hidden: number,
  b: GraphBuilder,
  factor = 1,
): Ref {
  const size = gates * hidden;
  const part = kernelOf(n.weight(3), given, n.knownDims(3), b)
    .rows(d, 1)
    .reshape([2 * size])
    .rows(size + gate * hidden, hidden);
  return (factor === 1 ? part : part.times(new Array<number>(hidden).fill(factor))).ref();
}
