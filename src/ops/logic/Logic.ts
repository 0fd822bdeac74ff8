import { isKnown, type Dim } from '../../ir/dim.js';
import { binary, unary } from '../elementwise.js';

const both = (f: (x: boolean, y: boolean) => boolean) => (x: Dim, y: Dim) =>
  isKnown(x) && isKnown(y) ? Number(f(x !== 0, y !== 0)) : undefined;

export default [
  binary({
    name: 'And',
    summary: 'x and y, broadcast',
    value: (x, y) => x & y,
    elems: both((x, y) => x && y),
    graph: (x, y, b) => b.op('LogicalAnd', [x, y]),
  }),
  binary({
    name: 'Or',
    summary: 'x or y, broadcast',
    value: (x, y) => x | y,
    elems: both((x, y) => x || y),
    graph: (x, y, b) => b.op('LogicalOr', [x, y]),
  }),
  // TensorFlow.js reads no LogicalXor from a file.
  binary({
    name: 'Xor',
    summary: 'either x or y, broadcast',
    value: (x, y) => x ^ y,
    elems: both((x, y) => x !== y),
    graph: (x, y, b) => b.op('NotEqual', [x, y]),
  }),
  unary({
    name: 'Not',
    summary: 'not x',
    value: (x) => 1 - x,
    elems: (x) => (isKnown(x) ? 1 - x : undefined),
    graph: (x, b) => b.op('LogicalNot', [x]),
  }),
];
