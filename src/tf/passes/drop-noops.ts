import { sameDims } from '../../ir/dim.js';
import type { Ref, TfNode } from '../builder.js';
import type { TfGraph } from '../lower.js';
import { rewrite, type Rewriting } from '../rewrite.js';
import { numbersIn } from '../shapes.js';

/**
 * Nodes that give what they are given go:
 *
 *     Identity, Reshape to the same sizes, Mul by 1, Slice of everything, PadV2 by nothing …
 *     x -> Relu -> Relu      becomes      x -> Relu
 *
 * Identity and the others cost a copy each. An output of the model keeps its node, since it needs a name of its own.
 */
export function dropNoops(graph: TfGraph): TfGraph {
  return rewrite(graph, (node, r) => {
    const x = node.inputs[0];
    if (!x || r.isOutput(node)) return undefined;
    const same = sameAs(node, r);
    return same && [same];
  });
}

/** Ops whose outputs can't be negative: Relu changes nothing behind them. */
const NATURAL = new Set(['Relu', 'Relu6', 'Sigmoid', 'Softmax', 'Exp', 'Square', 'Abs']);

function sameAs(node: TfNode, r: Rewriting): Ref | undefined {
  const [x, y] = node.inputs;
  const sameShape = (a: Ref) => {
    const [before, after] = [r.dims(a), r.dims({ node, index: 0, dtype: node.dtypes[0] })];
    return before !== undefined && after !== undefined && sameDims(before, after);
  };
  switch (node.op) {
    case 'Identity':
      return x;
    case 'Relu':
      return NATURAL.has(activationOf(x.node)) ? x : undefined;
    case 'Reshape':
    case 'Squeeze':
    case 'ExpandDims':
      return sameShape(x) ? x : undefined;
    case 'Transpose':
      return numbersIn(y)?.every((p, i) => p === i) ? x : undefined;
    case 'Cast':
      return node.dtypes[0] === x.dtype ? x : undefined;
    case 'PadV2':
    case 'MirrorPad':
      return numbersIn(y)?.every((p) => p === 0) ? x : undefined;
    case 'Tile':
      return numbersIn(y)?.every((n) => n === 1) ? x : undefined;
    case 'Slice':
      return numbersIn(y)?.every((n) => n === 0) && sameShape(x) ? x : undefined;
    case 'ConcatV2':
      return node.inputs.length === 2 ? x : undefined;
    case 'Mul':
      return all(y, 1) && sameShape(x) ? x : all(x, 1) && sameShape(y) ? y : undefined;
    case 'RealDiv':
      return all(y, 1) && sameShape(x) ? x : undefined;
    case 'Sub':
      return all(y, 0) && sameShape(x) ? x : undefined;
    default:
      return undefined;
  }
}

/** What a node ends with: its own op, or the activation fused into it. */
function activationOf(node: TfNode): string {
  return (node.attrs.fused_ops as readonly string[] | undefined)?.at(-1) ?? node.op;
}

/** A constant of which every element is this number; -0 is none. */
function all(ref: Ref | undefined, value: number): boolean {
  return numbersIn(ref)?.every((v) => Object.is(v, value)) ?? false;
}
