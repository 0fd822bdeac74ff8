import { isKnown, knownProduct } from '../../ir/dim.js';
import type { Ref, TfNode } from '../builder.js';
import type { TfGraph } from '../lower.js';
import { rewrite, type Rewriting } from '../rewrite.js';
import { numbersIn } from '../shapes.js';
import type { Target } from '../target.js';
import { MANY_PARTS } from './gather-parts.js';
import { VIEWS, viewSizes } from './merge-views.js';

/** Up to this many channels a part, moving twice is faster than joining row by row (measured: 24 yes, 64 hardly). */
const NARROW = 48;
/** Rows below which the ops more cost more than they save. */
const FEW_ROWS = 128;

/**
 * Images of equal width are joined one behind the other, and then moved:
 *
 *     ConcatV2(a, b; last axis)      becomes      ConcatV2(a, b; axis 0) -> Transpose(1, 0, 2)
 *
 * where the parts are narrow, or are moved anyway, as by a channel shuffle: both movements then are one. For WASM: there
 * joining along the last axis runs row by row in JavaScript.
 */
export function stackConcats(graph: TfGraph, target: Target): TfGraph {
  if (target === 'webgl') return graph;
  const fewest = target === 'wasm' ? 2 : MANY_PARTS;
  return rewrite(graph, (node, r) => {
    if (node.op === 'Transpose') {
      let x = node.inputs[0];
      while (VIEWS.has(x.node.op)) x = x.node.inputs[0];
      if (r.uses(x) !== 1) return undefined;
      const stacked = stack(x.node, r, 0, fewest);
      if (!stacked) return undefined;
      // The sizes that stand between.
      const dims = r.knownDims(node.inputs[0]);
      return dims && [r.over(node).op('Transpose', [r.reshape(stacked, dims), node.inputs[1]])];
    }
    if (node.op !== 'ConcatV2' || r.isOutput(node)) return undefined;
    const stacked = stack(node, r, FEW_ROWS, fewest);
    return stacked && [stacked];
  });
}

/** The joint by way of a stack, under the sizes of the Concat. */
function stack(node: TfNode, r: Rewriting, fewRows: number, fewParts: number): Ref | undefined {
  if (node.op !== 'ConcatV2') return undefined;
  const parts = node.inputs.slice(0, -1);
  if (parts.length < fewParts) return undefined;
  const dims = viewSizes(r.dims(parts[0]));
  const axis = numbersIn(node.inputs[parts.length])?.[0];
  if (!dims || dims.length < 2 || (axis !== dims.length - 1 && axis !== -1)) return undefined;
  const width = dims[dims.length - 1];
  if (
    !isKnown(width) ||
    !parts.every((part) => r.dims(part)?.at(-1) === width) ||
    new Set(parts.map((p) => p.node)).size < parts.length
  )
    return undefined;
  const outer = dims.slice(0, -1);
  const open = outer.find((d) => !isKnown(d));
  const rows = knownProduct(outer);
  if (rows < fewRows || (fewRows > 0 && width > NARROW) || node.dtypes[0] !== 'float32') return undefined;
  r.over(node);
  const stacked = r.reshape(r.concat(parts, 0), [parts.length, open ?? rows, width]);
  return r.reshape(r.transpose(stacked, [1, 0, 2]), [...outer, parts.length * width]);
}
