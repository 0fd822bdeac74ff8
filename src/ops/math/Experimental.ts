import { invalid } from '../../diag/diagnostic.js';
import { composition } from '../compose.js';

/**
 * Operators of ai.onnx that were experimental and were taken out before opset 10. No schema is left of them, but files of
 * the time (what CoreML and Caffe2 were exported to) have them, and ONNX Runtime still runs them.
 * Source: ONNX 1.2, docs/Operators.md, "experimental".
 */
interface Linear {
  readonly alpha: number;
  readonly beta: number;
}

const SOURCE = 'experimental before opset 10';

export default [
  composition<Linear>({
    name: 'Affine',
    summary: `alpha * x + beta; ${SOURCE}`,
    read: { 1: (n) => ({ alpha: n.optFloat('alpha') ?? 1, beta: n.optFloat('beta') ?? 0 }) },
    compose: (c, n) => c.add(c.mul(n.value(0), n.attrs.alpha), n.attrs.beta),
  }),
  composition<{ scale: number }>({
    name: 'Scale',
    summary: `scale * x; ${SOURCE}`,
    read: { 1: (n) => ({ scale: n.optFloat('scale') ?? 1 }) },
    compose: (c, n) => c.mul(n.value(0), n.attrs.scale),
  }),
  composition<Linear>({
    name: 'ScaledTanh',
    summary: `alpha * tanh(beta * x); ${SOURCE}`,
    read: { 1: (n) => ({ alpha: n.optFloat('alpha') ?? 1, beta: n.optFloat('beta') ?? 1 }) },
    compose: (c, n) => c.mul(c.op('Tanh', [c.mul(n.value(0), n.attrs.beta)]), n.attrs.alpha),
  }),
  composition<Linear>({
    name: 'ParametricSoftplus',
    summary: `alpha * log(1 + exp(beta * x)); ${SOURCE}`,
    read: { 1: (n) => ({ alpha: n.optFloat('alpha') ?? 1, beta: n.optFloat('beta') ?? 1 }) },
    compose: (c, n) => c.mul(c.op('Softplus', [c.mul(n.value(0), n.attrs.beta)]), n.attrs.alpha),
  }),
  composition<{ scale: number; bias: readonly number[] }>({
    name: 'ImageScaler',
    summary: `scale * x, plus a bias per channel; ${SOURCE}`,
    read: { 1: (n) => ({ scale: n.optFloat('scale') ?? 1, bias: n.floats('bias') }) },
    compose: (c, n) => {
      const { scale, bias } = n.attrs;
      return c.add(c.mul(n.value(0), scale), c.floats(bias, [bias.length, 1, 1]));
    },
  }),
  composition<{ border: readonly number[]; scale: readonly number[] | undefined }>({
    name: 'Crop',
    summary: `an image less a border, or a window of one size; ${SOURCE}`,
    read: { 1: (n) => ({ border: n.ints('border'), scale: n.optInts('scale') }) },
    compose: (c, n) => {
      const { border, scale } = n.attrs;
      if (n.rank(0) !== 4 || border.length !== 4 || (scale && scale.length !== 2))
        return invalid('Crop takes an image of rank 4, a border of 4 numbers, and a scale of 2');
      const [left, top, right, bottom] = border;
      const ends = scale ? [top + scale[0], left + scale[1]] : [endOf(bottom), endOf(right)];
      return c.op('Slice', [n.value(0), c.ints([top, left]), c.ints(ends), c.ints([2, 3])]);
    },
  }),
  composition({
    name: 'DynamicSlice',
    summary: `Slice with its bounds as inputs; ${SOURCE}`,
    read: { 1: () => ({}) },
    compose: (c, n) => c.op('Slice', [...n.inputs]),
  }),
];

/** Where a Slice ends that leaves so many elements out. */
const endOf = (border: number): number => (border === 0 ? 2 ** 31 - 1 : -border);
