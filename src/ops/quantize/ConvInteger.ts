import { refuse } from '../../diag/diagnostic.js';
import type { AttributeValue, Expander } from '../../ir/expander.js';
import { isKnown } from '../../ir/dim.js';
import type { Value } from '../../ir/graph.js';
import { defineOp } from '../../ir/op.js';
import type { RawNode, View } from '../../ir/view.js';
import { int64s, sizeOf } from '../../tensor/tensor.js';
import { centredOperand, cut, EXACT, greatestSum, type Centred } from './integer-product.js';
import { single } from './MatMulInteger.js';
import { castTo, saturated } from './quantization.js';

interface Attrs {
  /** As Conv has them. */
  readonly conv: Readonly<Record<string, AttributeValue>>;
  readonly group: number;
}

function read(n: RawNode): Attrs {
  const lists = ['dilations', 'kernel_shape', 'pads', 'strides'].flatMap((name) => {
    const value = n.optInts(name);
    return value ? [[name, value] as const] : [];
  });
  return {
    conv: Object.fromEntries([...lists, ['auto_pad', n.optString('auto_pad') ?? 'NOTSET'] as const]),
    group: n.optInt('group') ?? 1,
  };
}

/** A number per output channel where it broadcasts over [N, C, …]. */
function perChannel(v: Value, rank: number, e: Expander): Value {
  const one = single(v, e);
  return one.type.dims.length === 0
    ? one
    : e.one('Unsqueeze', [one, e.constant(int64s(Array.from({ length: rank }, (_, i) => i + 1)))]);
}

/** The convolution of integers of 8 bits, exact: input channels are taken in parts where sums would not be. */
function exactConvolution(x: Centred, w: Centred, { conv, group }: Attrs, as: 'int32' | 'float32', e: Expander): Value {
  const one = (p: Value, q: Value) => e.one('Conv', [p, q], { ...conv, group });
  const known = w.value.constant;
  const kernel = w.value.type.dims;
  const taps = kernel.slice(1).every(isKnown) ? sizeOf(kernel.slice(1) as number[]) : Number.POSITIVE_INFINITY;
  const bound = x.most * (known ? greatestSum(known.load(), false) : w.most * taps);
  const channels = kernel[1];
  if (bound < EXACT || channels === 0) return castTo(e, one(x.value, w.value), as);
  const perTap =
    x.most * w.most * (Number.isFinite(taps) && isKnown(channels) ? taps / channels : Number.POSITIVE_INFINITY);
  const step = Math.floor((EXACT - 1) / perTap);
  if (group !== 1 || !isKnown(channels) || step < 1)
    return refuse(
      'sums of this convolution of integers can be too great for float32, the only type that TensorFlow.js convolves',
      'dequantize before it',
    );
  let total: Value | undefined;
  for (let from = 0; from < channels; from += step) {
    const part = castTo(e, one(cut(x.value, 1, from, from + step, e), cut(w.value, 1, from, from + step, e)), 'int32');
    total = total ? e.one('Add', [total, part]) : part;
  }
  return castTo(e, total as Value, as);
}

/** The dims of a Conv come out of its own inference: the node is expanded before its type is asked for. */
const unasked = (n: View<Attrs>, dtype: Value['type']['dtype']) => [{ dtype, dims: n.dims(0).map(() => n.fresh()) }];

const convInteger = defineOp<Attrs>({
  name: 'ConvInteger',
  summary: 'convolution of 8-bit integers less their zero points, as int32',
  limits: 'groups whose sums may reach 2^24',
  shapes: ['N C _ ...s', 'M _ _ ...s', '() | 1', '() | 1 | M'],
  read: { 10: read },
  infer: (n) => unasked(n, 'int32'),
  expand: (n, _, e) => {
    const [xZero, wZero] = [n.inputs[2], n.inputs[3]];
    const x = centredOperand(n.value(0), xZero && single(xZero, e), e);
    const w = centredOperand(n.value(1), wZero && perChannel(wZero, n.rank(0) - 1, e), e);
    return [exactConvolution(x, w, n.attrs, 'int32', e)];
  },
});

/** Source: ONNX, QLinearConv-10. */
const qLinearConv = defineOp<Attrs>({
  name: 'QLinearConv',
  summary: 'convolution of quantized tensors, quantized',
  limits: 'groups whose sums may reach 2^24',
  shapes: ['N C _ ...s', '() | 1', '() | 1', 'M _ _ ...s', '() | 1 | M', '() | 1 | M', '() | 1', '() | 1', 'M'],
  read: { 10: read },
  infer: (n) => unasked(n, n.dtype(7)),
  expand: (n, _, e) => {
    const [xScale, xZero, , wScale, wZero, scale, zero] = [1, 2, 3, 4, 5, 6, 7].map((i) => n.value(i));
    const spatial = n.rank(0) - 2;
    const x = centredOperand(n.value(0), single(xZero, e), e);
    const w = centredOperand(n.value(3), perChannel(wZero, n.rank(0) - 1, e), e);
    const bias = n.inputs[8];
    const sums = exactConvolution(x, w, n.attrs, bias ? 'int32' : 'float32', e);
    const all = bias ? e.one('Add', [sums, perChannel(bias, spatial, e)]) : sums;
    const factor = e.one('Div', [e.one('Mul', [single(xScale, e), perChannel(wScale, spatial, e)]), single(scale, e)]);
    return [saturated(e.one('Mul', [castTo(e, all, 'float32'), factor]), single(zero, e), zero.type.dtype, e)];
  },
});

export default [convInteger, qLinearConv];
