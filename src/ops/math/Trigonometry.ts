import { unary } from '../elementwise.js';

const FUNCTIONS: readonly (readonly [name: string, summary: string, value: (x: number) => number])[] = [
  ['Sin', 'sine', Math.sin],
  ['Cos', 'cosine', Math.cos],
  ['Tan', 'tangent', Math.tan],
  ['Asin', 'arcsine', Math.asin],
  ['Acos', 'arccosine', Math.acos],
  ['Atan', 'arctangent', Math.atan],
  ['Sinh', 'hyperbolic sine', Math.sinh],
  ['Cosh', 'hyperbolic cosine', Math.cosh],
  ['Asinh', 'inverse hyperbolic sine', Math.asinh],
  ['Acosh', 'inverse hyperbolic cosine', Math.acosh],
  ['Atanh', 'inverse hyperbolic tangent', Math.atanh],
];

/** TensorFlow calls them as ONNX does. */
export default FUNCTIONS.map(([name, summary, value]) =>
  unary({ name, summary, value, graph: (x, b) => b.op(name, [x]) }),
);
