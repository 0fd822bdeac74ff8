import { LIMITS } from '../../diag/limits.js';
import { derived, listed, madeOnce, permuted, reshaped, stridesOf } from '../../ir/weights.js';
import { allocate, sizeOf, tensorOf, type Tensor, type TensorData, type Weight } from '../../tensor/tensor.js';
import type { GraphBuilder, Ref } from '../../tf/builder.js';
import { reach } from './window.js';

/**
 * Weights of a convolution on their way from ONNX's order to TensorFlow's: constant ones are moved while converting,
 * others by ops.
 */
export interface Kernel {
  readonly dims: readonly number[];
  /** Known while converting. */
  readonly constant: boolean;
  reshape(dims: readonly number[]): Kernel;
  permute(perm: readonly number[]): Kernel;
  /** Entries first … first+count-1 of axis 0. */
  rows(first: number, count: number): Kernel;
  /** Entry i of axis 0 times factors[i]. */
  times(factors: readonly number[]): Kernel;
  /** Zeros put between the entries of each axis: dilations[i] - 1 of them. */
  spread(dilations: readonly number[]): Kernel;
  /** The other way round along these axes. */
  flip(axes: readonly number[]): Kernel;
  /** Zeros put before and behind, per axis. */
  pad(pads: readonly (readonly [number, number])[]): Kernel;
  /** The dense kernel [O, group * I, …] that does what [O, I, …] does in groups: zeros beside the diagonal. */
  diagonal(group: number): Kernel;
  ref(): Ref;
}

/** A constant kernel, or one that the model computes. */
export function kernelOf(weight: Weight | undefined, ref: Ref, dims: readonly number[], b: GraphBuilder): Kernel {
  return weight ? constantKernel(weight, b) : computedKernel(ref, dims, b);
}

export function constantKernel(w: Weight, b: GraphBuilder): Kernel {
  let made: Ref | undefined;
  const next = (v: Weight) => constantKernel(v, b);
  const placed = (dims: readonly number[], place: (at: readonly number[]) => readonly number[]) =>
    next(scattered(w, dims, place));
  return {
    dims: w.dims,
    constant: true,
    reshape: (dims) => next(reshaped(w, dims)),
    permute: (perm) => next(permuted(w, perm)),
    rows: (first, count) => next(rowsOf(w, first, count)),
    times: (factors) => next(timesRows(w, factors)),
    spread: (dilations) =>
      dilations.every((d) => d === 1)
        ? next(w)
        : placed(
            w.dims.map((k, i) => reach(k, dilations[i])),
            (at) => at.map((p, i) => p * dilations[i]),
          ),
    flip: (axes) => placed(w.dims, (at) => at.map((p, i) => (axes.includes(i) ? w.dims[i] - 1 - p : p))),
    pad: (pads) =>
      placed(
        w.dims.map((k, i) => k + pads[i][0] + pads[i][1]),
        (at) => at.map((p, i) => p + pads[i][0]),
      ),
    diagonal: (group) => {
      const filters = w.dims[0] / group;
      return placed([w.dims[0], w.dims[1] * group, ...w.dims.slice(2)], (at) => [
        at[0],
        at[1] + Math.floor(at[0] / filters) * w.dims[1],
        ...at.slice(2),
      ]);
    },
    ref: () => (made ??= b.constant(w)),
  };
}

