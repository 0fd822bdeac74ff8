/** What a rule of a pass is, and what its graphs are made with. */
import type { GraphBuilder, Ref } from '../../../src/tf/builder.js';
import type { TfGraph } from '../../../src/tf/lower.js';
import type { Target } from '../../../src/tf/target.js';
import { handMade, wave } from './graphs.js';

export interface Rule {
  readonly pass: string;
  readonly what: string;
  readonly graph: () => TfGraph;
  /** Ops but for constants and inputs, with what is fused into them. */
  readonly before: readonly string[];
  readonly after: readonly string[];
  readonly target: Target;
}

export const rule = (
  pass: string,
  what: string,
  shapes: readonly (readonly number[])[],
  build: (b: GraphBuilder, inputs: readonly Ref[]) => Ref | readonly Ref[],
  before: string,
  after: string,
  target: Target = 'wasm',
): Rule => ({
  pass,
  what,
  graph: () => handMade(shapes, build),
  before: before.split(' '),
  after: after === '' ? [] : after.split(' '),
  target,
});

export const IMAGE = { strides: [1, 1, 1, 1], dilations: [1, 1, 1, 1], data_format: 'NHWC' };
export const PLAIN = { transpose_a: false, transpose_b: false };
export const BATCHES = { adj_x: false, adj_y: false };
/** A 3x3 convolution without padding. */
export const conv = (b: GraphBuilder, x: Ref, from: number, to: number, size = 3, phase = 0): Ref =>
  b.op('Conv2D', [x, b.constant(wave([size, size, from, to], phase))], { ...IMAGE, padding: 'VALID' });
export const matmul = (b: GraphBuilder, x: Ref, from: number, to: number, phase = 0): Ref =>
  b.op('MatMul', [x, b.constant(wave([from, to], phase))], PLAIN);
export const vector = (b: GraphBuilder, n: number, phase = 0): Ref => b.constant(wave([n], phase));
export const mean = (b: GraphBuilder, x: Ref, axes: readonly number[], keep: boolean, op = 'Mean'): Ref =>
  b.op(op, [x, b.ints(axes)], { keep_dims: keep });
