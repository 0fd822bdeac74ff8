import { series } from '../../ir/weights.js';
import { refuse } from '../../diag/diagnostic.js';
import { isKnown, type Dim } from '../../ir/dim.js';
import type { Expander } from '../../ir/expander.js';
import type { Value } from '../../ir/graph.js';
import { defineOp } from '../../ir/op.js';
import { int64s } from '../../tensor/tensor.js';
import { parseEquation } from './einsum-equation.js';

/** Source: ONNX, Einsum-12: said by Transpose, Reshape, MatMul, Mul and ReduceSum, operand by operand. */
export default defineOp<{ equation: string }>({
  name: 'Einsum',
  summary: 'sums of products by an equation',
  limits: 'a label twice in one operand (a diagonal) needs a known size',
  read: { 12: (n) => ({ equation: n.string('equation') }) },
  infer: (n) => {
    const { operands, output } = parseEquation(
      n.attrs.equation,
      n.inputs.map((_, i) => n.rank(i)),
    );
    const sizes = new Map<string, Dim>();
    operands.forEach((ls, i) => {
      ls.forEach((l, axis) => {
        const own = n.dims(i)[axis];
        if (!sizes.has(l) || sizes.get(l) === 1) sizes.set(l, own);
      });
    });
    return [{ dtype: n.dtype(0), dims: output.map((l) => sizes.get(l) as Dim) }];
  },
  expand: (n, _, e) => {
    const { operands, output } = parseEquation(
      n.attrs.equation,
      n.inputs.map((__, i) => n.rank(i)),
    );
    const sum = new Summation(
      e,
      operands.map((ls, i) => ({ value: n.value(i), labels: ls })),
    );
    return [sum.run(output)];
  },
});

/** A tensor whose axes have names. */
interface Named {
  readonly value: Value;
  readonly labels: readonly string[];
}

class Summation {
  private readonly e: Expander;
  private readonly operands: readonly Named[];
  /** Where the size of each label can be read. */
  private readonly sizes = new Map<string, { value: Value; axis: number; dim: Dim }>();

  constructor(e: Expander, operands: readonly Named[]) {
    this.e = e;
    this.operands = operands;
    for (const { value, labels } of operands)
      labels.forEach((l, axis) => {
        const dim = value.type.dims[axis];
        const known = this.sizes.get(l);
        // Of an axis that broadcasts the size is the one that isn't 1.
        if (!known || known.dim === 1 || (!isKnown(known.dim) && isKnown(dim) && dim !== 1))
          this.sizes.set(l, { value, axis, dim });
      });
  }

  run(output: readonly string[]): Value {
    const parts = this.operands.map((x) => this.diagonal(x));
    const wanted = new Set(output);
    const last = new Map(parts.flatMap(({ labels }, i) => labels.map((l) => [l, i])));
    /** Labels of the output and of operands from this one on. */
    const neededFrom = (from: number) => (l: string) => wanted.has(l) || (last.get(l) ?? -1) >= from;
    let result = parts[0];
    for (let i = 1; i <= parts.length; i++) {
      result = this.summed(result, neededFrom(i));
      if (i === parts.length) break;
      const later = neededFrom(i + 1);
      const next = this.summed(parts[i], (l) => later(l) || result.labels.includes(l));
      result = this.product(result, next, later);
    }
    return this.ordered(result, output).value;
  }

  private ints(values: readonly number[]): Value {
    return this.e.constant(int64s(values));
  }

  /** A label that stands twice: only where both indices are equal. */
  private diagonal(x: Named): Named {
    const first = x.labels.findIndex((l, i) => x.labels.indexOf(l) !== i);
    if (first < 0) return x;
    const label = x.labels[first];
    const size = x.value.type.dims[first];
    if (!isKnown(size))
      return refuse(
        `Einsum takes a diagonal of an axis whose size is ${size}`,
        'fix the sizes with input-shapes in the config',
      );
    const [i, j] = [x.labels.indexOf(label), first];
    const rest = x.labels.flatMap((_, axis) => (axis === i || axis === j ? [] : [axis]));
    const front = this.e.one('Transpose', [x.value], { perm: [...rest, i, j] });
    const labels = rest.map((axis) => x.labels[axis]);
    const flat = this.e.one('Reshape', [front, this.shape([...labels.map((l) => [l]), size * size])]);
    const picked = this.e.one('Gather', [flat, this.ints(series(size, (k) => k * (size + 1)))], {
      axis: rest.length,
    });
    return this.diagonal({ value: picked, labels: [...labels, label] });
  }

