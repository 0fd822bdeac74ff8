import {
  addDim,
  areKnown,
  broadcastDims,
  ceilDiv,
  exactDiv,
  floorDiv,
  isKnown,
  mulDim,
  productOf,
  subDim,
  symbol,
  type Dim,
} from '../ir/dim.js';
import { arrange } from '../ir/layout.js';
import type { AttrValue, Ref, TfNode } from './builder.js';
import type { TfGraph } from './lower.js';

type Dims = readonly Dim[];

/** Contents of a constant as numbers, where it is small; undefined for anything else. */
export function numbersIn(ref: Ref | undefined, most = 4096): readonly number[] | undefined {
  const weight = ref?.node.weight;
  if (!weight || weight.dtype === 'string' || weight.dims.reduce((n, d) => n * d, 1) > most) return undefined;
  let numbers = NUMBERS.get(ref.node);
  if (!numbers) NUMBERS.set(ref.node, (numbers = Array.from(weight.load().data as ArrayLike<number>, Number)));
  return numbers;
}
const NUMBERS = new WeakMap<TfNode, readonly number[]>();

/**
 * Sizes of the tensors of a TensorFlow graph, in memory order: those of ONNX's values are known from it, the others
 * follow from their op. Undefined where neither says.
 */
export class Shapes {
  private readonly known = new Map<TfNode, (Dims | undefined)[]>();
  private readonly asked = new Map<TfNode, (Dims | undefined)[]>();
  private fresh = 0;

  constructor(graph: TfGraph) {
    for (const { ref, value } of graph.values) this.set(ref, arrange(value.type.dims, value.layout));
  }

  /** Says what is known of a tensor from elsewhere. */
  set(ref: Ref, dims: Dims): void {
    const list = this.known.get(ref.node) ?? ref.node.dtypes.map(() => undefined);
    list[ref.index] = dims;
    this.known.set(ref.node, list);
  }

  of(ref: Ref): Dims | undefined {
    const known = this.known.get(ref.node)?.[ref.index];
    if (known) return known;
    let all = this.asked.get(ref.node);
    if (!all) {
      const one = this.infer(ref.node);
      all = Array.isArray(one?.[0]) ? [...(one as Dims[])] : [one as Dims | undefined];
      this.asked.set(ref.node, all);
    }
    return all[ref.index];
  }

  /** Where all sizes are known while converting. */
  numbers(ref: Ref): readonly number[] | undefined {
    const dims = this.of(ref);
    return dims && areKnown(dims) ? dims : undefined;
  }

  private next(): Dim {
    return symbol(`?tf${this.fresh++}`);
  }

