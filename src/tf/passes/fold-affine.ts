import { madeOnce } from '../../ir/weights.js';
import { tensorOf, type Weight } from '../../tensor/tensor.js';
import type { Ref, TfNode } from '../builder.js';
import type { TfGraph } from '../lower.js';
import { rewrite, type Rewriting } from '../rewrite.js';

/** The ops that can carry a scale and a bias per output channel, and what they are called with a bias. */
const WITH_BIAS: Readonly<Record<string, string>> = {
  Conv2D: '_FusedConv2D',
  DepthwiseConv2dNative: 'FusedDepthwiseConv2dNative',
  MatMul: '_FusedMatMul',
};

/** Products whose second operand may be weights, with or without a bias, and what each is called with one. */
export const PRODUCTS: ReadonlyMap<string, string> = new Map(
  Object.entries(WITH_BIAS).flatMap(([plain, fused]) => [
    [plain, fused],
    [fused, fused],
  ]),
);

/**
 * A constant scale or shift per channel, behind a product with constant weights, becomes part of the weights:
 *
 *     Conv2D(x, W) -> Mul(s) -> AddV2(c)      becomes      _FusedConv2D(x, W * s, bias: c)
 *
 * So BatchNormalization disappears into the convolution before it. Only where nothing else reads what lies between.
 */
export function foldAffine(graph: TfGraph): TfGraph {
  return rewrite(graph, foldNode);
}

/** The rule of {@link foldAffine}. */
export function foldNode(node: TfNode, r: Rewriting): readonly Ref[] | undefined {
  if (node.inputs.length !== 2 || !['Mul', 'AddV2', 'Sub', 'RealDiv'].includes(node.op)) return undefined;
  const [a, b] = node.inputs;
  return (node.op === 'Mul' || node.op === 'AddV2') && isConst(a)
    ? fold(node, b, a, r)
    : isConst(b)
      ? fold(node, a, b, r)
      : undefined;
}

const isConst = (ref: Ref): boolean => ref.node.op === 'Const';

function fold(node: TfNode, x: Ref, constant: Ref, r: Rewriting): readonly Ref[] | undefined {
  const product = productOf(x.node);
  if (!product || r.uses(x) !== 1 || constant.dtype !== 'float32') return undefined;
  const weight = constant.node.weight as Weight;
  const perChannel = channelVector(weight, product.channels);
  if (!perChannel || weight.dims.length > product.rank) return undefined;
  const kernel = x.node.inputs[1].node.weight as Weight;
  r.over(node, x.node);
  if (node.op === 'Mul' || node.op === 'RealDiv') {
    const factor = node.op === 'Mul' ? perChannel : inverse(perChannel);
    const inputs = [x.node.inputs[0], r.constant(scaled(kernel, factor, product.depthwise))];
    if (product.bias) inputs.push(r.constant(combined(product.bias, factor, 'times')));
    return [r.op(x.node.op, inputs, x.node.attrs)];
  }
  const shift = node.op === 'AddV2' ? perChannel : negated(perChannel);
  const bias = product.bias ? combined(product.bias, shift, 'plus') : shift;
  return [
    r.op(WITH_BIAS[x.node.op] ?? x.node.op, [x.node.inputs[0], x.node.inputs[1], r.constant(bias)], {
      ...x.node.attrs,
      num_args: 1,
      fused_ops: ['BiasAdd'],
    }),
  ];
}

/** A product times a number. */
export function scaledBy(node: TfNode, factor: number, r: Rewriting): Ref {
  const known = productOf(node) as Product;
  const [x, kernel, bias] = node.inputs;
  const vector = madeOnce(`filled ${factor} ${known.channels}`, [kernel.node.weight as Weight], () => ({
    dtype: 'float32',
    dims: [known.channels],
    load: () => tensorOf('float32', [known.channels], new Float32Array(known.channels).fill(factor)),
  }));
  return r.op(
    node.op,
    [
      x,
      r.constant(scaled(kernel.node.weight as Weight, vector, known.depthwise)),
      ...(bias ? [r.constant(combined(bias.node.weight as Weight, vector, 'times'))] : []),
    ],
    node.attrs,
  );
}

