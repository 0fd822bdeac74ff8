import { invalid, refuse } from '../../diag/diagnostic.js';
import { broadcastDims, isKnown, sameDims, showDims, type Dim } from '../../ir/dim.js';
import { arrange } from '../../ir/layout.js';
import { combine } from '../../ir/numeric.js';
import { defineOp, noAttributes } from '../../ir/op.js';
import { permuted, reshaped } from '../../ir/weights.js';
import { permute } from '../../keras/compose.js';
import { isFloat } from '../../tensor/dtype.js';
import { sizeOf } from '../../tensor/tensor.js';
import { collapsed } from '../collapse.js';
import { negativePart } from './negative-part.js';
import { wrapped } from './integers.js';

const withoutLeadingOnes = (dims: readonly Dim[]) =>
  dims.slice(dims.findIndex((d) => d !== 1) < 0 ? dims.length : dims.findIndex((d) => d !== 1));

export default defineOp({
  name: 'PRelu',
  summary: 'x, or slope * x below zero',
  read: {
    // Before version 7 the slope has one element, or one per channel.
    1: (n) => {
      const [x, slope] = [n.input(0), n.input(1)];
      const rank = x?.type.dims.length ?? 0;
      if (x && slope && slope.type.dims.length === 1 && slope.type.dims[0] !== 1 && rank > 2)
        n.setInputs([x, n.withTrailingAxes(slope, rank - 2)]);
      return {};
    },
    7: noAttributes,
  },
  layout: 'any',
  infer: (n) => {
    const dims = broadcastDims(n.dims(0), n.dims(1), () => n.fresh());
    if (!dims || n.rank(1) > n.rank(0))
      return invalid(`the slope ${showDims(n.dims(1))} does not broadcast to the input ${showDims(n.dims(0))}`);
    return [n.type(0)];
  },
  fold: (_, [x, slope]) => {
    const out = combine(
      x,
      slope,
      (p, q) => (p < 0 ? p * q : p),
      (p, q) => (p < 0n ? p * q : p),
    );
    return out && [out];
  },
  graph: (n, [x, slope], b) => {
    const dtype = n.dtype(0);
    if (!isFloat(dtype)) {
      const zero = b.scalar(0, 'int32');
      return collapsed(n, [x, slope], b, ([p, q]) =>
        wrapped(b.add2(b.op('Maximum', [p, zero]), b.mul(q, b.op('Minimum', [p, zero]))), dtype, b),
      );
    }
    const dims = arrange(n.dims(0), n.layout(0));
    const own = withoutLeadingOnes(arrange(n.dims(1), n.layout(1)));
    // WASM reads the slopes over and over along the end of the input, whatever their shape says.
    const fits = own.length > 0 && own.every(isKnown) && sameDims(own, dims.slice(dims.length - own.length));
    if (fits) return b.op('Prelu', [x, b.reshape(slope, own)]);
    return collapsed(n, [x, slope], b, ([p, q]) => b.add2(b.op('Relu', [p]), b.mul(q, negativePart(p, b))));
  },
  keras: (n, [x], k) => {
    if (k.dialect === 'tfjs' && n.rank(0) < 2)
      return refuse('PReLU needs an axis beside the batch', 'convert to a graph-model');
    const slope = n.needWeight(1, 'the slope of PRelu');
    const rank = n.rank(0);
    const dims = [...new Array<number>(rank - slope.dims.length).fill(1), ...slope.dims];
    if (dims[0] !== 1) return refuse('a slope per item of the batch has no stock layer', 'convert to a graph-model');
    const layout = n.layout(0);
    const own = arrange(dims, layout).slice(1);
    if (own.some((d, i) => d !== 1 && x.shape[i + 1] !== d))
      return refuse('the slope does not fit the input', 'convert to a graph-model');
    const laid = reshaped(permuted(reshaped(slope, dims), layout), own);
    // A slope per channel has to have its axis last on WASM, as in TensorFlow.js's graphs.
    const at = own.findIndex((d) => d !== 1);
    if (k.dialect === 'tfjs' && at >= 0 && own.slice(at).some((d, i) => d === 1 && x.shape[at + i + 1] !== 1)) {
      if (sizeOf(own) !== own[at])
        return refuse(
          'a slope of several axes with others between has no stock layer that is right on WASM',
          'convert to a graph-model',
        );
      const there = [0, ...own.flatMap((_, i) => (i === at ? [] : [i + 1])), at + 1];
      const moved = permute(k, x, there, '_HWC');
      const y = k.layer(
        'PReLU',
        [moved],
        { shared_axes: own.slice(1).map((_, i) => i + 1) },
        {
          shape: moved.shape,
          weights: [{ name: 'alpha', weight: reshaped(laid, [...own.slice(1).map(() => 1), own[at]]) }],
        },
      );
      return permute(
        k,
        y,
        there.map((_, i) => there.indexOf(i)),
        '_CHW',
      );
    }
    // A size that is 1 in the slope is shared, unless it is 1 in the input too.
    const shared = own.flatMap((d, i) => (d === 1 ? [i + 1] : []));
    return k.layer(
      'PReLU',
      [x],
      { shared_axes: shared.length > 0 ? shared : null },
      { weights: [{ name: 'alpha', weight: laid }] },
    );
  },
});
