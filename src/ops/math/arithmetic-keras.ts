import { refuse } from '../../diag/diagnostic.js';
import { isFloat } from '../../tensor/dtype.js';
import type { View } from '../../ir/view.js';
import { isIdentity } from '../../ir/layout.js';
import { broadcastTo } from '../../ir/numeric.js';
import { permuted, reshaped } from '../../ir/weights.js';
import type { ConfigValue, KerasBuilder, Layer } from '../../keras/builder.js';
import { activation, filledLike, merge, negated, repeat, rescale, reshape } from '../../keras/compose.js';
import { sizeOf, tensorOf, type Tensor, type Weight } from '../../tensor/tensor.js';

/** Constants up to this many elements stand in a layer's configuration; larger ones among the weights. */
const MOST_IN_CONFIG = 4096;

type Merging = 'Add' | 'Multiply' | 'Maximum' | 'Minimum' | 'Average';

/**
 * A merging layer (Add, Multiply, Maximum …). Constants take part as layers that give them: a tensor of the shape of the
 * first operand that isn't one.
 */
export function merged<A>(n: View<A>, inputs: readonly Layer[], k: KerasBuilder, className: Merging): Layer {
  const xs = operands(n, inputs, k);
  return xs.length === 1
    ? k.layer('Activation', xs, { activation: 'linear' })
    : k.layer(className, ordered(k, className, xs), {});
}

/**
 * keras.ops.add of Keras 3.15 takes a second operand with one axis longer than 1 to be a bias of the last axis, where that
 * is as long: what broadcasts comes first.
 */
function ordered(k: KerasBuilder, className: Merging, xs: readonly Layer[]): readonly Layer[] {
  if (k.dialect === 'tfjs' || (className !== 'Add' && className !== 'Average')) return xs;
  const long = (x: Layer) => x.shape.slice(1).filter((d) => d !== 1).length;
  const most = Math.max(...xs.map(long));
  return [...xs].sort((a, b) => Number(long(a) === most) - Number(long(b) === most));
}

/** All operands as layers of the result's rank. */
export function operands<A>(n: View<A>, inputs: readonly Layer[], k: KerasBuilder): Layer[] {
  needFloats(n);
  const model = inputs.find((x, i) => x && n.inputs[i]?.constant === undefined) ?? refuse('all operands are constant');
  const rank = k.outputShape().length;
  return n.inputs.map((v, i) =>
    v?.constant
      ? constantLike(k, grown(k, model, constantOf(n, i) ?? []), constantOf(n, i) ?? 0)
      : raised(k, inputs[i] ?? refuse('an operand is a size, which no layer gives', 'convert to a graph-model'), rank),
  );
}

/** A merging layer has no business with integers: Keras computes with floats. */
export function needFloats<A>(n: View<A>): void {
  n.inputs.forEach((v) => {
    if (v && !isFloat(v.type.dtype))
      refuse(
        `${n.opName} of ${v.type.dtype}: the layers of Keras compute with floats`,
        'cast to float32 before it, or convert to a graph-model',
      );
  });
}

/** x with axes of size 1 behind the batch, up to a rank. */
function raised(k: KerasBuilder, x: Layer, rank: number): Layer {
  return x.shape.length >= rank
    ? x
    : reshape(k, x, [...new Array<number>(rank - x.shape.length).fill(1), ...x.shape.slice(1)]);
}

/**
 * A constant operand as it lies beside the result, the batch left out: a number, or a weight whose dims broadcast along
 * the last axes. Undefined where the operand isn't constant.
 */
export function constantOf<A>(n: View<A>, i: number): number | Weight | undefined {
  const w = n.weight(i);
  const out = n.outputs[0];
  if (!w || !out) return undefined;
  if (sizeOf(w.dims) === 1 && w.dims.length <= out.type.dims.length) return Number(w.load().data[0]);
  const rank = out.type.dims.length;
  // The layout pass has brought a constant of full rank into the result's order; one of lower rank lies in ONNX's.
  const full = reshaped(w, [...new Array<number>(rank - w.dims.length).fill(1), ...w.dims]);
  const laid = permuted(full, out.layout);
  if (w.dims.length < rank && !isIdentity(out.layout))
    return refuse(`the constant ${n.value(i).name} lies in another order than the result`, 'convert to a graph-model');
  if (laid.dims[0] !== 1)
    return refuse(
      `the constant ${n.value(i).name} has a value of its own for each item of the batch`,
      'convert to a graph-model',
    );
  return reshaped(laid, laid.dims.slice(1));
}

