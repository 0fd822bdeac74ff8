import { type Dim, isKnown } from '../../ir/dim.js';
import { derived, madeOnce } from '../../ir/weights.js';
import type { Weight } from '../../tensor/tensor.js';
import type { AttrValue, Ref, TfNode } from '../builder.js';
import type { TfGraph } from '../lower.js';
import { outputsOf, rewrite, type Rewriting } from '../rewrite.js';
import { viewSizes } from './merge-views.js';

/** Outputs that are computed together, as channels: as many as XNNPACK has columns in a kernel. */
const TOGETHER = 8;
/** Fewer taps, and fewer products in all, are done sooner than the ops around them. */
const FEW_TAPS = 24;
const FEW_PRODUCTS = 5e5;

const OPS = new Set(['Conv2D', '_FusedConv2D']);

/**
 * A long filter from one channel to one, as over a signal, computes some outputs at a time:
 *
 *     Conv2D(x [1, 1, 44098, 1], 256 taps, stride 2)      becomes
 *     Conv2D(x as [1, 1, 2757, 16], 17 taps of 16 channels to 8)
 *
 * whose weights are the filter at each of its phases, with zeros before and behind. XNNPACK computes eight channels in the
 * time of one (9.2 ms becomes 0.6).
 */
export function phases(graph: TfGraph): TfGraph {
  return rewrite(graph, (node, r) => {
    const filter = filterOf(node);
    if (!filter) return undefined;
    const [dims, to] = [viewSizes(r.dims(node.inputs[0])), viewSizes(r.dims(outputsOf(node)[0]))];
    if (!dims || !to) return undefined;
    const [length, count] = [dims[2], to[2]];
    if (!isKnown(length) || !isKnown(count)) return undefined;
    const { kernel, taps, stride, pads, attrs } = filter;
    const rows: Dim = isKnown(dims[0]) && isKnown(dims[1]) ? dims[0] * dims[1] : dims[1] === 1 ? dims[0] : 0;
    if (rows === 0 || (isKnown(rows) ? rows : 1) * count * taps < FEW_PRODUCTS) return undefined;
    const block = stride * TOGETHER;
    const wide = Math.ceil((taps + stride * (TOGETHER - 1)) / block);
    const groups = Math.ceil(count / TOGETHER);
    const x = fitted(r.reshape(node.inputs[0], [rows, length]), rows, length, pads, (groups + wide - 1) * block, r);
    const [, , bias] = node.inputs;
    const product = r.op(
      node.op,
      [
        r.reshape(x, [rows, 1, groups + wide - 1, block]),
        r.constant(atPhases(kernel, taps, stride, wide)),
        ...(bias ? [r.constant(repeated(bias.node.weight as Weight))] : []),
      ],
      attrs,
    );
    const all = r.reshape(product, [rows, groups * TOGETHER]);
    const some = groups * TOGETHER === count ? all : r.slice(all, [0, 0], [-1, count]);
    return [r.reshape(some, to)];
  });
}

interface Filter {
  readonly kernel: Weight;
  readonly taps: number;
  readonly stride: number;
  /** Before and behind. */
  readonly pads: readonly [number, number];
  /** Of the convolution that takes its place. */
  readonly attrs: Readonly<Record<string, AttrValue>>;
}

function filterOf(node: TfNode): Filter | undefined {
  const kernel = OPS.has(node.op) ? node.inputs[1].node.weight : undefined;
  if (kernel?.dtype !== 'float32' || node.inputs.length > 3) return undefined;
  const [height, taps, from, to] = kernel.dims;
  if (height !== 1 || from !== 1 || to !== 1 || taps < FEW_TAPS) return undefined;
  const bias = node.inputs[2]?.node;
  if (bias && bias.weight?.dtype !== 'float32') return undefined;
  const { strides, dilations, padding, explicit_paddings, ...attrs } = node.attrs;
  const [, down, stride] = strides as number[];
  if (down !== 1 || (dilations as number[] | undefined)?.some((d) => d !== 1)) return undefined;
  const pads =
    padding === 'VALID'
      ? [0, 0, 0, 0]
      : padding === 'EXPLICIT'
        ? (explicit_paddings as number[]).slice(2, 6)
        : undefined;
  if (pads?.[0] !== 0 || pads[1] !== 0) return undefined;
  return {
    kernel,
    taps,
    stride,
    pads: [pads[2], pads[3]],
    attrs: { ...attrs, strides: [1, 1, 1, 1], dilations: [1, 1, 1, 1], padding: 'VALID' },
  };
}

/** Rows with their padding before, and as long as that. */
function fitted(
  x: Ref,
  rows: Dim,
  length: number,
  [before]: readonly [number, number],
  wanted: number,
  r: Rewriting,
): Ref {
  const taken = Math.min(length, wanted - before);
  const cut = taken === length ? x : r.slice(x, [0, 0], [-1, taken]);
  const padded =
    before > 0 || before + taken < wanted
      ? r.pad(cut, [
          [0, 0],
          [before, wanted - before - taken],
        ])
      : cut;
  return r.sized(padded, [rows, wanted]);
}

/** [1, wide, stride * TOGETHER, TOGETHER]: column j holds the filter, j strides later. */
function atPhases(kernel: Weight, taps: number, stride: number, wide: number): Weight {
  const block = stride * TOGETHER;
  return madeOnce(`phases ${stride} ${TOGETHER}`, [kernel], () =>
    derived([1, wide, block, TOGETHER], kernel, (t) => {
      const from = t.data as Float32Array;
      const out = new Float32Array(wide * block * TOGETHER);
      for (let j = 0; j < TOGETHER; j++) for (let k = 0; k < taps; k++) out[(k + stride * j) * TOGETHER + j] = from[k];
      return out;
    }),
  );
}

const repeated = (bias: Weight): Weight =>
  madeOnce(`repeated ${TOGETHER}`, [bias], () =>
    derived([TOGETHER], bias, (t) => new Float32Array(TOGETHER).fill((t.data as Float32Array)[0])),
  );
