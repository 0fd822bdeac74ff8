import type { DType } from '../../tensor/dtype.js';
import { isFloat, rangeOf } from '../../tensor/dtype.js';
import { roundTo } from '../../tensor/floats.js';
import { sizeOf, tensorOf, type Tensor } from '../../tensor/tensor.js';

/** Numbers that are the same for the same seed, on every machine. */
export class Random {
  private state: number;

  /** @param seed any text */
  constructor(seed: string) {
    let h = 2166136261;
    for (let i = 0; i < seed.length; i++) h = Math.imul(h ^ seed.charCodeAt(i), 16777619) >>> 0;
    this.state = h;
    for (let i = 0; i < 8; i++) this.next();
  }

  /** In [0, 1). (mulberry32) */
  next(): number {
    this.state = (this.state + 0x6d2b79f5) >>> 0;
    let t = this.state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  }

  /** A whole number from low to high, both included. */
  int(low: number, high: number): number {
    return low + Math.floor(this.next() * (high - low + 1));
  }

  float(low: number, high: number): number {
    return low + this.next() * (high - low);
  }

  chance(p: number): boolean {
    return this.next() < p;
  }

  pick<T>(list: readonly T[]): T {
    return list[this.int(0, list.length - 1)];
  }

  /** The value, or nothing: for what may be left out. */
  maybe<T>(value: () => T, p = 0.5): T | undefined {
    return this.chance(p) ? value() : undefined;
  }

  shuffle<T>(list: readonly T[]): T[] {
    const out = [...list];
    for (let i = out.length - 1; i > 0; i--) {
      const j = this.int(0, i);
      [out[i], out[j]] = [out[j], out[i]];
    }
    return out;
  }

  list<T>(count: number, make: (i: number) => T): T[] {
    return Array.from({ length: count }, (_, i) => make(i));
  }

  /** Sizes of the rank's axes, small and odd more often than not. */
  dims(rank: number, most = 5): number[] {
    return this.list(rank, () => this.int(1, most));
  }

  /** Floats on both sides of zero, single precision, now and then zero or whole. */
  floats(count: number, low = -3, high = 3): number[] {
    return this.list(count, () => {
      const v = this.chance(0.1) ? Math.round(this.float(low, high)) : this.float(low, high);
      return Math.fround(Math.min(high, Math.max(low, v)));
    });
  }

  /** Elements of any type within its range; floats and wide integers within low … high. */
  tensor(dtype: DType, dims: readonly number[], low = -3, high = 3): Tensor {
    const n = sizeOf(dims);
    if (dtype === 'bool')
      return tensorOf(
        'bool',
        dims,
        this.list(n, () => this.int(0, 1)),
      );
    if (dtype === 'float64')
      return tensorOf(
        'float64',
        dims,
        this.list(n, () => this.float(low, high)),
      );
    if (isFloat(dtype))
      return tensorOf(
        dtype,
        dims,
        this.floats(n, low, high).map((v) => roundTo(dtype, v)),
      );
    const range = rangeOf(dtype);
    const [a, b] = [Math.max(low, Number(range.min)), Math.min(high, Number(range.max))];
    return tensorOf(
      dtype,
      dims,
      this.list(n, () => this.int(Math.ceil(a), Math.floor(b))),
    );
  }
}
