import { invalid, refuse } from '../../diag/diagnostic.js';
import { areKnown, isKnown, type Dim } from '../../ir/dim.js';
import { defineOp, type Op } from '../../ir/op.js';
import type { RawNode, View } from '../../ir/view.js';
import { dtypeOfCode, isFloat, type DType } from '../../tensor/dtype.js';
import { narrow, type GraphBuilder, type Ref } from '../../tf/builder.js';

interface Attrs {
  readonly kind: 'normal' | 'uniform';
  /** Mean and standard deviation, or the bounds. */
  readonly first: number;
  readonly second: number;
  /** Undefined: that of the input. */
  readonly dtype: DType | undefined;
  /** Undefined: that of the input. */
  readonly shape: readonly number[] | undefined;
}

function readType(n: RawNode): DType | undefined {
  const code = n.optInt('dtype');
  return code === undefined || code === 0
    ? undefined
    : (dtypeOfCode(code) ?? invalid(`dtype is ${code}, which is no element type of ONNX`));
}

/**
 * Standard normal numbers. TensorFlow.js draws them anew at each run, unlike those of RandomUniform, which are the same at
 * each run and in each node, since a file's missing seed is read as 0.
 */
function normal(shape: Ref, b: GraphBuilder): Ref {
  return b.op('RandomStandardNormal', [shape], { dtype: 'float32' }, ['float32']);
}

/** Uniform numbers between 0 and 1: what normal ones become by their own distribution function. */
function uniform(shape: Ref, b: GraphBuilder): Ref {
  const half = b.scalar(0.5);
  return b.add2(b.mul(b.op('Erf', [b.mul(normal(shape, b), b.scalar(Math.SQRT1_2))]), half), half);
}

function shapeOf(n: View<Attrs>, x: Ref | undefined, b: GraphBuilder): Ref {
  const dims: readonly Dim[] = n.attrs.shape ?? n.dims(0);
  return areKnown(dims) ? b.ints(dims) : b.sizes(dims.map((d, i) => (isKnown(d) ? d : b.size(x as Ref, i))));
}

function random(name: string, kind: Attrs['kind'], like: boolean): Op {
  return defineOp<Attrs>({
    name,
    summary: `random numbers, ${kind === 'normal' ? 'normally' : 'uniformly'} distributed${like ? ', of the shape of the input' : ''}`,
    limits: 'a seed is not kept: it promises the same numbers within one program only',
    read: {
      1: (n) => ({
        kind,
        dtype: readType(n),
        shape: like ? undefined : n.ints('shape'),
        ...(kind === 'normal'
          ? { first: n.float('mean'), second: n.float('scale') }
          : { first: n.float('low'), second: n.float('high') }),
      }),
    },
    infer: (n) => [{ dtype: n.attrs.dtype ?? (like ? n.dtype(0) : 'float32'), dims: n.attrs.shape ?? n.dims(0) }],
    graph: (n, [x], b) => {
      const { first, second, dtype } = n.attrs;
      if (!isFloat(dtype ?? (like ? n.dtype(0) : 'float32')))
        return refuse(`random numbers of type ${dtype ?? n.dtype(0)}`, 'ONNX draws floats');
      const shape = shapeOf(n, x, b);
      const [scale, offset] = kind === 'normal' ? [second, first] : [second - first, first];
      const drawn = kind === 'normal' ? normal(shape, b) : uniform(shape, b);
      const scaled = scale === 1 ? drawn : b.mul(drawn, b.scalar(scale));
      return offset === 0 ? scaled : b.add2(scaled, b.scalar(offset));
    },
  });
}

const bernoulli = defineOp<{ dtype: DType | undefined }>({
  name: 'Bernoulli',
  summary: '1 with the probability that the input gives, else 0',
  read: { 15: (n) => ({ dtype: readType(n) }) },
  layout: 'any',
  infer: (n) => [{ dtype: n.attrs.dtype ?? n.dtype(0), dims: n.dims(0) }],
  graph: (n, [p], b) => {
    const dtype = n.attrs.dtype ?? n.dtype(0);
    const hit = b.op('Less', [uniform(b.shape(p), b), p]);
    return b.cast(hit, narrow(dtype));
  },
});

const multinomial = defineOp<{ samples: number; dtype: DType }>({
  name: 'Multinomial',
  summary: 'indices drawn by unnormalized log-probabilities',
  shapes: ['_ _'],
  read: { 7: (n) => ({ samples: n.int('sample_size'), dtype: readType(n) ?? 'int32' }) },
  infer: (n) => [{ dtype: n.attrs.dtype, dims: [n.dims(0)[0], n.attrs.samples] }],
  graph: (n, [x], b) => {
    // The greatest of the log-probabilities with Gumbel noise, -log(-log(u)), is drawn by them.
    const { samples } = n.attrs;
    const wide = b.op('ExpandDims', [x, b.scalar(1, 'int32')]);
    const dims = n.dims(0);
    const shape = b.sizes([
      isKnown(dims[0]) ? dims[0] : b.size(x, 0),
      samples,
      isKnown(dims[1]) ? dims[1] : b.size(x, 1),
    ]);
    const u = b.op('ClipByValue', [uniform(shape, b), b.scalar(1e-20), b.scalar(1 - 2 ** -24)]);
    const noise = b.op('Log', [b.op('Neg', [b.op('Log', [u])])]);
    return b.op('ArgMax', [b.sub(wide, noise), b.scalar(2, 'int32')]);
  },
});

export default [
  random('RandomNormal', 'normal', false),
  random('RandomNormalLike', 'normal', true),
  random('RandomUniform', 'uniform', false),
  random('RandomUniformLike', 'uniform', true),
  bernoulli,
  multinomial,
];
