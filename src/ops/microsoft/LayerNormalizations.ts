import type { Value } from '../../ir/graph.js';
import type { RawNode } from '../../ir/view.js';
import { codeOfDtype } from '../../tensor/dtype.js';
import { composition, type Composer } from '../compose.js';
import { microsoft } from './domain.js';

interface Epsilon {
  readonly epsilon: number;
}

const readSkip = (n: RawNode): Epsilon => ({ epsilon: n.optFloat('epsilon') ?? 1e-12 });

/** Sum of what is given. */
function sum(c: Composer, ...parts: readonly (Value | undefined)[]): Value {
  return parts.filter((p) => p !== undefined).reduce((a, b) => c.add(a, b));
}

/** Root mean square normalization of the axes from `axis` on, and what the elements were multiplied by. */
export function rmsNormalized(
  c: Composer,
  x: Value,
  scale: Value,
  epsilon: number,
  axis = -1,
): { y: Value; inverse: () => Value } {
  const rank = x.type.dims.length;
  const from = axis < 0 ? axis + rank : axis;
  const axes = Array.from({ length: rank - from }, (_, i) => from + i);
  return {
    y: c.op('RMSNormalization', [x, scale], { axis, epsilon }),
    inverse: () =>
      c.op('Reciprocal', [
        c.op('Sqrt', [c.add(c.reduce('ReduceMean', c.cast(c.mul(x, x), 'float32'), axes), epsilon)]),
      ]),
  };
}

interface Simplified extends Epsilon {
  readonly axis: number;
}

/** Source: ONNX Runtime, ContribOperators; SimplifiedLayerNormalization stands in ai.onnx in its files. */
export default [
  microsoft<Epsilon>({
    name: 'SkipLayerNormalization',
    summary: 'LayerNormalization of a sum',
    shapes: ['... H', '_ ...', 'H', '? H', '? H'],
    read: { 1: readSkip },
    compose: (c, n) => {
      const [x, skip, gamma, beta, bias] = n.inputs;
      const total = sum(c, x, skip, bias);
      const [y, mean, inverse] = c.many(
        'LayerNormalization',
        [total, gamma, beta],
        { axis: -1, epsilon: n.attrs.epsilon, stash_type: codeOfDtype('float32') },
        3,
      );
      return [y, mean, inverse, total];
    },
  }),
  microsoft<Epsilon>({
    name: 'SkipSimplifiedLayerNormalization',
    summary: 'RMSNormalization of a sum',
    shapes: ['... H', '_ ...', 'H', '? H'],
    read: { 1: readSkip },
    compose: (c, n) => {
      const [x, skip, gamma, bias] = n.inputs;
      const total = sum(c, x, skip, bias);
      const { y, inverse } = rmsNormalized(c, total, gamma as Value, n.attrs.epsilon);
      return [y, undefined, n.outputCount > 2 ? inverse() : undefined, total];
    },
  }),
  ...['', 'com.microsoft'].map((domain) =>
    composition<Simplified>({
      name: 'SimplifiedLayerNormalization',
      domain,
      summary: 'RMSNormalization, under the name that ONNX Runtime gave it',
      shapes: ['_ ...', ''],
      read: { 1: (n) => ({ axis: n.optInt('axis') ?? -1, epsilon: n.optFloat('epsilon') ?? 1e-5 }) },
      compose: (c, n) => {
        const { y, inverse } = rmsNormalized(c, n.value(0), n.value(1), n.attrs.epsilon, n.attrs.axis);
        return [y, n.outputCount > 1 ? inverse() : undefined];
      },
    }),
  ),
  microsoft<Simplified>({
    name: 'LayerNormalization',
    summary: 'LayerNormalization, under the domain of ONNX Runtime',
    shapes: ['_ ...', '', '?'],
    read: { 1: (n) => ({ axis: n.optInt('axis') ?? -1, epsilon: n.optFloat('epsilon') ?? 1e-5 }) },
    compose: (c, n) =>
      c.many('LayerNormalization', [...n.inputs], { ...n.attrs, stash_type: codeOfDtype('float32') }, 3),
  }),
  microsoft<Epsilon>({
    name: 'GatedRMSNorm',
    summary: 'RMSNormalization of groups of the last axis, times the Swish of a gate',
    shapes: ['_ ...', '_', '_ ...'],
    read: { 1: (n) => ({ epsilon: n.optFloat('epsilon') ?? 1e-5 }) },
    compose: (c, n) => {
      const [x, scale, gate] = [n.value(0), n.value(1), n.value(2)];
      const size = n.knownDim(1, 0);
      const rank = n.rank(0);
      const groups = n.knownDim(0, -1) / size;
      const apart = groups === 1 ? x : c.reshape(x, [...new Array<number>(rank - 1).fill(0), groups, size]);
      const { y } = rmsNormalized(c, apart, scale, n.attrs.epsilon);
      const together = groups === 1 ? y : c.reshape(y, [...new Array<number>(rank - 1).fill(0), groups * size]);
      return c.mul(together, c.mul(gate, c.op('Sigmoid', [gate])));
    },
  }),
];