  /** Dims of the first output, or a list of those of all. */
  private infer(node: TfNode): Dims | Dims[] | undefined {
    const { op, attrs, inputs } = node;
    const at = (i: number) => inputs[i] && this.of(inputs[i]);
    const x = at(0);
    if (SAME.has(op)) return x;
    if (BROADCAST.has(op)) {
      const y = at(1);
      return x && y && broadcastDims(x, y, () => this.next());
    }
    switch (op) {
      case 'Placeholder':
        return node.shape?.map((d, i) => d ?? symbol(`?${node.scope}.${i}`));
      case 'Const':
        return node.weight?.dims;
      case 'Fill':
        return numbersIn(inputs[0]);
      case 'BroadcastTo':
        return numbersIn(inputs[1]);
      case 'SelectV2': {
        const [y, z] = [at(1), at(2)];
        const both = x && y && broadcastDims(x, y, () => this.next());
        return both && z && broadcastDims(both, z, () => this.next());
      }
      case 'Reshape': {
        const to = numbersIn(inputs[1]);
        if (!to) return undefined;
        if (!to.includes(-1)) return to;
        const rest =
          x &&
          exactDiv(
            productOf(x),
            to.reduce((n, d) => (d === -1 ? n : n * d), 1),
          );
        return to.map((d) => (d === -1 ? (rest ?? this.next()) : d));
      }
      case 'Squeeze': {
        const axes = (attrs.axis as number[] | undefined)?.map((a) => (x && a < 0 ? a + x.length : a)) ?? [];
        return axes.length > 0 ? x?.filter((_, i) => !axes.includes(i)) : undefined;
      }
      case 'ExpandDims': {
        const axis = numbersIn(inputs[1])?.[0];
        if (!x || axis === undefined) return undefined;
        const place = axis < 0 ? axis + x.length + 1 : axis;
        return [...x.slice(0, place), 1, ...x.slice(place)];
      }
      case 'Transpose': {
        const perm = numbersIn(inputs[1]);
        return x && perm && arrange(x, perm);
      }
      case 'MatMul':
      case '_FusedMatMul':
      case 'BatchMatMulV2':
      case 'BatchMatMul': {
        const y = at(1);
        if (!x || !y || x.length < 2 || y.length < 2) return undefined;
        const [m, n] = [
          x.at(attrs.transpose_a || attrs.adj_x ? -1 : -2) as Dim,
          y.at(attrs.transpose_b || attrs.adj_y ? -2 : -1) as Dim,
        ];
        const batch = broadcastDims(x.slice(0, -2), y.slice(0, -2), () => this.next());
        return batch && [...batch, m, n];
      }
      case 'Conv2D':
      case '_FusedConv2D':
      case 'DepthwiseConv2dNative':
      case 'FusedDepthwiseConv2dNative': {
        const k = at(1);
        if (!x || !k || !areKnown(k)) return undefined;
        const spatial = windows(x.slice(1, 3), [k[0], k[1]], attrs);
        return spatial && [x[0], ...spatial, op.includes('epthwise') ? k[2] * k[3] : k[3]];
      }
      case 'MaxPool':
      case 'AvgPool': {
        const spatial = x && windows(x.slice(1, 3), (attrs.ksize as number[]).slice(1, 3), attrs);
        return x && spatial && [x[0], ...spatial, x[3]];
      }
      case 'Mean':
      case 'Sum':
      case 'Max':
      case 'Min':
      case 'Prod': {
        const axes = numbersIn(inputs[1]);
        if (!x || !axes) return undefined;
        const gone = axes.map((a) => (a < 0 ? a + x.length : a));
        return attrs.keep_dims ? x.map((d, i) => (gone.includes(i) ? 1 : d)) : x.filter((_, i) => !gone.includes(i));
      }
      case 'ConcatV2': {
        const parts = inputs.slice(0, -1).map((_, i) => at(i));
        const axis = numbersIn(inputs[inputs.length - 1])?.[0];
        if (axis === undefined || !parts.every((p) => p !== undefined)) return undefined;
        const place = axis < 0 ? axis + parts[0].length : axis;
        return parts[0].map((d, i) => (i === place ? parts.map((p) => p[i]).reduce<Dim>(addDim, 0) : d));
      }
      case 'Pack': {
        const axis = attrs.axis as number;
        return x && [...x.slice(0, axis), inputs.length, ...x.slice(axis)];
      }
      case 'Unpack': {
        const axis = attrs.axis as number;
        return x && node.dtypes.map(() => x.filter((_, i) => i !== (axis < 0 ? axis + x.length : axis)));
      }
      case 'Split': {
        const whole = at(1);
        const axis = numbersIn(inputs[0])?.[0];
        if (!whole || axis === undefined) return undefined;
        return node.dtypes.map(() =>
          whole.map((d, i) => (i === (axis < 0 ? axis + whole.length : axis) ? floorDiv(d, node.dtypes.length) : d)),
        );
      }
      case 'SplitV': {
        const sizes = numbersIn(inputs[1]);
        const axis = numbersIn(inputs[2])?.[0];
        if (!x || !sizes || axis === undefined || sizes.includes(-1)) return undefined;
        return sizes.map((s) => x.map((d, i) => (i === (axis < 0 ? axis + x.length : axis) ? s : d)));
      }
      case 'Slice': {
        const [begin, size] = [numbersIn(inputs[1]), numbersIn(inputs[2])];
        return x && begin && size && x.map((d, i) => (size[i] === -1 ? subDim(d, begin[i]) : size[i]));
      }
      case 'GatherNd': {
        const rows = at(1);
        const depth = rows?.at(-1);
        return x && rows && depth !== undefined && isKnown(depth)
          ? [...rows.slice(0, -1), ...x.slice(depth)]
          : undefined;
      }
      case 'PadV2':
      case 'MirrorPad': {
        const pads = numbersIn(inputs[1]);
        return x && pads && x.map((d, i) => addDim(d, pads[2 * i] + pads[2 * i + 1]));
      }
      case 'Tile': {
        const times = numbersIn(inputs[1]);
        return x && times && x.map((d, i) => mulDim(d, times[i]));
      }
      case 'Shape':
        return x && [x.length];
      default:
        return undefined;
    }
  }
}

const SAME = new Set([
  'Identity',
  'Cast',
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
  'Softmax',
  'LogSoftmax',
  'LeakyRelu',
  'ClipByValue',
  'Sign',
  'Sin',
  'Cos',
  'Tan',
  'LogicalNot',
  'IsNan',
  'IsInf',
  'IsFinite',
  'FusedBatchNormV3',
  'Cumsum',
  'Reciprocal',
  'Prelu',
  'Atan',
  'Sinh',
  'Cosh',
]);
/** Ops of two operands that give a bool for each number. */
export const TRUTHS: readonly string[] = [
  'Equal',
  'NotEqual',
  'Less',
  'LessEqual',
  'Greater',
  'GreaterEqual',
  'LogicalAnd',
  'LogicalOr',
];
const BROADCAST = new Set([
  'AddV2',
  'Sub',
  'Mul',
  'RealDiv',
  'Maximum',
  'Minimum',
  'Pow',
  'SquaredDifference',
  'FloorDiv',
  'FloorMod',
  ...TRUTHS,
]);

/** Output sizes of a window that slides over height and width. */
function windows(
  sizes: Dims,
  kernel: readonly number[],
  attrs: Readonly<Record<string, AttrValue>>,
): Dim[] | undefined {
  const strides = (attrs.strides as number[]).slice(1, 3);
  const dilations = ((attrs.dilations as number[] | undefined) ?? [1, 1, 1, 1]).slice(1, 3);
  const explicit = (attrs.explicit_paddings as number[] | undefined) ?? [0, 0, 0, 0, 0, 0, 0, 0];
  if (attrs.padding === 'SAME') return sizes.map((d, i) => ceilDiv(d, strides[i]));
  return sizes.map((d, i) => {
    const pads = attrs.padding === 'EXPLICIT' ? explicit[2 * i + 2] + explicit[2 * i + 3] : 0;
    return addDim(floorDiv(subDim(addDim(d, pads), (kernel[i] - 1) * dilations[i] + 1), strides[i]), 1);
  });
}
