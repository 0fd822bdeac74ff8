import type { Ref, TfNode } from '../builder.js';
import type { TfGraph } from '../lower.js';
import { rewrite } from '../rewrite.js';
import { numbersIn } from '../shapes.js';

/** Longer joints aren't looked at: it takes the square of their parts. */
const MOST_PARTS = 128;

/**
 * A joint that begins with all that another one joins takes that one:
 *
 *     ConcatV2(a, b), ConcatV2(a, b, c)      becomes      x = ConcatV2(a, b), ConcatV2(x, c)
 *
 * as in the blocks of a DenseNet, each layer of which reads all before it. As much is copied, but on WASM in fewer and wider
 * pieces: a joint along an inner axis goes row by row in JavaScript.
 */
export function chainConcats(graph: TfGraph): TfGraph {
  /** By what is joined: the joint. */
  const joints = new Map<string, Ref>();
  /** What a joint joins along an axis, taken apart. */
  const joined = new Map<TfNode, { readonly axis: number; readonly parts: readonly Ref[] }>();
  const numbers = new Map<TfNode, number>();
  const number = (node: TfNode): number => {
    const known = numbers.get(node) ?? numbers.size;
    numbers.set(node, known);
    return known;
  };
  return rewrite(graph, (node, r) => {
    if (node.op !== 'ConcatV2' || node.dtypes[0] !== 'float32') return undefined;
    const parts = node.inputs.slice(0, -1);
    const axis = numbersIn(node.inputs[parts.length])?.[0];
    if (axis === undefined || axis === 0) return undefined;
    const key = (refs: readonly Ref[]) => `${axis}: ${refs.map((ref) => `${number(ref.node)}.${ref.index}`)}`;
    const whole = parts.flatMap((part) => {
      const inner = joined.get(part.node);
      return inner?.axis === axis ? inner.parts : [part];
    });
    if (whole.length > MOST_PARTS) return undefined;
    let now: Ref | undefined;
    for (let n = whole.length - 1; n >= 2 && !now; n--) {
      const before = joints.get(key(whole.slice(0, n)));
      // One that it reads already takes nothing from it.
      if (before && whole.length - n + 1 < parts.length) now = r.concat([before, ...whole.slice(n)], axis);
    }
    const own = now ?? { node, index: 0, dtype: node.dtypes[0] };
    joints.set(key(whole), own);
    joined.set(own.node, { axis, parts: whole });
    return now && [now];
  });
}
