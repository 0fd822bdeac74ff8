import type { Ref, TfNode } from '../builder.js';
import type { TfGraph } from '../lower.js';
import { outputsOf, rewrite, type Rewriting } from '../rewrite.js';
import type { Target } from '../target.js';
import { partsOf, type Part } from './parts.js';
import { VIEWS } from './merge-views.js';

/** Row numbers above this many would weigh more in the file than they save. */
const MOST_ROWS = 1 << 14;
/** So many equal parts are brought one behind the other first: as fast, and no numbers of rows are stored. */
export const MANY_PARTS = 8;
/** Elements below which a Slice is as fast. */
const FEW_ELEMENTS = 2048;

/**
 * A range of an axis is gathered as rows:
 *
 *     Slice(x [28, 28, 128]; channels 64 … 127)      becomes      GatherNd(Reshape(x, [2 * 784, 64]), [[1], [3], …])
 *
 * and where x was moved before, or there are many, equal parts are first brought one behind the other by the same movement.
 * For WASM: there Slice and Split copy the whole input for each part, and go on row by row in JavaScript (3 to 10 times as
 * long). For `any` only many parts, by one movement, which is one op more: a GPU that computes in half precision can't tell
 * the numbers of more than 2048 rows.
 */
export function gatherParts(graph: TfGraph, target: Target): TfGraph {
  if (target === 'webgl') return graph;
  return rewrite(graph, (node, r) => {
    const own = node.op === 'Split' ? node.inputs[1] : node.inputs[0];
    if (node.op !== 'Split' && node.op !== 'SplitV' && node.op !== 'Slice') return undefined;
    const dims = r.knownDims(own);
    if (!dims || (own.dtype !== 'float32' && own.dtype !== 'int32') || own.node.weight) return undefined;
    const parts = partsOf(node, dims);
    if (!parts || dims.reduce((n, d) => n * d, 1) < FEW_ELEMENTS || r.isOutput(node)) return undefined;
    const many = parts.length >= MANY_PARTS && parts.every(({ size }) => size === parts[0].size);
    // Parts that lie one behind the other cost a GPU nothing.
    if (target === 'any' && (!many || dims.slice(0, parts[0].axis).every((d) => d === 1))) return undefined;
    const made = parts.map((part, i) => gathered(part, own, dims, many, r) ?? outputsOf(node)[i]);
    if (made.every((ref) => ref.node === node)) return undefined;
    return made.some((ref) => ref.node === node) ? undefined : made;
  });
}

function gathered(part: Part, x: Ref, dims: readonly number[], many: boolean, r: Rewriting): Ref | undefined {
  const { axis, begin, size } = part;
  const whole = dims[axis];
  if (size <= 0) return undefined;
  const outer = dims.slice(0, axis);
  const inner = dims.slice(axis + 1);
  const width = [whole, begin, size].reduce(gcd);
  const count = whole / width;
  const rows = outer.reduce((n, d) => n * d, 1);
  const to = [...outer, size, ...inner];
  if (rows > 1 && size === width && (many || movedBefore(x.node))) {
    // One behind the other: the movement becomes part of the one before.
    const lying = [rows, count, width * inner.reduce((n, d) => n * d, 1)];
    const stacked = r.reshape(r.transpose(r.reshape(x, lying), [1, 0, 2]), [count, ...to]);
    return r.op('GatherNd', [stacked, r.ints([begin / width])]);
  }
  const each = size / width;
  if (rows * each > MOST_ROWS) return undefined;
  if (rows === 1 && each === 1) return r.op('GatherNd', [r.reshape(x, [count, ...to]), r.ints([begin / width])]);
  const numbers = new Int32Array(rows * each);
  for (let row = 0, at = 0; row < rows; row++)
    for (let k = 0; k < each; k++) numbers[at++] = row * count + begin / width + k;
  if (each === 1)
    return r.op('GatherNd', [
      r.reshape(x, [rows * count, width, ...inner]),
      r.tensor({ dtype: 'int32', dims: [...outer, 1], data: numbers }),
    ]);
  const table = r.reshape(x, [rows * count, width * inner.reduce((n, d) => n * d, 1)]);
  return r.reshape(
    r.op('GatherNd', [table, r.tensor({ dtype: 'int32', dims: [numbers.length, 1], data: numbers })]),
    to,
  );
}

/** Whether a Transpose stands before, but for changes of sizes. */
function movedBefore(node: TfNode): boolean {
  let at = node;
  while (VIEWS.has(at.op)) at = at.inputs[0].node;
  return at.op === 'Transpose';
}

const gcd = (a: number, b: number): number => (b === 0 ? a : gcd(b, a % b));
