import { isKnown, type Dim } from '../../ir/dim.js';
import type { Ref, TfNode } from '../builder.js';
import type { TfGraph } from '../lower.js';
import { Moves } from '../moves.js';
import { outputsOf, rewrite, type Rewriting } from '../rewrite.js';
import { numbersIn } from '../shapes.js';
import { VIEWS, viewSizes } from './merge-views.js';

/**
 * A chain of Reshapes and Transposes moves its elements once, or not at all:
 *
 *     Transpose -> Reshape -> Transpose -> Reshape      becomes      Reshape -> Transpose -> Reshape
 *
 * with as few axes as the movement has: on WASM a Transpose of rank 5 and more allocates for each element.
 */
export function mergeMoves(graph: TfGraph): TfGraph {
  return rewrite(graph, (node, r) => {
    if (node.op !== 'Transpose' && !VIEWS.has(node.op)) return undefined;
    const chain = chainOf(node);
    const before = chain.nodes.filter((n) => n.op === 'Transpose');
    if (before.length === 0) return undefined;
    const to = r.dims(outputsOf(node)[0]);
    const moves = movesOf(chain, r);
    if (!moves || !to) return inOneOrder(node, r);
    const { dims, perm } = moves.single();
    const still = perm.every((p, i) => p === i);
    const rank = Math.max(...before.map((n) => (r.dims(n.inputs[0]) as readonly Dim[]).length));
    const better = still || before.length > 1 || (node.op === 'Transpose' && perm.length < rank && rank > 4);
    if (!better) return undefined;
    if (!viewSizes(dims) || !viewSizes(to)) return inOneOrder(node, r);
    r.over(node, ...chain.nodes.filter((n) => n !== node));
    if (still) return [r.reshape(chain.source, to)];
    return [sized(r, r.transpose(sized(r, chain.source, dims), perm), to)];
  });
}

/** Two Transposes in a row as one, whatever the sizes. */
function inOneOrder(node: TfNode, r: Rewriting): readonly Ref[] | undefined {
  const inner = node.inputs[0].node;
  const [p, q] = [numbersIn(inner.inputs[1]), numbersIn(node.inputs[1])];
  if (node.op !== 'Transpose' || inner.op !== 'Transpose' || !p || !q) return undefined;
  return [
    r.over(node, inner).transpose(
      inner.inputs[0],
      q.map((i) => p[i]),
    ),
  ];
}

const sized = (r: Rewriting, x: Ref, dims: readonly Dim[]): Ref => {
  const now = r.dims(x);
  return now &&
    now.length === dims.length &&
    now.every((d, i) => (isKnown(d) ? d === dims[i] : String(d) === String(dims[i])))
    ? x
    : r.reshape(x, dims);
};

/** The Reshapes and Transposes that lead to this node, itself included, from the last to the first, and what they move. */
function chainOf(node: TfNode): { nodes: TfNode[]; source: Ref } {
  const nodes = [node];
  let source = node.inputs[0];
  for (; VIEWS.has(source.node.op) || source.node.op === 'Transpose'; source = source.node.inputs[0])
    nodes.push(source.node);
  return { nodes, source };
}

function movesOf({ nodes, source }: { nodes: readonly TfNode[]; source: Ref }, r: Rewriting): Moves | undefined {
  const dims = r.dims(source);
  if (!dims || dims.includes(0)) return undefined;
  const moves = new Moves(dims);
  for (const node of [...nodes].reverse()) {
    if (node.op === 'Transpose') {
      const perm = numbersIn(node.inputs[1]);
      if (!perm) return undefined;
      moves.transpose(perm);
    } else {
      const to = r.dims(outputsOf(node)[0]);
      if (!to || !moves.reshape(to)) return undefined;
    }
  }
  return moves;
}
