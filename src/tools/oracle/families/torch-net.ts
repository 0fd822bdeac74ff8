import type { DType } from '../../../tensor/dtype.js';
import { fed, type Family, type Generator, type Given } from '../case.js';
import type { Random } from '../random.js';
import { Net } from './networks.js';

/** As an end of a slice: all the way. */
export const LARGEST = 2 ** 31 - 1;

/** Writes what torch's exporter does for one opset: the same function is attributes in one version and inputs in another. */
export class TorchNet extends Net {
  readonly opset: number;
  /** Undefined where it is open. */
  readonly batch: number | undefined;
  constructor(r: Random, opset: number, batch: number | undefined) {
    super(r);
    this.opset = opset;
    this.batch = batch;
  }

  clip(x: string, low: number | undefined, high: number | undefined): string {
    if (this.opset >= 11)
      return this.op('Clip', [
        x,
        low === undefined ? '' : this.float(low),
        ...(high === undefined ? [] : [this.float(high)]),
      ]);
    return this.op('Clip', [x], {
      ...(low === undefined ? {} : { min: { float: low } }),
      ...(high === undefined ? {} : { max: { float: high } }),
    });
  }
  /** @param pads begins of all axes, then ends */
  pad(x: string, pads: readonly number[], mode: string, value = 0): string {
    if (this.opset >= 11)
      return this.op('Pad', [x, this.ints(pads), ...(mode === 'constant' ? [this.float(value)] : [])], { mode });
    return this.op('Pad', [x], { mode, pads, ...(mode === 'constant' ? { value: { float: value } } : {}) });
  }
  squeeze(x: string, axes: readonly number[]): string {
    return this.opset >= 13 ? this.op('Squeeze', [x, this.ints(axes)]) : this.op('Squeeze', [x], { axes });
  }
  unsqueeze(x: string, axes: readonly number[]): string {
    return this.opset >= 13 ? this.op('Unsqueeze', [x, this.ints(axes)]) : this.op('Unsqueeze', [x], { axes });
  }
  reduce(op: string, x: string, axes: readonly number[], keepdims: number): string {
    return op === 'ReduceSum' && this.opset >= 13
      ? this.op(op, [x, this.ints(axes)], { keepdims })
      : this.op(op, [x], { axes, keepdims });
  }
  split(x: string, axis: number, parts: readonly number[]): string[] {
    return this.opset >= 13
      ? this.many('Split', [x, this.ints(parts)], { axis }, parts.length)
      : this.many('Split', [x], { axis, split: parts }, parts.length);
  }
  slice(x: string, axis: number, start: number, end = LARGEST, step = 1): string {
    if (this.opset < 10) return this.op('Slice', [x], { axes: [axis], starts: [start], ends: [end] });
    const bounds = [[start], [end], [axis], [step]].map((v) => this.ints(v));
    return this.op('Slice', [x, ...bounds]);
  }
  dropout(x: string): string {
    return this.opset >= 12
      ? this.op('Dropout', [x, this.float(0.5)])
      : this.op('Dropout', [x], { ratio: { float: 0.5 } });
  }
  /** Of axis 1, where versions before 13 flatten what is behind it, and torch moves the axis to the end instead. */
  softmax(op: 'Softmax' | 'LogSoftmax', x: string, axis: number, rank: number): string {
    const last = rank - 1;
    const at = axis < 0 ? axis + rank : axis;
    if (this.opset >= 13 || at === last) return this.op(op, [x], { axis: at });
    const perm = Array.from({ length: rank }, (_, i) => (i === at ? last : i === last ? at : i));
    return this.op('Transpose', [this.op(op, [this.op('Transpose', [x], { perm })], { axis: last })], { perm });
  }
  upsample(x: string, rank: number, scale: number, mode: 'nearest' | 'linear', aligned = false): string {
    const scales = this.floats([1, 1, ...new Array<number>(rank - 2).fill(scale)]);
    if (this.opset < 9)
      return this.op('Upsample', [x], { mode, scales: { floats: [1, 1, ...new Array<number>(rank - 2).fill(scale)] } });
    if (this.opset === 9) return this.op('Upsample', [x, scales], { mode });
    if (this.opset === 10) return this.op('Resize', [x, scales], { mode });
    return this.op('Resize', [x, this.roi(), scales], {
      mode,
      ...(mode === 'nearest'
        ? { coordinate_transformation_mode: 'asymmetric', nearest_mode: 'floor' }
        : { coordinate_transformation_mode: aligned ? 'align_corners' : 'half_pixel' }),
    });
  }
  /** Versions 11 and 12 want the roi that nobody reads. */
  roi(): string {
    return this.opset < 13 ? this.floats([]) : '';
  }
  /** x.view(x.size(0), -1), in the ways in which exporters have written it. */
  flat(x: string): string {
    switch (this.r.int(0, 3)) {
      case 0:
        return this.op('Flatten', [x], { axis: 1 });
      case 1:
        return this.op('Reshape', [x, this.ints([0, -1])]);
      case 2: {
        const batch = this.op('Gather', [this.op('Shape', [x]), this.ints(0)], { axis: 0 });
        return this.op('Reshape', [x, this.join([this.unsqueeze(batch, [0]), this.ints([-1])], 0)]);
      }
      default: {
        const sizes = this.op('Shape', [x]);
        return this.op('Reshape', [x, this.join([this.slice(sizes, 0, 0, 1), this.ints([-1])], 0)]);
      }
    }
  }
  linear(x: string, from: number, to: number): string {
    return this.op('Gemm', [x, this.weight([to, from]), this.weight([to])], { transB: 1 });
  }
}

