import type { Ref, TfNode } from '../builder.js';
import { gelu } from '../gelu.js';
import type { TfGraph } from '../lower.js';
import { rewrite, type Rewriting } from '../rewrite.js';
import { numbersIn } from '../shapes.js';

/**
 * GELU written out becomes a gate, since TensorFlow.js's Erf and Tanh are scalar loops on WASM:
 *
 *     Mul(Mul(x, AddV2(Erf(x / sqrt(2)), 1)), 0.5)      becomes      x * Sigmoid(x * P(x^2))
 *     Mul(Mul(x, AddV2(Tanh(y), 1)), 0.5)               becomes      x * Sigmoid(2 y)
 *
 * in whatever order the factors are multiplied. The second is exact; the first is as far off as Erf itself is (4.3e-7).
 */
export function gates(graph: TfGraph): TfGraph {
  return rewrite(graph, (node, r) => {
    if (node.op !== 'Mul' || node.dtypes[0] !== 'float32') return undefined;
    const product = factorsOf(node, r);
    const open = product.factors.findIndex(
      ({ node: f }) => f.op === 'AddV2' && f.inputs.some((ref) => isNumber(ref, 1)),
    );
    if (open < 0 || product.factors.length < 2) return undefined;
    const sum = product.factors[open].node;
    const inner = sum.inputs.find((ref) => !isNumber(ref, 1))?.node;
    const rest = product.factors.filter((_, i) => i !== open);
    if (!inner || r.uses(product.factors[open]) !== 1) return undefined;
    r.over(node, ...product.nodes, sum, inner);
    if (inner.op === 'Erf') {
      if (
        rest.length !== 1 ||
        Math.abs(product.number - 0.5) > 1e-6 ||
        !isScaled(inner.inputs[0], rest[0], Math.SQRT1_2)
      )
        return undefined;
      return [gelu(r, rest[0], 'none')];
    }
    if (inner.op !== 'Tanh') return undefined;
    const gate = r.op('Sigmoid', [doubled(inner.inputs[0], r)]);
    const all = rest.reduce((a, b) => r.mul(a, b));
    const number = Math.fround(2 * product.number);
    return [r.mul(number === 1 ? all : r.mul(all, r.scalar(number)), gate)];
  });
}

interface Product {
  /** What isn't a number. */
  readonly factors: readonly Ref[];
  readonly number: number;
  /** The multiplications that nobody else reads. */
  readonly nodes: readonly TfNode[];
}

/** The factors of a product of up to three multiplications. */
function factorsOf(node: TfNode, r: Rewriting): Product {
  const factors: Ref[] = [];
  const nodes: TfNode[] = [];
  let number = 1;
  const walk = (ref: Ref, depth: number) => {
    const value = single(ref);
    if (value !== undefined) number *= value;
    else if (
      ref.node.op === 'Mul' &&
      depth < 3 &&
      r.uses(ref) === 1 &&
      ref.node.inputs.some((f) => depth > 1 || single(f) !== undefined || isSum(f.node))
    ) {
      nodes.push(ref.node);
      for (const f of ref.node.inputs) walk(f, depth + 1);
    } else factors.push(ref);
  };
  for (const ref of node.inputs) walk(ref, 1);
  return { factors, number, nodes };
}

const isSum = (node: TfNode): boolean => node.op === 'AddV2' && node.inputs.some((ref) => isNumber(ref, 1));

/** The number that a constant of one element holds. */
function single(ref: Ref): number | undefined {
  const numbers = numbersIn(ref, 1);
  return numbers?.length === 1 && (ref.node.weight?.dims.length ?? 0) <= 1 ? numbers[0] : undefined;
}

const isNumber = (ref: Ref, value: number): boolean => single(ref) === value;

/** Whether ref is x times (or divided by one over) this number. */
function isScaled(ref: Ref, x: Ref, factor: number): boolean {
  const { op, inputs } = ref.node;
  const same = (a: Ref) => a.node === x.node && a.index === x.index;
  const near = (v: number | undefined, to: number) => v !== undefined && Math.abs(v - to) < 1e-6 * to;
  if (op === 'RealDiv') return same(inputs[0]) && near(single(inputs[1]), 1 / factor);
  return (
    op === 'Mul' &&
    ((same(inputs[0]) && near(single(inputs[1]), factor)) || (same(inputs[1]) && near(single(inputs[0]), factor)))
  );
}

/** Twice a value: the number by which it is multiplied anyway, doubled, where there is one. */
function doubled(x: Ref, r: Rewriting): Ref {
  const constant = x.node.op === 'Mul' ? x.node.inputs.findIndex((ref) => single(ref) !== undefined) : -1;
  if (constant < 0 || r.uses(x) !== 1) return r.mul(x, r.scalar(2));
  const factor = single(x.node.inputs[constant]) as number;
  return r.mul(x.node.inputs[1 - constant], r.scalar(Math.fround(2 * factor)));
}
