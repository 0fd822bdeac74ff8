import { series } from '../../ir/weights.js';
import { areKnown, isKnown, productOf, type Dim } from '../../ir/dim.js';
import type { Layout } from '../../ir/layout.js';
import type { GraphBuilder, Ref } from '../../tf/builder.js';
import { reshapeSized, sizeFrom, type Sized } from '../../tf/sizes.js';
import { elementOf, takeConstant } from '../../tf/take.js';
import { cut, type Cut } from './cut.js';

export type PadMode = 'constant' | 'reflect' | 'edge' | 'wrap';
type Pads = readonly (readonly [Dim, Dim])[];

/** Pads that the model computes: an int32 vector, all befores then all afters in ONNX's order, and the layout. */
interface Given {
  readonly ref: Ref;
  readonly order: Layout;
}

/** WASM pads wrongly in silence from rank 7 on, and WebGL pads up to rank 4. */
const MOST_AXES = 4;

/**
 * Which element stands at each place of a padded axis; -1 for the constant. What is cropped goes first: the modes repeat
 * what is left.
 */
export function sourcesOf(size: number, before: number, after: number, mode: PadMode): number[] {
  const first = Math.max(-before, 0);
  const left = size - first - Math.max(-after, 0);
  return series(Math.max(size + before + after, 0), (i) => {
    const from = sourceOf(i - Math.max(before, 0), left, mode);
    return from < 0 ? from : first + from;
  });
}

/** Which element stands at place i of an axis of this size when nothing is cropped (numpy's pad). */
function sourceOf(i: number, size: number, mode: PadMode): number {
  if (i >= 0 && i < size) return i;
  if (size <= 0 || mode === 'constant') return -1;
  if (mode === 'edge') return i < 0 ? 0 : size - 1;
  const modulo = (a: number, m: number) => ((a % m) + m) % m;
  if (mode === 'wrap') return modulo(i, size);
  const period = Math.max(2 * (size - 1), 1);
  const m = modulo(i, period);
  return Math.min(m, period - m);
}

/** Lowers Pad: pads are in memory order. */
export function padded(
  b: GraphBuilder,
  x: Sized,
  pads: Pads | undefined,
  mode: PadMode,
  value: number | Ref,
  given: Given | undefined,
): Ref {
  const known = pads?.every((p) => areKnown(p)) ? (pads as readonly (readonly [number, number])[]) : undefined;
  if (!known) return mode === 'constant' ? padComputed(b, x, pads, value, given) : padAxes(b, x, pads, mode, given);
  if (known.every(([p, q]) => p === 0 && q === 0)) return x.ref;
  const fits = known.every(([p, q], axis) => {
    const size = x.dims[axis];
    return p >= 0 && q >= 0 && ((p === 0 && q === 0) || !isKnown(size) || Math.max(p, q) < size);
  });
  if (mode === 'reflect' && fits && x.ref.dtype !== 'bool')
    return merged(b, x, known, (y, paddings) => b.op('MirrorPad', [y, paddings], { mode: 'reflect' }));
  if (mode !== 'constant') return padAxes(b, x, known, mode, given);
  const crops = known.flatMap(([p, q], axis): Cut[] =>
    p < 0 || q < 0 ? [{ axis, start: Math.max(-p, 0), end: q < 0 ? q : 2 ** 31 - 1, step: 1, from: 0 }] : [],
  );
  const dims = x.dims.map((d, axis) => {
    const gone = Math.min(known[axis][0], 0) + Math.min(known[axis][1], 0);
    return isKnown(d) ? Math.max(d + gone, 0) : gone === 0 ? d : undefined;
  });
  const cropped = crops.length > 0 ? cut(b, x, crops) : x.ref;
  const added = known.map(([p, q]): [number, number] => [Math.max(p, 0), Math.max(q, 0)]);
  if (added.flat().every((p) => p === 0)) return cropped;
  const plain = (y: Ref, paddings: Ref): Ref => padFilled(b, y, paddings, value);
  if (dims.some((d) => d === undefined)) return plain(cropped, paddingsOf(b, added));
  return merged(b, { ref: cropped, dims: dims as Dim[] }, added, plain);
}

const paddingsOf = (b: GraphBuilder, pads: readonly (readonly [number, number])[]): Ref =>
  b.tensor({ dtype: 'int32', dims: [pads.length, 2], data: Int32Array.from(pads.flat()) });

/** Pads with neighbouring axes that stay as they are made one, where the rank is high. */
function merged(
  b: GraphBuilder,
  x: Sized,
  pads: readonly (readonly [number, number])[],
  pad: (y: Ref, paddings: Ref) => Ref,
): Ref {
  const groups: number[][] = [];
  pads.forEach(([p, q], axis) => {
    const last = groups.at(-1);
    if (p === 0 && q === 0 && last && pads[last[0]][0] === 0 && pads[last[0]][1] === 0) last.push(axis);
    else groups.push([axis]);
  });
  const flat = groups.map((g) => productOf(g.map((axis) => x.dims[axis])));
  const short = pads.length > MOST_AXES && groups.length < pads.length ? reshapeSized(b, x, flat) : undefined;
  if (!short) return pad(x.ref, paddingsOf(b, pads));
  const out = pad(
    short,
    paddingsOf(
      b,
      groups.map((g) => pads[g[0]]),
    ),
  );
  const dims = x.dims.map((d, axis) => (isKnown(d) ? d + pads[axis][0] + pads[axis][1] : d));
  return (
    reshapeSized(b, { ref: out, dims: groups.map((g) => productOf(g.map((axis) => dims[axis]))) }, dims) ??
    pad(x.ref, paddingsOf(b, pads))
  );
}

