import { series } from '../../ir/weights.js';
import { addDim, ceilDiv, isKnown, minDim, sameDim, subDim, type Dim } from '../../ir/dim.js';
import type { GraphBuilder, Ref } from '../../tf/builder.js';
import { sizeFrom, type Sized } from '../../tf/sizes.js';
import { elementOf, takeConstant } from '../../tf/take.js';

/** What Slice takes of one axis, in numpy's words: start:end:step. */
export interface Cut {
  readonly axis: number;
  /** Undefined where only the model's run tells it. */
  readonly start: Dim | undefined;
  readonly end: Dim | undefined;
  /** Undefined where only the model's run tells it. */
  readonly step: number | undefined;
  /** Which element of the starts, ends and steps it is. */
  readonly from: number;
}

/** Beyond any size: exporters write INT_MAX for "to the end". */
const FAR = 2 ** 31 - 1;

/** numpy's indices of a cut; undefined where start or end isn't known. */
export function indicesOf(size: number, { start, end, step }: Cut): number[] | undefined {
  if (step === undefined || start === undefined || end === undefined || !isKnown(start) || !isKnown(end))
    return undefined;
  const clamp = (i: number, low: number, high: number) => Math.min(Math.max(i < 0 ? i + size : i, low), high);
  // ONNX: backwards, the start is within 0 … size-1, and the end within -1 … size-1.
  const [from, to] =
    step > 0 ? [clamp(start, 0, size), clamp(end, 0, size)] : [clamp(start, 0, size - 1), clamp(end, -1, size - 1)];
  const length = Math.max(Math.ceil((to - from) / step), 0);
  return series(length, (i) => from + i * step);
}

/** Whether a size counts from the end: all of it is negative. */
const isNegative = (d: Dim): boolean => (isKnown(d) ? d < 0 : d.terms.every((t) => t.coefficient < 0));

/**
 * How many elements a cut takes. A size that is a symbol is taken to be large enough for starts and ends that are known
 * numbers from 0 on or from the end, as exporters do. Undefined where nothing can be said.
 */
export function lengthOf(size: Dim, cut: Cut): Dim | undefined {
  const { start, end, step } = cut;
  if (isKnown(size)) {
    const known = indicesOf(size, cut);
    if (known) return known.length;
  }
  if (step === undefined || start === undefined || end === undefined) return undefined;
  const last = subDim(size, 1);
  const place = (d: Dim): Dim => (isNegative(d) ? addDim(size, d) : d);
  if (step > 0) {
    const from = isKnown(start) && start <= -FAR ? 0 : place(start);
    const to =
      isKnown(end) && end >= FAR ? size : isKnown(end) && end >= 0 && !isKnown(size) ? minDim(end, size) : place(end);
    const length = subDim(to, from);
    return isKnown(length) ? Math.max(Math.ceil(length / step), 0) : ceilDiv(length, step);
  }
  const from =
    isKnown(start) && start >= FAR ? last : isKnown(start) && start >= 0 ? minDim(start, last) : place(start);
  const to = isKnown(end) && end <= -FAR ? -1 : place(end);
  const length = subDim(from, to);
  return isKnown(length) ? Math.max(Math.ceil(length / -step), 0) : ceilDiv(length, -step);
}

/**
 * Lowers cuts, whose axes are in memory order.
 * @param starts, ends, steps int32 vectors, for what isn't known while converting
 */
export function cut(b: GraphBuilder, x: Sized, cuts: readonly Cut[], starts?: Ref, ends?: Ref, steps?: Ref): Ref {
  const { dims } = x;
  const open = cuts.filter(
    (c) =>
      !(
        c.step === 1 &&
        c.start === 0 &&
        c.end !== undefined &&
        ((isKnown(c.end) && c.end >= FAR) || sameDim(c.end, dims[c.axis]))
      ),
  );
  const plain = open.filter((c) => c.step === 1);
  let y = x.ref;
  if (plain.length > 0) y = unstepped(b, x, plain, starts, ends);
  for (const c of open) {
    if (c.step === 1) continue;
    const size = dims[c.axis];
    const known = isKnown(size) ? indicesOf(size, c) : undefined;
    const now = dims.map((d, axis) => {
      const done =
        axis === c.axis
          ? undefined
          : open.find((o) => o.axis === axis && (o.step === 1 || open.indexOf(o) < open.indexOf(c)));
      return done ? lengthOf(d, done) : d;
    });
    if (known && now.every((d) => d !== undefined)) y = takeConstant(b, y, now as Dim[], c.axis, known);
    else if (known) y = b.op('GatherV2', [y, b.ints(known), b.scalar(c.axis, 'int32')]);
    else y = stepped(b, x, y, c, starts, ends, steps);
  }
  return y;
}

