import { type DType, isFloat, isInteger, rangeOf } from '../../tensor/dtype.js';
import { sizeOf, type Tensor, tensorOf } from '../../tensor/tensor.js';
import { Random } from './random.js';
import type { Use } from './uses.js';

/** How an input's values are drawn. Bounds are included; integers take whole numbers of them. */
export type Draw =
  | { readonly kind: 'normal'; readonly scale: number }
  | { readonly kind: 'even'; readonly low: number; readonly high: number }
  /** On both sides of zero and at least `low` away from it. */
  | { readonly kind: 'away'; readonly low: number; readonly high: number }
  | { readonly kind: 'whole'; readonly low: number; readonly high: number }
  /** 1 and after that 0 along the last axis, at another place in each row. */
  | { readonly kind: 'mask' }
  /** 0, 1, 2 … along the last axis. */
  | { readonly kind: 'steps' }
  /** Corners x1, y1, x2, y2 with the second beyond the first, up to `size`. */
  | { readonly kind: 'boxes'; readonly size: number }
  /** These, and from the start again. */
  | { readonly kind: 'list'; readonly values: readonly number[] }
  | { readonly kind: 'flags' }
  | { readonly kind: 'words' }
  /** The same for every element, but for the last where it is given. */
  | { readonly kind: 'fixed'; readonly value: number; readonly last?: number };

const even = (low: number, high: number): Draw => ({ kind: 'even', low, high });
const whole = (low: number, high: number): Draw => ({ kind: 'whole', low, high });
const fixed = (value: number, last?: number): Draw => ({
  kind: 'fixed',
  value,
  ...(last === undefined ? {} : { last }),
});
const STEPS: Draw = { kind: 'steps' };
const POSITIVE = even(0.1, 3);
const AWAY: Draw = { kind: 'away', low: 0.5, high: 2 };
/** What is allowed as an index where the file doesn't say how many there are. */
const FEW = 2;

type Rule = Draw | ((use: Use) => Draw | undefined);

/** By operator: what its inputs have to be, by their place. What isn't here takes anything. */
const BY_USE: Readonly<Record<string, Readonly<Record<number, Rule>>>> = {
  Gather: { 1: (use) => indexInto(use, axisOf(use)) },
  GatherElements: { 1: (use) => indexInto(use, axisOf(use)) },
  ScatterElements: { 1: (use) => indexInto(use, axisOf(use)) },
  Scatter: { 1: (use) => indexInto(use, axisOf(use)) },
  GatherND: { 1: (use) => indexInto(use) },
  ScatterND: { 1: (use) => indexInto(use) },
  OneHot: { 0: whole(0, 3), 1: fixed(5), 2: even(-2, 2) },
  TopK: { 1: fixed(1) },
  Loop: { 0: fixed(3), 1: fixed(1) },
  Log: { 0: POSITIVE },
  Sqrt: { 0: POSITIVE },
  Acosh: { 0: even(1, 4) },
  Acos: { 0: even(-1, 1) },
  Asin: { 0: even(-1, 1) },
  Atanh: { 0: even(-0.95, 0.95) },
  Div: { 1: AWAY },
  Mod: { 1: AWAY },
  Reciprocal: { 0: AWAY },
  Pow: { 0: even(0.1, 2), 1: even(0, 3) },
  Tile: { 1: whole(1, 2) },
  Expand: { 1: fixed(1) },
  ConstantOfShape: { 0: whole(1, 4) },
  // 0 copies the size, and -1 takes what is left.
  Reshape: { 1: fixed(0, -1) },
  Range: { 0: fixed(0), 1: fixed(5), 2: fixed(1) },
  CumSum: { 1: fixed(0) },
  Squeeze: { 1: STEPS },
  Unsqueeze: { 1: STEPS },
  Slice: { 1: fixed(0), 2: fixed(2), 3: STEPS, 4: fixed(1) },
  Pad: { 1: whole(0, 1) },
  Trilu: { 1: whole(-1, 1) },
  BitShift: { 1: whole(0, 3) },
  Clip: { 1: fixed(-1), 2: fixed(1) },
  BatchNormalization: { 4: even(0.5, 1.5) },
  LSTM: { 4: (use) => whole(1, use.dimsOf(0)?.[0] ?? 1) },
  GRU: { 4: (use) => whole(1, use.dimsOf(0)?.[0] ?? 1) },
  RNN: { 4: (use) => whole(1, use.dimsOf(0)?.[0] ?? 1) },
  NonMaxSuppression: { 0: { kind: 'boxes', size: 1 }, 1: even(0, 1), 2: fixed(5), 3: fixed(0.5), 4: fixed(0.2) },
  RoiAlign: { 1: { kind: 'boxes', size: 8 }, 2: fixed(0) },
  GridSample: { 1: even(-1.1, 1.1) },
  QuantizeLinear: { 1: even(0.02, 0.1) },
  DequantizeLinear: { 1: even(0.02, 0.1) },
  Dropout: { 1: even(0, 0.5), 2: fixed(0) },
  NegativeLogLikelihoodLoss: { 1: (use) => indexInto(use, 1), 2: POSITIVE },
  SoftmaxCrossEntropyLoss: { 1: (use) => indexInto(use, 1), 2: POSITIVE },
  Resize: { 1: roiOf, 2: scalesOf, 3: sizesOf },
  Upsample: { 1: scalesOf },
};

