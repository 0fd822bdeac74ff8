import { isKnown, type Dim } from '../ir/dim.js';
import type { GraphBuilder, Ref } from './builder.js';

/** A whole number: known while converting, or an int32 scalar that is computed when the model runs. */
export type Amount = number | Ref;

/** Arithmetic on amounts: what is known is computed now. None of the results is negative in between, see each. */
export class Amounts {
  private readonly b: GraphBuilder;
  constructor(b: GraphBuilder) {
    this.b = b;
  }

  ref(a: Amount): Ref {
    return typeof a === 'number' ? this.b.scalar(a, 'int32') : a;
  }
  add(x: Amount, y: Amount): Amount {
    if (typeof x === 'number' && typeof y === 'number') return x + y;
    return x === 0 ? y : y === 0 ? x : this.b.add2(this.ref(x), this.ref(y));
  }
  sub(x: Amount, y: Amount): Amount {
    if (typeof x === 'number' && typeof y === 'number') return x - y;
    return y === 0 ? x : this.b.sub(this.ref(x), this.ref(y));
  }
  mul(x: Amount, y: Amount): Amount {
    if (typeof x === 'number' && typeof y === 'number') return x * y;
    return x === 1 ? y : y === 1 ? x : x === 0 || y === 0 ? 0 : this.b.mul(this.ref(x), this.ref(y));
  }
  /** floor(x / y) for x >= 0, y > 0. */
  div(x: Amount, y: number): Amount {
    return typeof x === 'number' ? Math.floor(x / y) : y === 1 ? x : this.b.op('FloorDiv', [x, this.ref(y)]);
  }
  /** x mod y for x >= 0, y > 0. */
  mod(x: Amount, y: number): Amount {
    return typeof x === 'number' ? x % y : y === 1 ? 0 : this.sub(x, this.mul(this.div(x, y), y));
  }
  max(x: Amount, y: Amount): Amount {
    return typeof x === 'number' && typeof y === 'number'
      ? Math.max(x, y)
      : this.b.op('Maximum', [this.ref(x), this.ref(y)]);
  }
  min(x: Amount, y: Amount): Amount {
    return typeof x === 'number' && typeof y === 'number'
      ? Math.min(x, y)
      : this.b.op('Minimum', [this.ref(x), this.ref(y)]);
  }
  product(list: readonly Amount[]): Amount {
    return list.reduce<Amount>((x, y) => this.mul(x, y), 1);
  }

  /** Sizes of x in memory order, of which `dims` are known or not. */
  sizes(x: Ref, dims: readonly Dim[]): Amount[] {
    return dims.map((d, axis) => (isKnown(d) ? d : this.b.size(x, axis)));
  }

  /** Reshape to these sizes. */
  reshape(x: Ref, sizes: readonly Amount[]): Ref {
    const unknown = sizes.filter((s) => typeof s !== 'number').length;
    return this.b.reshape(
      x,
      unknown === 1 && !sizes.includes(0)
        ? this.b.ints(sizes.map((s) => (typeof s === 'number' ? s : -1)))
        : this.b.sizes(sizes),
    );
  }

  /** Pads with a value, [before, after] per axis in memory order; what is known to be negative is cut off. */
  pad(given: Ref, pads: readonly (readonly [Amount, Amount])[], value = 0): Ref {
    const cut = (p: Amount) => (typeof p === 'number' && p < 0 ? -p : 0);
    const x = pads.some(([p, q]) => cut(p) > 0 || cut(q) > 0)
      ? this.crop(
          given,
          pads.map(([p, q]) => [cut(p), cut(q)]),
        )
      : given;
    const kept = pads.map((pair) => pair.map((p) => (cut(p) > 0 ? 0 : p)) as [Amount, Amount]);
    const flat = kept.flat();
    if (flat.every((p): p is number => typeof p === 'number')) return this.b.pad(x, kept as [number, number][], value);
    const paddings = this.b.reshape(this.b.sizes(flat), [pads.length, 2]);
    return this.b.op('PadV2', [x, paddings, this.b.scalar(value, x.dtype as 'float32' | 'int32' | 'bool')]);
  }

  /** Cuts elements off both ends of axes. */
  private crop(x: Ref, ends: readonly (readonly [number, number])[]): Ref {
    const size = ends.map(([p, q], axis): Amount => (q === 0 ? -1 : this.sub(this.b.size(x, axis), p + q)));
    return this.slice(
      x,
      ends.map(([p]) => p),
      size,
    );
  }

  /** A contiguous box; a size of -1 goes to the end. */
  slice(x: Ref, begin: readonly Amount[], size: readonly Amount[]): Ref {
    return this.b.op('Slice', [x, this.b.sizes(begin), this.b.sizes(size)]);
  }
}