  /** Sums over the labels that nobody asks for. */
  private summed(x: Named, kept: (l: string) => boolean): Named {
    const gone = x.labels.flatMap((l, axis) => (kept(l) ? [] : [axis]));
    if (gone.length === 0) return x;
    return {
      value: this.e.one('ReduceSum', [x.value, this.ints(gone)], { keepdims: 0 }),
      labels: x.labels.filter(kept),
    };
  }

  private ordered(x: Named, labels: readonly string[]): Named {
    if (labels.every((l, i) => x.labels[i] === l)) return x;
    return { value: this.e.one('Transpose', [x.value], { perm: labels.map((l) => x.labels.indexOf(l)) }), labels };
  }

  private product(a: Named, y: Named, kept: (l: string) => boolean): Named {
    // A constant factor is cheapest on the right.
    if (a.value.constant && !y.value.constant) return this.product(y, a, kept);
    const shared = a.labels.filter((l) => y.labels.includes(l));
    const batch = shared.filter(kept);
    const inner = shared.filter((l) => !kept(l));
    const rows = a.labels.filter((l) => !shared.includes(l));
    const columns = y.labels.filter((l) => !shared.includes(l));
    const labels = [...batch, ...rows, ...columns];
    const left = this.ordered(a, [...batch, ...rows, ...inner]).value;
    if (inner.length === 0) {
      const right = this.ordered(y, [...batch, ...columns]).value;
      const widened =
        columns.length === 0
          ? left
          : this.e.one('Unsqueeze', [left, this.ints(columns.map((_, i) => batch.length + rows.length + i))]);
      const raised =
        rows.length === 0 ? right : this.e.one('Unsqueeze', [right, this.ints(rows.map((_, i) => batch.length + i))]);
      return { value: this.e.one('Mul', [widened, raised]), labels };
    }
    const right = this.ordered(y, [...batch, ...inner, ...columns]).value;
    const out = this.e.one('MatMul', [
      this.matrices(left, batch, rows, inner),
      this.matrices(right, batch, inner, columns),
    ]);
    if (rows.length === 1 && columns.length === 1) return { value: out, labels };
    return { value: this.e.one('Reshape', [out, this.shape(labels.map((l) => [l]))], { allowzero: 1 }), labels };
  }

  /** Two groups of axes behind those of the batch as the rows and columns of matrices. */
  private matrices(v: Value, batch: readonly string[], rows: Group, columns: Group): Value {
    if (rows.length === 1 && columns.length === 1) return v;
    const shape = this.shape([...batch.map((l, axis) => this.ownSize(v, axis, l)), rows, columns]);
    return this.e.one('Reshape', [v, shape], { allowzero: 1 });
  }

  /** The size of a batch axis of one operand, which is 1 where it broadcasts. */
  private ownSize(v: Value, axis: number, label: string): Group | number {
    return v.type.dims[axis] === 1 ? 1 : [label];
  }

  /** A shape from groups of labels whose axes become one, and plain sizes. */
  private shape(groups: readonly (Group | number)[]): Value {
    const parts = groups.map((g) => (typeof g === 'number' ? g : this.groupSize(g)));
    if (parts.every((p) => typeof p === 'number')) return this.ints(parts);
    return this.e.one(
      'Concat',
      parts.map((p) => (typeof p === 'number' ? this.ints([p]) : p)),
      { axis: 0 },
    );
  }

  private groupSize(labels: Group): number | Value {
    let known = 1;
    let rest: Value | undefined;
    for (const l of labels) {
      const at = this.sizes.get(l);
      if (!at) throw new Error(`no operand has the label ${l}`);
      if (isKnown(at.dim)) known *= at.dim;
      else {
        const size = this.e.one('Shape', [at.value], { start: at.axis, end: at.axis + 1 });
        rest = rest ? this.e.one('Mul', [rest, size]) : size;
      }
    }
    if (!rest) return known;
    return known === 1 ? rest : this.e.one('Mul', [rest, this.ints([known])]);
  }
}

/** Labels whose axes are one; none of them is an axis of size 1. */
type Group = readonly string[];