/** Twice the size, but not of batch and channels. */
function scalesOf(use: Use): Draw {
  const rank = use.dimsOf(0)?.length ?? 4;
  return axesOf(use) ? fixed(2) : { kind: 'list', values: Array.from({ length: rank }, (_, i) => (i < 2 ? 1 : 2)) };
}

function sizesOf(use: Use): Draw | undefined {
  const dims = use.dimsOf(0);
  const axes = axesOf(use) ?? dims?.map((_, i) => i);
  const sizes = axes?.map((axis) => dims?.[axis < 0 ? axis + dims.length : axis] ?? null);
  if (!axes || !sizes || sizes.includes(null)) return undefined;
  return { kind: 'list', values: sizes.map((size, i) => ((axes[i] as number) < 2 ? 1 : 2) * (size as number)) };
}

/** All starts, then all ends. */
function roiOf(use: Use): Draw {
  const count = axesOf(use)?.length ?? use.dimsOf(0)?.length ?? 4;
  const at = (inner: number) => (i: number) => (!axesOf(use) && i < 2 ? Math.round(inner) : inner);
  return { kind: 'list', values: [0.1, 0.9].flatMap((x) => Array.from({ length: count }, (_, i) => at(x)(i))) };
}

function axesOf({ node }: Use): number[] | undefined {
  const axes = node.attributes.get('axes');
  return axes?.kind === 'ints' ? axes.value.map(Number) : undefined;
}

/** The axes of a reduction are an input since opset 13 or 18. */
const REDUCTION = /^Reduce/;

/** Operators that are the same on both sides of zero, so that an integer input may be negative. */
const SIGNED =
  /^(Add|Sub|Mul|Neg|Abs|Sign|Relu|Max|Min|Clip|Equal|Less|Greater|LessOrEqual|GreaterOrEqual|Mean|Sum|Where|MatMul|Gemm|Reduce.*|ArgMax|ArgMin|Sigmoid|Tanh)$/;

interface NameRule {
  readonly name: RegExp;
  readonly type: 'float' | 'integer';
  readonly draw: Draw;
}

/** Operators that may leave an integer's range, and ONNX doesn't say what comes of that. */
const OVERFLOWING = /^(Add|Sub|Mul|Neg|Abs|Sum|Pow|ReduceSum|ReduceProd|CumSum|MatMul|Gemm)$/;

/** By name, where the first operators say nothing: the words that exporters and tokenizers use. */
const BY_NAME: readonly NameRule[] = [
  { name: /^ax[ie]s$/, type: 'integer', draw: STEPS },
  { name: /mask/, type: 'integer', draw: { kind: 'mask' } },
  { name: /mask/, type: 'float', draw: { kind: 'mask' } },
  { name: /position|pos_ids/, type: 'integer', draw: STEPS },
  { name: /token_type|segment/, type: 'integer', draw: whole(0, 1) },
  { name: /len(gth)?s?$|_len(gth)?s?_/, type: 'integer', draw: whole(1, 4) },
  { name: /time_?steps?|^t$/, type: 'integer', draw: whole(0, 999) },
  { name: /shape|sizes?$|dims?$|num_|count|repeats/, type: 'integer', draw: whole(1, 4) },
  { name: /sigma|std|varian|temperature|scale/, type: 'float', draw: even(0.5, 1.5) },
  { name: /prob|alpha|confiden|thresh/, type: 'float', draw: even(0, 1) },
  { name: /time_?steps?/, type: 'float', draw: even(0, 100) },
];

/**
 * How values for an input are drawn: as its first operators need them, else as its name hints, else by its type. `timid`:
 * integers of 0 and 1 alone where only the type is left to go by.
 */
