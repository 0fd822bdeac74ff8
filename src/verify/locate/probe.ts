import type { Tensor } from '../../tensor/tensor.js';
import { allocate, sizeOf } from '../../tensor/tensor.js';
import { isBig } from '../../tensor/dtype.js';
import { advance, strides } from '../walk.js';
import type { Loaded } from '../engines/engine.js';
import { type SourceModel, SourceRunError } from '../source/source.js';
import type { TfTensor } from '../tftensor.js';
import { type Difference, differenceOf } from './difference.js';
import type { Checkable } from './values.js';

/** What a value is on both sides. */
export interface Pair {
  readonly expected: Tensor;
  readonly actual: TfTensor;
}

/** Fetches values inside the source and inside the written model, for one set of inputs. */
export class Probe {
  readonly #source: SourceModel;
  readonly #loaded: Loaded;
  readonly #inputs: ReadonlyMap<string, Tensor>;
  readonly #feeds: ReadonlyMap<string, TfTensor>;
  /** What was compared once needn't be again; undefined where it can't be. */
  readonly #known = new Map<string, Difference | undefined>();

  /** `inputs` by ONNX's names, `feeds` the same by those of the written model. */
  constructor(
    source: SourceModel,
    loaded: Loaded,
    inputs: ReadonlyMap<string, Tensor>,
    feeds: ReadonlyMap<string, TfTensor>,
  ) {
    this.#source = source;
    this.#loaded = loaded;
    this.#inputs = inputs;
    this.#feeds = feeds;
  }

  /** How far these values are from the source's. What can't be fetched or compared is left out. */
  async differences(values: readonly Checkable[]): Promise<Map<string, Difference>> {
    const fresh = values.filter((v) => !this.#known.has(v.name));
    const pairs = await this.fetch(fresh);
    for (const value of fresh) {
      const pair = pairs.get(value.name);
      this.#known.set(value.name, pair && differenceOf(pair.expected, pair.actual, value.order));
    }
    const found = new Map<string, Difference>();
    for (const { name } of values) {
      const difference = this.#known.get(name);
      if (difference) found.set(name, difference);
    }
    return found;
  }

  /** Every value that was compared so far, and how far it is off. */
  compared(): ReadonlyMap<string, Difference> {
    return new Map([...this.#known].flatMap(([name, d]) => (d === undefined ? [] : [[name, d] as const])));
  }

  /** The values on both sides; one that either of them doesn't give is left out. */
  async fetch(values: readonly Checkable[]): Promise<Map<string, Pair>> {
    if (values.length === 0) return new Map();
    const expected = await this.#ofSource(values.map((v) => v.name));
    const there = values.filter((v) => expected.has(v.name));
    const actual = await this.#ofWritten(there.map((v) => v.tensor));
    const pairs = new Map<string, Pair>();
    for (const { name, tensor } of there) {
      const [want, have] = [expected.get(name), actual.get(tensor)];
      if (want && have) pairs.set(name, { expected: want, actual: have });
    }
    return pairs;
  }

  async #ofSource(names: readonly string[]): Promise<Map<string, Tensor>> {
    try {
      return await this.#source.run(this.#inputs, names);
    } catch (e) {
      if (!(e instanceof SourceRunError)) throw e;
      if (names.length <= 1) return new Map();
    }
    // One of them is no tensor, for example; the others may well be.
    const found = new Map<string, Tensor>();
    for (const name of names) for (const [key, tensor] of await this.#ofSource([name])) found.set(key, tensor);
    return found;
  }

  async #ofWritten(tensors: readonly string[]): Promise<ReadonlyMap<string, TfTensor>> {
    try {
      return (await this.#loaded.run(this.#feeds, tensors)).outputs;
    } catch {
      if (tensors.length <= 1) return new Map();
    }
    const found = new Map<string, TfTensor>();
    for (const tensor of tensors) for (const [key, value] of await this.#ofWritten([tensor])) found.set(key, value);
    return found;
  }
}

/** A tensor of the written model as the source would have it: ONNX's order of axes, and the type of `like`. */
export function asSource(actual: TfTensor, order: readonly number[], like: Tensor): Tensor {
  const dims = new Array<number>(order.length);
  for (const [i, axis] of order.entries()) dims[axis] = actual.shape[i] as number;
  const steps = strides(dims, order);
  const n = sizeOf(dims);
  const index = new Array<number>(dims.length).fill(0);
  const data = allocate(like.dtype, n) as unknown[] & { [i: number]: unknown };
  const big = isBig(like.dtype);
  for (let at = 0, offset = 0; at < n; at++) {
    const x = actual.data[offset] as number | string;
    data[at] = big ? BigInt(x as number) : x;
    offset = advance(index, dims, steps, offset);
  }
  return { dtype: like.dtype, dims, data: data as unknown as Tensor['data'] };
}