/** x with the axes of size 1 repeated along which a constant is longer. */
export function grown(k: KerasBuilder, x: Layer, constant: number | Weight | readonly []): Layer {
  if (typeof constant === 'number' || !('dims' in constant)) return x;
  const rank = Math.max(x.shape.length, constant.dims.length + 1);
  const wide = raised(k, x, rank);
  const times = wide.shape.map((d, i) => {
    const own = constant.dims[i - rank + constant.dims.length] ?? 1;
    if (i === 0 || own === 1 || d === own || d === null) return 1;
    return d === 1 ? own : refuse('a constant does not broadcast to the other operand');
  });
  return repeat(k, wide, times);
}

/** Elements as nested lists, without leading axes of size 1. */
export function nested(t: Tensor): ConfigValue {
  const dims = t.dims.slice(
    Math.max(
      0,
      t.dims.findIndex((d) => d !== 1),
    ),
  );
  const build = (axis: number, from: number): ConfigValue => {
    if (axis === dims.length) return Number(t.data[from]);
    const step = sizeOf(dims.slice(axis + 1));
    return Array.from({ length: dims[axis] }, (_, i) => build(axis + 1, from + i * step));
  };
  return build(0, 0);
}

/** Whether a constant can stand in a layer's configuration, which is JSON. */
function fits(constant: number | Weight): boolean {
  if (typeof constant === 'number') return Number.isFinite(constant);
  return (
    sizeOf(constant.dims) <= MOST_IN_CONFIG &&
    Array.from(constant.load().data as ArrayLike<number>).every((v) => Number.isFinite(Number(v)))
  );
}

/** Layers that give a constant for each item of the batch, whatever x holds. @param x of the constant's shape, or larger */
export function constantLike(k: KerasBuilder, x: Layer, constant: number | Weight): Layer {
  if (fits(constant)) return filledLike(k, x, typeof constant === 'number' ? constant : nested(constant.load()));
  // PReLU of -1 is its weight with another sign: the only layer whose weight is a tensor that it gives away. On WASM its
  // weight has to be as long as the input, but for axes of size 1 in front.
  const own: Tensor = typeof constant === 'number' ? tensorOf('float32', [], [constant]) : constant.load();
  const rank = x.shape.length - 1;
  const first =
    rank -
    own.dims.length +
    Math.max(
      0,
      own.dims.findIndex((d) => d !== 1),
    );
  const dims = x.shape
    .slice(1)
    .map((d, i) =>
      i < first || own.dims.every((o) => o === 1)
        ? 1
        : (d ??
          refuse(
            'a large constant stands beside a tensor of unknown size',
            'fix the sizes with input-shapes in the config',
          )),
    );
  const load = (): Tensor => {
    const full = broadcastTo(typeof constant === 'number' ? own : constant.load(), dims);
    return { dtype: 'float32', dims, data: Float32Array.from(full.data as ArrayLike<number>, (v) => -Number(v)) };
  };
  const shared = dims.flatMap((d, i) => (d === 1 ? [i + 1] : []));
  return k.layer(
    'PReLU',
    [filledLike(k, x, -1, '_minus')],
    { shared_axes: shared.length > 0 ? shared : null },
    {
      suffix: '_const',
      shape: x.shape,
      weights: [{ name: 'alpha', weight: { dtype: 'float32', dims, load } }],
    },
  );
}

type Change = (v: number) => number;

/** Applies a function to a constant. */
export function changed(constant: number | Weight, f: Change): number | Weight {
  if (typeof constant === 'number') return f(constant);
  return {
    dtype: 'float32',
    dims: constant.dims,
    load: () => ({
      dtype: 'float32',
      dims: constant.dims,
      data: Float32Array.from(constant.load().data as ArrayLike<number>, (v) => f(Number(v))),
    }),
  };
}

const config = (constant: number | Weight): ConfigValue =>
  typeof constant === 'number' ? constant : nested(constant.load());