/** The pads of one axis as int32 scalars or numbers. */
function endsOf(
  b: GraphBuilder,
  x: Sized,
  pads: Pads | undefined,
  axis: number,
  given: Given | undefined,
): [number | Ref, number | Ref] {
  const rank = x.dims.length;
  const end = (side: 0 | 1): number | Ref => {
    const d = pads?.[axis][side];
    const computed = d === undefined ? undefined : sizeFrom(b, d, [x]);
    if (computed !== undefined) return computed;
    if (!given) throw new Error('a pad is neither known nor given');
    return elementOf(b, given.ref, given.order[axis] + side * rank);
  };
  return [end(0), end(1)];
}

const scalar = (b: GraphBuilder, v: number | Ref): Ref => (typeof v === 'number' ? b.scalar(v, 'int32') : v);

/** Constant mode with pads that the model computes: what is negative is cropped, then the rest is added. */
function padComputed(
  b: GraphBuilder,
  x: Sized,
  pads: Pads | undefined,
  value: number | Ref,
  given: Given | undefined,
): Ref {
  const zero = b.scalar(0, 'int32');
  const ends = x.dims.map((_, axis) => endsOf(b, x, pads, axis, given).map((v) => scalar(b, v)) as [Ref, Ref]);
  const begin = b.op(
    'Pack',
    ends.map(([p]) => b.op('Maximum', [b.op('Neg', [p]), zero])),
    { axis: 0 },
    ['int32'],
  );
  const last = b.op(
    'Pack',
    ends.map(([, q], axis) => b.add2(b.size(x.ref, axis, x.dims[axis]), b.op('Minimum', [q, zero]))),
    { axis: 0 },
    ['int32'],
  );
  const cropped = b.op('StridedSlice', [x.ref, begin, last, b.ints(x.dims.map(() => 1))]);
  const paddings = b.op('Maximum', [
    b.op(
      'Pack',
      ends.map((e) => b.op('Pack', e, { axis: 0 }, ['int32'])),
      { axis: 0 },
      ['int32'],
    ),
    zero,
  ]);
  return padFilled(b, cropped, paddings, value);
}

/** PadV2. Its value is a float32 on WASM: what such a number can't hold is added afterwards. */
export function padFilled(b: GraphBuilder, x: Ref, paddings: Ref, value: number | Ref): Ref {
  const fill =
    typeof value === 'number' ? b.scalar(value, x.dtype as 'float32' | 'int32' | 'bool') : b.reshape(value, []);
  const exact = x.dtype !== 'int32' || (typeof value === 'number' && Math.abs(value) <= 2 ** 24);
  if (exact) return b.op('PadV2', [x, paddings, fill]);
  return b.add2(b.op('PadV2', [b.sub(x, fill), paddings, b.scalar(0, 'int32')]), fill);
}

/** The other modes, axis by axis: the element for each place is looked up. */
function padAxes(
  b: GraphBuilder,
  x: Sized,
  pads: Pads | undefined,
  mode: Exclude<PadMode, 'constant'>,
  given: Given | undefined,
): Ref {
  let y = x.ref;
  const dims: Dim[] = [...x.dims];
  let told = true;
  x.dims.forEach((size, axis) => {
    const p = pads?.[axis];
    if (p && p[0] === 0 && p[1] === 0) return;
    const [before, after] = p ?? [];
    if (before !== undefined && after !== undefined && isKnown(before) && isKnown(after) && isKnown(size)) {
      const at = sourcesOf(size, before, after, mode);
      y = told ? takeConstant(b, y, dims, axis, at) : b.op('GatherV2', [y, b.ints(at), b.scalar(axis, 'int32')]);
      dims[axis] = at.length;
      return;
    }
    const [first, last] = endsOf(b, x, pads, axis, given).map((v) => scalar(b, v)) as [Ref, Ref];
    const zero = b.scalar(0, 'int32');
    const gone = b.op('Maximum', [b.op('Neg', [first]), zero]);
    const left = b.sub(b.add2(b.size(x.ref, axis, size), b.op('Minimum', [last, zero])), gone);
    const begin = b.op('Minimum', [b.op('Neg', [first]), zero]);
    const places = b.range(begin, b.add2(left, b.op('Maximum', [last, zero])), b.scalar(1, 'int32'));
    y = b.op('GatherV2', [y, b.add2(sources(b, places, left, mode), gone), b.scalar(axis, 'int32')]);
    told = false;
  });
  return y;
}

/** {@link sourceOf} when the model runs. */
function sources(b: GraphBuilder, places: Ref, size: Ref, mode: Exclude<PadMode, 'constant'>): Ref {
  const [zero, one, two] = [0, 1, 2].map((v) => b.scalar(v, 'int32'));
  switch (mode) {
    case 'edge':
      return b.op('Minimum', [b.op('Maximum', [places, zero]), b.sub(size, one)]);
    case 'wrap':
      return b.op('FloorMod', [places, size]);
    case 'reflect': {
      const period = b.op('Maximum', [b.mul(b.sub(size, one), two), one]);
      const m = b.op('FloorMod', [places, period]);
      return b.op('Minimum', [m, b.sub(period, m)]);
    }
  }
}