function computedKernel(x: Ref, dims: readonly number[], b: GraphBuilder): Kernel {
  const next = (v: Ref, d: readonly number[]) => computedKernel(v, d, b);
  return {
    dims,
    constant: false,
    reshape: (to) => next(b.reshape(x, to), to),
    permute: (perm) =>
      next(
        b.transpose(x, perm),
        perm.map((p) => dims[p]),
      ),
    rows: (first, count) =>
      next(b.slice(x, [first, ...dims.slice(1).map(() => 0)], [count, ...dims.slice(1)]), [count, ...dims.slice(1)]),
    times: (factors) =>
      next(b.mul(x, b.tensor(tensorOf('float32', [dims[0], ...dims.slice(1).map(() => 1)], factors))), dims),
    spread: (dilations) => {
      let y = x;
      let now = [...dims];
      dilations.forEach((d, axis) => {
        if (d === 1) return;
        // Each entry becomes a row of d: itself and zeros.
        const [before, k, after] = [sizeOf(now.slice(0, axis)), now[axis], sizeOf(now.slice(axis + 1))];
        const rows = b.pad(b.reshape(y, [before, k, 1, after]), [
          [0, 0],
          [0, 0],
          [0, d - 1],
          [0, 0],
        ]);
        y = b.slice(b.reshape(rows, [before, k * d, after]), [0, 0, 0], [before, reach(k, d), after]);
        now = now.map((n, i) => (i === axis ? reach(k, d) : n));
        y = b.reshape(y, now);
      });
      return next(y, now);
    },
    flip: (axes) => next(b.op('ReverseV2', [x, b.ints(axes)]), dims),
    pad: (pads) =>
      next(
        b.pad(x, pads),
        dims.map((d, i) => d + pads[i][0] + pads[i][1]),
      ),
    diagonal: (group) => {
      const filters = dims[0] / group;
      const parts = Array.from({ length: group }, (_, g) => {
        const part = b.slice(x, [g * filters, ...dims.slice(1).map(() => 0)], [filters, ...dims.slice(1)]);
        return b.pad(
          part,
          dims.map((_, axis) => (axis === 1 ? [g * dims[1], (group - 1 - g) * dims[1]] : [0, 0])),
        );
      });
      return next(b.concat(parts, 0), [dims[0], dims[1] * group, ...dims.slice(2)]);
    },
    ref: () => x,
  };
}

/** A kernel [O, I, …] with zeros between its taps. */
export function dilated(w: Weight, dilations: readonly number[]): Weight {
  const all = [1, 1, ...dilations];
  return scattered(
    w,
    w.dims.map((k, i) => reach(k, all[i])),
    (at) => at.map((p, i) => p * all[i]),
  );
}

/** Rows first … first+count-1 of axis 0. */
function rowsOf(weight: Weight, first: number, count: number): Weight {
  const row = sizeOf(weight.dims.slice(1));
  return madeOnce(`rows ${first} ${count}`, [weight], () =>
    derived([count, ...weight.dims.slice(1)], weight, (t) =>
      (t.data as Float32Array).slice(first * row, (first + count) * row),
    ),
  );
}

/** A larger tensor of zeros in which each element stands where `place` says. */
export function scattered(
  w: Weight,
  dims: readonly number[],
  place: (at: readonly number[]) => readonly number[],
): Weight {
  listed(sizeOf(dims), LIMITS.foldedElements);
  return derived(dims, w, (t: Tensor): TensorData => {
    const out = allocate(t.dtype, sizeOf(dims)) as Float32Array;
    const from = t.data as Float32Array;
    const strides = stridesOf(dims);
    const at = new Array<number>(t.dims.length).fill(0);
    for (let i = 0; i < from.length; i++) {
      const to = place(at);
      let index = 0;
      for (let axis = 0; axis < strides.length; axis++) index += to[axis] * strides[axis];
      out[index] = from[i];
      for (let axis = at.length - 1; axis >= 0; axis--) {
        if (++at[axis] < t.dims[axis]) break;
        at[axis] = 0;
      }
    }
    return out;
  });
}

function timesRows(w: Weight, factors: readonly number[]): Weight {
  const each = sizeOf(w.dims.slice(1));
  return derived(w.dims, w, (t): TensorData => {
    const from = t.data as Float32Array;
    const out = new Float32Array(from.length);
    for (const [row, factor] of factors.entries())
      for (let i = row * each; i < (row + 1) * each; i++) out[i] = from[i] * factor;
    return out;
  });
}