/** x + constant. */
export function shifted(k: KerasBuilder, x: Layer, constant: number | Weight): Layer {
  const wide = grown(k, x, constant);
  return fits(constant)
    ? rescale(k, wide, 1, config(constant), '_shift')
    : merge(k, 'Add', [wide, constantLike(k, wide, constant)]);
}

/** x * constant. */
export function scaled(k: KerasBuilder, x: Layer, constant: number | Weight): Layer {
  const wide = grown(k, x, constant);
  return fits(constant)
    ? rescale(k, wide, config(constant), 0)
    : merge(k, 'Multiply', [wide, constantLike(k, wide, constant)]);
}

type Costume = (n: View, inputs: Layer[], k: KerasBuilder) => Layer;

/** Costumes of the arithmetic operators. A constant stands in a Rescaling; two tensors meet in a merging layer. */
export const addLayers: Costume = (n, inputs, k) => {
  const [p, q] = [constantOf(n, 0), constantOf(n, 1)];
  if (p === undefined && q === undefined) return merged(n, inputs, k, 'Add');
  needFloats(n);
  return q !== undefined ? shifted(k, inputs[0], q) : shifted(k, inputs[1], p as number | Weight);
};

export const mulLayers: Costume = (n, inputs, k) => {
  const [p, q] = [constantOf(n, 0), constantOf(n, 1)];
  if (p === undefined && q === undefined) return merged(n, inputs, k, 'Multiply');
  needFloats(n);
  return q !== undefined ? scaled(k, inputs[0], q) : scaled(k, inputs[1], p as number | Weight);
};

export const subLayers: Costume = (n, [x, y], k) => {
  const [p, q] = [constantOf(n, 0), constantOf(n, 1)];
  needFloats(n);
  if (q !== undefined)
    return shifted(
      k,
      x,
      changed(q, (v) => -v),
    );
  if (p !== undefined) return shifted(k, negated(k, y), p);
  if (k.dialect === 'keras3' && x.shape.length === y.shape.length) return k.layer('Subtract', [x, y], {});
  const rank = k.outputShape().length;
  return k.layer('Add', ordered(k, 'Add', [raised(k, x, rank), negated(k, raised(k, y, rank))]), {});
};

export const divLayers: Costume = (n, [x], k) => {
  const q = constantOf(n, 1);
  needFloats(n);
  return q === undefined
    ? refuse('no stock layer divides by a tensor', 'divide by a constant, or convert to a graph-model')
    : scaled(
        k,
        x,
        changed(q, (v) => 1 / v),
      );
};

export const negLayers: Costume = (n, [x], k) => {
  needFloats(n);
  return negated(k, x);
};

/** |x|: the greater of x and -x. */
export const absLayers: Costume = (n, [x], k) => {
  needFloats(n);
  return merge(k, 'Maximum', [x, negated(k, x)]);
};

/** Small whole powers as products. */
export const powLayers: Costume = (n, [x], k) => {
  if (!isFloat(n.dtype(0)))
    return refuse(
      `Pow of ${n.dtype(0)}: the layers of Keras compute with floats`,
      'cast to float32 before it, or convert to a graph-model',
    );
  const q = constantOf(n, 1);
  if (typeof q !== 'number' || !Number.isInteger(q) || q < 1 || q > 4)
    return refuse(
      'only whole powers from 1 to 4 are products of stock layers',
      'write the power as products, or convert to a graph-model',
    );
  return q === 1
    ? k.layer('Activation', [x], { activation: 'linear' })
    : k.layer('Multiply', new Array<Layer>(q).fill(x), {});
};

/** Both bounds as the greater and the lesser of x and a constant: exact, where a shift to ReLU's zero would round. */
export function clipped(k: KerasBuilder, x: Layer, min: number, max: number): Layer {
  if (min === 0 && max >= 0)
    return max === Number.POSITIVE_INFINITY
      ? k.layer('Activation', [x], { activation: 'relu' })
      : k.layer('ReLU', [x], { max_value: max });
  const low = min === Number.NEGATIVE_INFINITY ? x : merge(k, 'Maximum', [x, filledLike(k, x, min, '_min')], '_low');
  const high =
    max === Number.POSITIVE_INFINITY ? low : merge(k, 'Minimum', [low, filledLike(k, x, max, '_max')], '_high');
  return high === x ? k.layer('Activation', [x], { activation: 'linear' }) : high;
}