interface Product {
  readonly channels: number;
  /** Of the result. */
  readonly rank: number;
  readonly depthwise: boolean;
  readonly bias?: Weight;
}

/** What a node is, where it is a product with constant weights; without an activation, unless that is said to be fine. */
export function productOf(node: TfNode, activated = false): Product | undefined {
  const base = Object.entries(WITH_BIAS).find(([plain, fused]) => node.op === plain || node.op === fused)?.[0];
  if (!base || node.inputs[1].node.op !== 'Const') return undefined;
  if (
    node.attrs.transpose_b ||
    (!activated && (node.attrs.fused_ops as string[] | undefined)?.some((f) => f !== 'BiasAdd'))
  )
    return undefined;
  const { dims } = node.inputs[1].node.weight as Weight;
  const depthwise = base === 'DepthwiseConv2dNative';
  if (base === 'MatMul' && dims.length !== 2) return undefined;
  const bias = node.inputs[2]?.node;
  if (bias && bias.op !== 'Const') return undefined;
  return {
    channels: depthwise ? dims[2] * dims[3] : dims[dims.length - 1],
    rank: base === 'MatMul' ? 2 : 4,
    depthwise,
    ...(bias ? { bias: bias.weight as Weight } : {}),
  };
}

/** A constant as one value per channel, where it broadcasts along the last axis alone. */
export function channelVector(w: Weight, channels: number): Weight | undefined {
  const last = w.dims.at(-1) ?? 1;
  if (w.dims.slice(0, -1).some((d) => d !== 1) || (last !== 1 && last !== channels)) return undefined;
  return madeOnce(`channels ${channels}`, [w], () => ({
    dtype: 'float32',
    dims: [channels],
    load: () => {
      const { data } = w.load();
      return tensorOf(
        'float32',
        [channels],
        last === channels
          ? Array.from(data as ArrayLike<number>, Number)
          : new Array<number>(channels).fill(Number(data[0])),
      );
    },
  }));
}

function mapped(w: Weight, recipe: string, f: (v: number) => number): Weight {
  return madeOnce(recipe, [w], () => ({
    ...w,
    load: () => tensorOf('float32', w.dims, Array.from(w.load().data as Float32Array, f)),
  }));
}

export const inverse = (w: Weight): Weight => mapped(w, 'inverse', (v) => 1 / v);
export const negated = (w: Weight): Weight => mapped(w, 'negated', (v) => -v);

const COMBINATIONS = {
  times: (a: number, b: number): number => a * b,
  plus: (a: number, b: number): number => a + b,
};

function combined(a: Weight, b: Weight, how: keyof typeof COMBINATIONS): Weight {
  const f = COMBINATIONS[how];
  return madeOnce(how, [a, b], () => ({
    ...b,
    load: () => {
      const x = a.load().data as Float32Array;
      return tensorOf(
        'float32',
        b.dims,
        Array.from(b.load().data as Float32Array, (v, i) => f(x[x.length === 1 ? 0 : i], v)),
      );
    },
  }));
}

/** Weights times a factor per output channel: the last axis, or the last two of a depthwise kernel. */
function scaled(kernel: Weight, factor: Weight, depthwise: boolean): Weight {
  return madeOnce(depthwise ? 'scaled, depthwise' : 'scaled', [kernel, factor], () => ({
    dtype: 'float32',
    dims: kernel.dims,
    load: () => {
      const data = kernel.load().data as ArrayLike<number>;
      const f = factor.load().data as Float32Array;
      const channels = depthwise ? kernel.dims[2] * kernel.dims[3] : kernel.dims[kernel.dims.length - 1];
      const out = new Float32Array(data.length);
      for (let i = 0, c = 0; i < out.length; i++) {
        out[i] = Number(data[i]) * f[c];
        if (++c === channels) c = 0;
      }
      return { dtype: 'float32', dims: kernel.dims, data: out };
    },
  }));
}
