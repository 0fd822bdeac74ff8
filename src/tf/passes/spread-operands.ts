import { type Dim, isKnown, knownProduct } from '../../ir/dim.js';
import type { Ref, TfNode } from '../builder.js';
import type { TfGraph } from '../lower.js';
import { TRUTHS } from '../shapes.js';
import { outputsOf, rewrite, type Rewriting } from '../rewrite.js';
import type { Target } from '../target.js';

/** Numbers of a result from which on two or three ops more are worth it: on WASM alone, and with what they cost a GPU. */
const FEW = { wasm: 1024, any: 4096, webgl: Infinity } as const;
/** Axes that XNNPACK multiplies along. */
const MOST_AXES = 6;

/** Ops that WASM computes in plain loops, which look up every number of an operand of other sizes by its place. */
const PLAIN = new Set(['Maximum', 'Minimum', 'Pow', 'SquaredDifference', 'Atan2', ...TRUTHS]);

/**
 * An operand that is repeated along axes is spread out by XNNPACK before an op that would look it up number by number:
 *
 *     SelectV2(mask [1, 1, 128, 128], x [1, 12, 128, 128], -1e9)      becomes
 *     SelectV2(NotEqual(Mul(Cast(mask), ones), 0), x, Fill(-1e9))
 *
 * and so do comparisons, Maximum and their like, and BroadcastTo itself, which is Tile there. Times one nothing changes, be
 * it infinite, NaN or -0. Integers stay as they are: XNNPACK doesn't multiply them.
 */
export function spreadOperands(graph: TfGraph, target: Target): TfGraph {
  return rewrite(graph, (node, r) => {
    if (node.op === 'BroadcastTo') return r.isOutput(node) ? undefined : spreadWhole(node, FEW[target], r);
    if (node.op !== 'SelectV2' && !PLAIN.has(node.op)) return undefined;
    const to = r.dims(outputsOf(node)[0]);
    if (!to || to.length > MOST_AXES || knownProduct(to) < FEW[target]) return undefined;
    const isWhole = (ref: Ref): boolean => String(r.dims(ref)) === String(to);
    const sizes = to.every(isKnown) ? r.ints(to as number[]) : sizesOf(node.inputs.find(isWhole), r);
    if (!sizes) return undefined;
    const inputs = node.inputs.map((ref) => (isWhole(ref) ? ref : operand(ref, node, sizes, to, r)));
    if (inputs.every((ref, i) => ref === node.inputs[i])) return undefined;
    return [r.sized(r.op(node.op, inputs, node.attrs, node.dtypes), to)];
  });
}

const sizesOf = (ref: Ref | undefined, r: Rewriting): Ref | undefined => ref && r.op('Shape', [ref]);

/** The operand as large as the result where that helps. Single numbers are dear to SelectV2 alone. */
function operand(ref: Ref, node: TfNode, sizes: Ref, to: readonly Dim[], r: Rewriting): Ref {
  const own = r.dims(ref);
  if (!own) return ref;
  const isOne = own.every((d) => d === 1);
  if (isOne && node.op !== 'SelectV2') return ref;
  if (isOne && (ref.node.op === 'Const' || ref.dtype === 'int32') && ref.dtype !== 'bool')
    return r.sized(r.op('Fill', [sizes, scalar(ref, own, r)]), to);
  return spread(ref, sizes, to, r) ?? ref;
}

/** A tensor of one number as a scalar. */
const scalar = (ref: Ref, dims: readonly Dim[], r: Rewriting): Ref => (dims.length === 0 ? ref : r.reshape(ref, []));

function spread(ref: Ref, sizes: Ref, to: readonly Dim[], r: Rewriting): Ref | undefined {
  const ones = () => r.op('Fill', [sizes, r.scalar(1)]);
  if (ref.dtype === 'float32') return r.sized(r.op('Mul', [ref, ones()]), to);
  if (ref.dtype !== 'bool') return undefined;
  const numbers = r.op('Mul', [r.op('Cast', [ref], { DstT: 'float32' }), ones()]);
  return r.sized(r.cast(numbers, 'bool'), to);
}

function spreadWhole(node: TfNode, few: number, r: Rewriting): readonly Ref[] | undefined {
  const to = r.dims(outputsOf(node)[0]);
  const [x, sizes] = node.inputs;
  if (!to || to.length > MOST_AXES || knownProduct(to) < few || String(r.dims(x)) === String(to)) return undefined;
  const made = spread(x, sizes, to, r);
  return made && [made];
}