/** A box: Slice where all is known, else StridedSlice, which counts from the end and clamps as numpy does. */
function unstepped(b: GraphBuilder, x: Sized, cuts: readonly Cut[], starts?: Ref, ends?: Ref): Ref {
  const { dims } = x;
  const known = cuts.map((c) => {
    const size = dims[c.axis];
    const at = isKnown(size) ? indicesOf(size, c) : undefined;
    return at && ([at[0] ?? 0, at.length] as const);
  });
  if (known.every((k) => k !== undefined)) {
    const begin = dims.map(() => 0);
    const size = dims.map(() => -1);
    cuts.forEach((c, i) => {
      [begin[c.axis], size[c.axis]] = known[i] as readonly [number, number];
    });
    return b.slice(x.ref, begin, size);
  }
  const begin: (number | Ref)[] = dims.map(() => 0);
  const end: (number | Ref)[] = dims.map(() => 0);
  let endMask = dims.reduce<number>((mask, _, axis) => mask | (1 << axis), 0);
  for (const c of cuts) {
    let [first, last] = [bound(b, x, c.start, starts, c.from), bound(b, x, c.end, ends, c.from)];
    if (!inOrder(first, last)) {
      // TensorFlow.js refuses an end before the start, which takes nothing.
      const size = b.size(x.ref, c.axis, dims[c.axis]);
      first = clamped(b, first, b.scalar(0, 'int32'), size, size);
      last = b.op('Maximum', [clamped(b, last, b.scalar(0, 'int32'), size, size), first]);
    }
    [begin[c.axis], end[c.axis]] = [first, last];
    if (last !== FAR) endMask &= ~(1 << c.axis);
  }
  return b.op('StridedSlice', [x.ref, b.sizes(begin), b.sizes(end), b.ints(dims.map(() => 1))], { end_mask: endMask });
}

/** Whether the end can't come before the start, whatever the size. */
function inOrder(start: number | Ref, end: number | Ref): boolean {
  if (start === 0 || end === FAR) return true;
  return typeof start === 'number' && typeof end === 'number' && start <= end && start < 0 === end < 0;
}

/** A place that counts from the end where it is negative, as one from 0 on, within low and high. */
function clamped(b: GraphBuilder, v: number | Ref, low: Ref, high: Ref, size: Ref): Ref {
  const zero = b.scalar(0, 'int32');
  const counted =
    typeof v !== 'number'
      ? b.select(b.op('Less', [v, zero]), b.add2(v, size), v)
      : v < 0
        ? b.add2(size, b.scalar(v, 'int32'))
        : b.scalar(v, 'int32');
  return b.op('Minimum', [b.op('Maximum', [counted, low]), high]);
}

/** A start or end: a number within int32, or a scalar that is computed. */
function bound(b: GraphBuilder, x: Sized, d: Dim | undefined, given: Ref | undefined, i: number): number | Ref {
  if (d !== undefined && isKnown(d)) return Math.min(Math.max(d, -FAR), FAR);
  const computed = d === undefined ? undefined : sizeFrom(b, d, [x]);
  if (computed !== undefined) return computed;
  if (!given) throw new Error('a start or end is neither known nor given');
  return elementOf(b, given, i);
}

/** Every step-th element of an axis whose size or step isn't known: by indices that are computed when the model runs. */
function stepped(b: GraphBuilder, x: Sized, y: Ref, c: Cut, starts?: Ref, ends?: Ref, steps?: Ref): Ref {
  const int = (v: number | Ref): Ref => (typeof v === 'number' ? b.scalar(v, 'int32') : v);
  const zero = int(0);
  const size = b.size(x.ref, c.axis, x.dims[c.axis]);
  const step = int(c.step ?? bound(b, x, undefined, steps, c.from));
  // Backwards, one before the first element is the end, and the last element the farthest start.
  const back = c.step === undefined ? b.cast(b.op('Less', [step, zero]), 'int32') : int(c.step < 0 ? 1 : 0);
  const [low, high] = [b.op('Neg', [back]), b.sub(size, back)];
  const from = clamped(b, bound(b, x, c.start, starts, c.from), zero, high, size);
  const to = clamped(b, bound(b, x, c.end, ends, c.from), low, high, size);
  const at = b.range(from, to, step);
  const taken = b.op('GatherV2', [y, at, b.scalar(c.axis, 'int32')]);
  // WASM gives what it takes of an empty tensor the wrong shape.
  const sizes = x.dims.map((_, axis) => b.size(axis === c.axis ? at : y, axis === c.axis ? 0 : axis));
  return b.reshape(taken, b.sizes(sizes));
}