/** Sizes of inputs without the batch. */
export const image = (r: Random) => [r.int(1, 6), r.int(7, 12), r.int(7, 12)];
export const small = (r: Random) => [r.int(1, 4), r.int(4, 7), r.int(4, 7)];
export const volume = (r: Random) => [r.int(1, 3), r.int(5, 8), r.int(5, 8), r.int(5, 8)];
export const line = (r: Random) => [r.int(1, 6), r.int(7, 14)];
export const vector = (r: Random) => [r.int(2, 9)];
/** Ranks 2 to 5. */
export const any = (r: Random) => r.pick([vector, line, small, small, volume])(r);

type Body = (n: TorchNet, inputs: string[], dims: readonly number[]) => string | string[];

/**
 * A module with its inputs, as torch exports it: with opset 7 to 17, and a batch that is 1, 3, or open and fed with both.
 * @param sizes of an input without its batch, drawn anew for each case
 */
export const torchModule =
  (
    sizes: (r: Random) => readonly number[],
    body: Body,
    { inputs = 1, opset = [7, 17], low = -3, high = 3, dtype = 'float32' as DType } = {},
  ): Generator =>
  (r) => {
    const batch = r.pick([1, 3, undefined]);
    const n = new TorchNet(r, r.int(opset[0], opset[1]), batch);
    const dims = sizes(r);
    const names = Array.from({ length: inputs }, (_, i) => `input_${i}`);
    const out = body(n, names, dims);
    const at = (b: number) => r.tensor(dtype, [b, ...dims], low, high);
    const given = (): Given => (batch === undefined ? fed(at(1), { 0: 'batch' }, [at(3)]) : fed(at(batch)));
    return {
      opsets: { '': n.opset },
      nodes: n.nodes,
      inputs: { ...Object.fromEntries(names.map((name) => [name, given()])), ...n.inputs },
      outputs: typeof out === 'string' ? [out] : out,
      tolerance: { rtol: 1e-3, atol: 1e-5, rangeTol: 1e-5 },
    };
  };

/** More of each spatial axis in a second run: what halves sizes three times still can. */
const LARGER = 8;

/** Modules whose images have an open height and width, run at two sizes. */
export const ofOpenSize = (family: Family, names: readonly string[]): Family =>
  Object.fromEntries(
    names.map((name) => [
      `${name} of open size`,
      (r) => {
        const c = family[name](r);
        const open = (given: Given): Given => {
          const { tensor, symbols, others = [] } = given;
          const { dtype, dims } = tensor;
          const axes = dims.flatMap((_, axis) => (axis < 2 ? [] : [[axis, `size${axis}`] as const]));
          const larger = r.tensor(
            dtype,
            dims.map((d, axis) => (axis < 2 ? d : d + LARGER)),
          );
          return fed(tensor, { ...symbols, ...Object.fromEntries(axes) }, [...others, larger]);
        };
        const inputs = Object.entries(c.inputs).map(([key, g]) => [key, g.constant ? g : open(g)] as const);
        return { ...c, inputs: Object.fromEntries(inputs) };
      },
    ]),
  );