/** x, or alpha * (exp(x) - 1) below zero, by layers that know alpha 1 only: alpha * elu(x) + (1 - alpha) * relu(x). */
export function eluLayers(k: KerasBuilder, x: Layer, alpha: number): Layer {
  if (alpha === 1 || k.dialect === 'keras3') return k.layer('ELU', [x], { alpha });
  const unit = rescale(k, k.layer('ELU', [x], { alpha: 1 }, { suffix: '_elu', shape: x.shape }), alpha, 0, '_part');
  const rest = rescale(
    k,
    k.layer('Activation', [x], { activation: 'relu' }, { suffix: '_relu', shape: x.shape }),
    1 - alpha,
    0,
    '_rest',
  );
  return k.layer('Add', [unit, rest], {});
}

/** x, or alpha * x below zero. Keras 3 refuses a slope below zero: then relu(x) - alpha * relu(-x). */
export function leakyLayers(k: KerasBuilder, x: Layer, alpha: number): Layer {
  if (k.dialect === 'tfjs') return k.layer('LeakyReLU', [x], { alpha });
  if (alpha >= 0) return k.layer('LeakyReLU', [x], { negative_slope: alpha });
  const relu = (y: Layer, suffix: string) =>
    k.layer('Activation', [y], { activation: 'relu' }, { suffix, shape: y.shape });
  return k.layer('Add', [relu(x, '_above'), rescale(k, relu(negated(k, x), '_below'), -alpha, 0)], {});
}

/** GELU by tanh, x * (1 + tanh(a x + b x³)) / 2, with (1 + tanh(y)) / 2 = sigmoid(2 y): TensorFlow.js loads no activation of it. */
export function geluByTanh(k: KerasBuilder, x: Layer): Layer {
  const slope = 2 * Math.sqrt(2 / Math.PI);
  const cube = rescale(k, merge(k, 'Multiply', [x, x, x], '_cube'), slope * 0.044715, 0);
  const gate = activation(k, merge(k, 'Add', [rescale(k, x, slope, 0), cube]), 'sigmoid');
  return k.layer('Multiply', [x, gate], {});
}

/** The least float32 that every backend computes with as a number. */
const LEAST = 2 ** -126;

/**
 * x above alpha, else value. Where the comparison fails ThresholdedReLU gives 0; what it gives otherwise is clipped to its
 * least value and divided by that, which makes 0 and 1 of it, and so the value takes the place of the zeros.
 */
export function thresholded(k: KerasBuilder, x: Layer, alpha: number, value: number): Layer {
  if (k.dialect === 'tfjs' && value === 0) return k.layer('ThresholdedReLU', [x], { theta: alpha });
  const above = (y: Layer, theta: number) =>
    k.layer(
      k.dialect === 'tfjs' ? 'ThresholdedReLU' : 'ReLU',
      [y],
      k.dialect === 'tfjs' ? { theta } : { threshold: theta },
      { suffix: '_above', shape: y.shape },
    );
  const ones = (y: Layer, least: number) =>
    rescale(k, k.layer('ReLU', [y], { max_value: least }, { suffix: '_clip', shape: y.shape }), 1 / least, 0, '_one');
  if (alpha >= 0) {
    const kept = above(x, alpha);
    if (value === 0) return kept;
    return k.layer(
      'Add',
      [kept, rescale(k, ones(kept, Math.max(Math.fround(alpha), LEAST)), -value, value, '_else')],
      {},
    );
  }
  // What is not above a negative number is below zero: its opposite is kept, and takes x away.
  const limit = -Math.fround(alpha);
  const gone = above(negated(k, x), before(limit));
  return value === 0
    ? k.layer('Add', [x, gone], {})
    : k.layer('Add', [x, gone, rescale(k, ones(gone, limit), value, 0, '_else')], {});
}

/** The float32 before a positive one. */
function before(v: number): number {
  const bits = new Uint32Array(Float32Array.of(v).buffer);
  bits[0] -= 1;
  return new Float32Array(bits.buffer)[0];
}
