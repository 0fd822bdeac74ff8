import type { Ref, TfNode } from '../builder.js';
import type { TfGraph } from '../lower.js';
import { numberOf } from '../../ir/weights.js';
import { rewrite } from '../rewrite.js';
import { numbersIn } from '../shapes.js';
import { sourceOf } from './own-operands.js';

/** Constants up to this many elements are compared by their contents: row numbers are many and often equal. */
const SMALL = { float32: 1024, int32: 1 << 14, bool: 1024, string: 0, complex64: 0 };

/** Ops whose result isn't decided by their inputs, or whose outputs have names that someone waits for. */
const OWN = new Set([
  'Placeholder',
  'Const',
  'RandomUniform',
  'RandomStandardNormal',
  'TruncatedNormal',
  'Multinomial',
  'RandomUniformInt',
]);

/** Products: TensorFlow.js packs their weights once per constant. */
const PRODUCTS = /Conv|MatMul/;

/**
 * What is computed twice is computed once, constants that were made alike of the same weights are one, and so are small
 * ones that are equal:
 *
 *     Shape(x), Shape(x)      becomes      Shape(x)
 *
 * Weights of products are compared by how they were made alone: each further one is fetched, kept and packed again. What
 * MatMuls of different sizes must not share on WASM is taken apart by `ownOperands`, after this. Every constant that a run
 * need not look up saves 1 to 2 microseconds.
 */
export function share(graph: TfGraph): TfGraph {
  const weights = new Set<TfNode>();
  for (const node of graph.nodes)
    if (PRODUCTS.test(node.op)) for (const ref of node.inputs.slice(1)) weights.add(sourceOf(ref));
  const names = new Map<TfNode, number>();
  const known = new Map<string, TfNode>();
  const nameOf = (node: TfNode): number => {
    const name = names.get(node) ?? names.size;
    names.set(node, name);
    return name;
  };
  return rewrite(graph, (node, r) => {
    if (r.isOutput(node)) return undefined;
    const key =
      node.op === 'Const'
        ? ((weights.has(node) ? undefined : contents(node)) ?? (node.weight && `handle ${numberOf(node.weight)}`))
        : OWN.has(node.op)
          ? undefined
          : `${node.op}(${node.inputs.map((x) => `${nameOf(x.node)}:${x.index}`)})${JSON.stringify(node.attrs)}${node.dtypes}`;
    if (key === undefined) return undefined;
    const twin = known.get(key);
    if (!twin) {
      known.set(key, node);
      return undefined;
    }
    return twin.dtypes.map((dtype, index): Ref => ({ node: twin, index, dtype }));
  });
}

function contents(node: TfNode): string | undefined {
  const numbers = numbersIn({ node, index: 0, dtype: node.dtypes[0] }, SMALL[node.dtypes[0]]);
  return numbers && `${node.dtypes[0]}[${node.weight?.dims}]${numbers.map((v) => (Object.is(v, -0) ? '-0' : v))}`;
}