export function drawFor(
  name: string,
  dtype: DType,
  dims: readonly number[],
  uses: readonly Use[],
  timid = false,
): Draw {
  const needed = uses.map(needOf).filter((draw) => draw !== undefined);
  if (dtype === 'bool') return needed.find((draw) => draw.kind === 'fixed') ?? { kind: 'flags' };
  if (dtype === 'string') return { kind: 'words' };
  if (needed.length > 0) return needed.reduce(narrower);
  const word = name.toLowerCase();
  const type = isFloat(dtype) ? 'float' : 'integer';
  const hinted = BY_NAME.find((rule) => rule.type === type && rule.name.test(word));
  if (hinted) return hinted.draw;
  if (type === 'float' || !isInteger(dtype)) return { kind: 'normal', scale: 1 };
  if (timid) return whole(0, 1);
  const overflows = uses.some((use) => OVERFLOWING.test(use.op) && !use.cast);
  if (dtype === 'uint8' && !overflows) return whole(0, 255);
  if (dtype === 'int8' && !overflows) return whole(-128, 127);
  const signed = uses.some((use) => SIGNED.test(use.op)) && rangeOf(dtype).min < 0n && dims.length > 0;
  return signed ? whole(-9, 9) : whole(0, 9);
}

function needOf(use: Use): Draw | undefined {
  const rules = Object.hasOwn(BY_USE, use.op) ? BY_USE[use.op] : undefined;
  const rule = rules?.[use.at] ?? (REDUCTION.test(use.op) && use.at === 1 ? STEPS : undefined);
  return typeof rule === 'function' ? rule(use) : rule;
}

/** An index that fits all of two uses; of other needs the first counts. */
function narrower(a: Draw, b: Draw): Draw {
  if (a.kind !== 'whole' || b.kind !== 'whole') return a;
  return whole(Math.max(a.low, b.low), Math.max(Math.min(a.high, b.high), Math.max(a.low, b.low)));
}

function axisOf({ node }: Use): number {
  const axis = node.attributes.get('axis');
  return axis?.kind === 'int' ? Number(axis.value) : 0;
}

/** An index along one axis of the node's first input, or along any of them. */
function indexInto(use: Use, axis?: number): Draw {
  const dims = use.dimsOf(0);
  if (!dims) return whole(0, FEW - 1);
  const sizes = axis === undefined ? dims : [dims[axis < 0 ? axis + dims.length : axis] ?? null];
  const least = Math.min(...sizes.map((d) => d ?? FEW));
  return whole(0, Math.max(0, least - 1));
}

/** Draws a tensor. `seed`: any text; `round`: 0 for the first set of inputs, 1 for the second. */
export function draw(how: Draw, dtype: DType, dims: readonly number[], seed: string, round: number): Tensor {
  const n = sizeOf(dims);
  const random = new Random(seed);
  if (how.kind === 'words')
    return tensorOf(
      dtype,
      dims,
      Array.from({ length: n }, () => WORDS[random.whole(0, WORDS.length - 1)] as string),
    );
  // A lone flag chooses a branch: each set takes another.
  if (how.kind === 'flags')
    return tensorOf(
      dtype,
      dims,
      Array.from({ length: n }, () => (n === 1 ? round % 2 === 0 : random.next() < 0.5)),
    );
  const integer = isInteger(dtype);
  const bounds = integer ? rangeOf(dtype) : undefined;
  const signed = bounds === undefined || bounds.min < 0n;
  const within = (x: number): number => {
    if (!bounds) return x;
    return Math.min(Number(bounds.max), Math.max(Number(bounds.min), Math.round(x)));
  };
  const last = dims.at(-1) ?? 1;
  const values = new Float64Array(n);
  for (let i = 0; i < n; i++) values[i] = within(element(how, random, { i, n, last, integer, signed }));
  return tensorOf(dtype, dims, values);
}

const WORDS = ['', 'a', 'Hello', 'onnx', 'Zürich', 'two words', '1.5', 'no'];

interface Position {
  readonly i: number;
  /** Number of elements, and of those along the last axis. */
  readonly n: number;
  readonly last: number;
  readonly integer: boolean;
  readonly signed: boolean;
}

function element(how: Exclude<Draw, { kind: 'words' | 'flags' }>, random: Random, at: Position): number {
  const { i, n, last, integer, signed } = at;
  switch (how.kind) {
    case 'normal': {
      const x = random.normal() * how.scale;
      // Now and then a half or a whole, zero among them, for what rounds or has a kink there.
      return random.next() < 0.05 ? Math.round(x * 2) / 2 : x;
    }
    case 'even':
      return integer ? random.whole(Math.ceil(how.low), Math.floor(how.high)) : random.between(how.low, how.high);
    case 'away': {
      const x = integer ? random.whole(1, 5) : random.between(how.low, how.high);
      return random.next() < 0.5 && signed ? -x : x;
    }
    case 'whole':
      return random.whole(how.low, how.high);
    case 'mask': {
      const row = Math.floor(i / last);
      return i % last < Math.max(1, last - 1 - (row % last)) ? 1 : 0;
    }
    case 'steps':
      return i % last;
    case 'boxes': {
      const near = random.between(0, 0.5) * how.size;
      return i % 4 < 2 ? near : near + 0.5 * how.size;
    }
    case 'list':
      return how.values[i % how.values.length] as number;
    case 'fixed':
      return i === n - 1 ? (how.last ?? how.value) : how.value;
  }
}
