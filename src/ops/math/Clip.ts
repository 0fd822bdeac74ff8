import { refuse } from '../../diag/diagnostic.js';
import { mapElements } from '../../ir/numeric.js';
import { defineOp } from '../../ir/op.js';
import type { RawNode, View } from '../../ir/view.js';
import { isFloat } from '../../tensor/dtype.js';
import { clipped } from './arithmetic-keras.js';
import { sideOf } from './integers.js';
import { tensorOf, type Tensor } from '../../tensor/tensor.js';

/** ONNX's bounds before version 11 were attributes; they become inputs. */
function readAttributes(n: RawNode): Record<string, never> {
  const dtype = n.input(0)?.type.dtype ?? 'float32';
  const bound = (name: string) => {
    const v = n.optFloat(name);
    return v === undefined || Math.abs(v) >= 3.4028234e38 ? undefined : n.constantValue(tensorOf(dtype, [], [v]));
  };
  n.setInputs([n.input(0), bound('min'), bound('max')]);
  return {};
}

/** Bounds beyond int32, as exporters write them for none, bound nothing. */
function readInputs(n: RawNode): Record<string, never> {
  const [x, low, high] = n.inputs;
  if (n.input(0)?.constant) return {};
  const [min, max] = [sideOf(n.input(1)) === -1, sideOf(n.input(2)) === 1];
  if (min || max) n.setInputs([x, min ? undefined : low, max ? undefined : high]);
  return {};
}

/** The bounds where they are constant or absent; undefined where one is computed by the model. */
function bounds(n: View): { min: number; max: number } | undefined {
  const one = (i: number, none: number) => (n.has(i) ? n.constant(i)?.data[0] : none);
  const [min, max] = [one(1, Number.NEGATIVE_INFINITY), one(2, Number.POSITIVE_INFINITY)];
  return min === undefined || max === undefined ? undefined : { min: Number(min), max: Number(max) };
}

export default defineOp({
  name: 'Clip',
  summary: 'min(max(x, low), high)',
  shapes: ['', '() | 1', '() | 1'],
  read: { 1: readAttributes, 11: readInputs },
  layout: 'any',
  infer: (n) => [n.type(0)],
  fold: (_, [x, low, high]) => {
    const first = (t: Tensor | undefined) => t?.data[0];
    const [min, max] = [first(low), first(high)];
    const out = mapElements(
      x,
      (v) => {
        const above = min === undefined || v >= Number(min) ? v : Number(min);
        return max === undefined || above <= Number(max) ? above : Number(max);
      },
      (v) => {
        const above = min === undefined || v >= (min as bigint) ? v : (min as bigint);
        return max === undefined || above <= (max as bigint) ? above : (max as bigint);
      },
    );
    return out && [out];
  },
  graph: (n, [x, low, high], b) => {
    const known = bounds(n);
    // WASM's ClipByValue is for floats only, and wants the bounds in order; ONNX lets the upper one win.
    if (known && isFloat(n.dtype(0)) && known.min <= known.max) {
      const { min, max } = known;
      if (min === Number.NEGATIVE_INFINITY && max === Number.POSITIVE_INFINITY) return b.op('Identity', [x]);
      if (min === 0 && max === Number.POSITIVE_INFINITY) return b.op('Relu', [x]);
      if (min === 0 && max === 6) return b.op('Relu6', [x]);
      return b.op('ClipByValue', [x, b.scalar(min), b.scalar(max)]);
    }
    const above = low ? b.op('Maximum', [x, low]) : x;
    return high ? b.op('Minimum', [above, high]) : low ? above : b.op('Identity', [x]);
  },
  keras: (n, [x], k) => {
    const known = bounds(n);
    if (!known)
      return refuse('the bounds are computed by the model', 'make them constant, or convert to a graph-model');
    if (!isFloat(n.dtype(0)))
      return refuse(`Clip of ${n.dtype(0)}: the layers of Keras compute with floats`, 'convert to a graph-model');
    return clipped(k, x, known.min, known.max);
  },
});
