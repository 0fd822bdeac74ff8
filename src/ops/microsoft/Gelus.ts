import { noAttributes } from '../../ir/op.js';
import { microsoft } from './domain.js';

/** Source: ONNX Runtime, ContribOperators: Gelu and what its optimizer makes of it. */
export default [
  microsoft({
    name: 'Gelu',
    summary: 'x times the normal distribution function',
    shapes: [''],
    read: { 1: noAttributes },
    compose: (c, n) => c.op('Gelu', [n.value(0)]),
  }),
  microsoft({
    name: 'FastGelu',
    summary: 'Gelu by tanh, of x and a bias',
    shapes: ['', '?'],
    read: { 1: noAttributes },
    compose: (c, n) => c.op('Gelu', [n.has(1) ? c.add(n.value(0), n.value(1)) : n.value(0)], { approximate: 'tanh' }),
  }),
  microsoft({
    name: 'BiasGelu',
    summary: 'Gelu of a sum',
    shapes: ['', ''],
    read: { 1: noAttributes },
    compose: (c, n) => c.op('Gelu', [c.add(n.value(0), n.value(1))]),
  }),
  microsoft({
    name: 'BiasSplitGelu',
    summary: 'half of a sum times the Gelu of the other half',
    shapes: ['_ ...', ''],
    read: { 1: noAttributes },
    compose: (c, n) => {
      const [left, right] = c.split(c.add(n.value(0), n.value(1)), -1, 2);
      return c.mul(left, c.op('Gelu', [right]));
    },
  }),
  microsoft<{ alpha: number }>({
    name: 'QuickGelu',
    summary: 'x * sigmoid(alpha * x)',
    shapes: [''],
    read: { 1: (n) => ({ alpha: n.optFloat('alpha') ?? 1.702 }) },
    compose: (c, n) => c.mul(n.value(0), c.op('Sigmoid', [c.mul(n.value(0), n.attrs.alpha)])),
  }),
  microsoft({
    name: 'GemmFastGelu',
    summary: 'Gelu by tanh of a matrix product and a bias',
    shapes: ['_ ...', '_ ...', '?'],
    read: { 1: noAttributes },
    compose: (c, n) => {
      const product = c.matmul(n.value(0), n.value(1));
      return c.op('Gelu', [n.has(2) ? c.add(product, n.value(2)) : product], { approximate: 'tanh' });
    },
  }),
];
