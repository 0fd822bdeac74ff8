import type { Ref, TfNode } from '../builder.js';
import type { TfGraph } from '../lower.js';
import { rewrite, type Rewriting } from '../rewrite.js';
import { numbersIn } from '../shapes.js';
import { productOf, scaledBy } from './fold-affine.js';
import { VIEWS } from './merge-views.js';

const MOVES = new Set([...VIEWS, 'Transpose']);

/**
 * A multiplication by a number goes into the weights of a product before it, through movements and through a product of two
 * activations:
 *
 *     MatMul(Wq) -> Transpose -> BatchMatMulV2(k) -> Mul(1/8)      becomes      MatMul(Wq / 8) -> Transpose -> BatchMatMulV2(k)
 *
 * as in attention, where it would run over every pair of steps.
 */
export function raiseScales(graph: TfGraph): TfGraph {
  return rewrite(graph, (node, r) => {
    if (node.op !== 'Mul' && node.op !== 'RealDiv') return undefined;
    const place = node.inputs.findIndex(
      (ref) => numbersIn(ref, 1)?.length === 1 && (ref.node.weight?.dims.length ?? 2) <= 1,
    );
    if (place < 0 || (node.op === 'RealDiv' && place !== 1)) return undefined;
    const number = numbersIn(node.inputs[place], 1)?.[0] as number;
    const factor = node.op === 'Mul' ? number : 1 / number;
    if (!Number.isFinite(factor) || factor === 0 || node.dtypes[0] !== 'float32') return undefined;
    const x = node.inputs[1 - place];
    // Right behind a product, the scale is folded with the other affine ops.
    if (x.node.weight || productOf(x.node)) return undefined;
    const scaled = raise(x, factor, r, [node]);
    return scaled && [scaled];
  });
}

/** x times a number, with the number in the weights of what computes it; undefined where it can't go there. */
function raise(x: Ref, factor: number, r: Rewriting, over: readonly TfNode[]): Ref | undefined {
  const { node } = x;
  if (r.uses(x) !== 1 || r.isOutput(node)) return undefined;
  const all = [...over, node];
  if (productOf(node)) return scaledBy(node, factor, r.over(over[0], ...all));
  if (MOVES.has(node.op)) {
    const inner = raise(node.inputs[0], factor, r, all);
    return inner && r.over(node).op(node.op, [inner, ...node.inputs.slice(1)], node.attrs);
  }
  if (node.op !== 'BatchMatMulV2') return undefined;
  for (const place of [0, 1]) {
    const inner = raise(node.inputs[place], factor, r, all);
    if (inner)
      return r.over(node).op(
        node.op,
        node.inputs.map((ref, i) => (i === place ? inner : ref)),
        node.attrs,
      );
  }
  return undefined;
}
