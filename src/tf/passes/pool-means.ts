import type { Target } from '../target.js';
import type { TfGraph } from '../lower.js';
import { rewrite } from '../rewrite.js';
import { numbersIn } from '../shapes.js';

/** The window up to which a pool costs nothing on a GPU, where a reduction runs in parallel. */
const SMALL_WINDOW = 1024;

/**
 * The mean of an image becomes one pool; so does its maximum:
 *
 *     Mean(axes 1, 2)      becomes      AvgPool(window: all) -> Squeeze
 *
 * On WASM a reduction over axes that aren't the last transposes first.
 */
export function poolMeans(graph: TfGraph, target: Target): TfGraph {
  return rewrite(graph, (node, r) => {
    if (node.op !== 'Mean' && node.op !== 'Max') return undefined;
    const [x] = node.inputs;
    const dims = r.dims(x);
    const axes = numbersIn(node.inputs[1]);
    if (dims?.length !== 4 || axes?.length !== 2 || axes[0] !== 1 || axes[1] !== 2 || x.dtype !== 'float32')
      return undefined;
    const [, height, width] = dims;
    if (
      typeof height !== 'number' ||
      typeof width !== 'number' ||
      height * width < 2 ||
      (target !== 'wasm' && height * width > SMALL_WINDOW)
    )
      return undefined;
    const pool = r.op(node.op === 'Mean' ? 'AvgPool' : 'MaxPool', [x], {
      ksize: [1, height, width, 1],
      strides: [1, height, width, 1],
      padding: 'VALID',
      data_format: 'NHWC',
    });
    return [node.attrs.keep_dims ? pool : r.op('Squeeze', [pool], { axis: [1, 2] })];
  });
}
