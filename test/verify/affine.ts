/** One small model that is right, with its reference, to be damaged at will. */
import { placeholder, row, counting, typeAttr, type Values, writeGraphModel } from './written.js';

/** y = 2x + w, w = [10, 20, 30] along the channels; x is [1, 3, 2, 2] in ONNX and channels-last in the written model. */
export function affine(folder: string, change: { order?: number[]; outputOrder?: number[] } = {}): void {
  const order = change.order ?? [0, 2, 3, 1];
  const outputOrder = change.outputOrder ?? order;
  writeGraphModel(folder, {
    nodes: [
      placeholder('x', 'float32', [1, 2, 2, 3]),
      { name: 'twice', op: 'Mul', input: ['x', 'two'], attr: { T: typeAttr('float32') } },
      { name: 'y', op: 'AddV2', input: ['twice', 'w'], attr: { T: typeAttr('float32') } },
    ],
    weights: [
      { name: 'two', shape: [], dtype: 'float32', values: [2] },
      { name: 'w', shape: [3], dtype: 'float32', values: [10, 20, 30] },
    ],
    inputs: [
      { ...row('x', 'float32', [1, 3, 2, 2]), tfjs: { name: 'x', dtype: 'float32', shape: [1, 2, 2, 3] }, order },
    ],
    outputs: [
      {
        ...row('y', 'float32', [1, 3, 2, 2]),
        tfjs: { name: 'y', dtype: 'float32', shape: [1, 2, 2, 3] },
        order: outputOrder,
      },
    ],
  });
}
export const dims = [1, 3, 2, 2];
export const X = { x: { dtype: 'float32', dims, data: counting(dims) } } satisfies Values;
export const affineOf = (x: number[]): number[] => x.map((v, i) => 2 * v + 10 * (Math.floor(i / 4) + 1));
export const Y = { y: { dtype: 'float32', dims, data: affineOf(X.x.data) } } satisfies Values;
