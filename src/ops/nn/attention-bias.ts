import { isKnown, sameDim } from '../../ir/dim.js';
import type { Value } from '../../ir/graph.js';
import { isFloat } from '../../tensor/dtype.js';
import { numbersOf } from '../../tensor/tensor.js';
import type { Composer } from '../compose.js';

/** What a position that must not be attended to gets added: nothing is left of it after a softmax, and it is finite. */
export const MASKED = -3.4028234663852886e38;

export interface MaskParts {
  /** [batch, heads, queries, head size] and [batch, heads, keys, head size]: for their sizes and type. */
  readonly q: Value;
  readonly k: Value;
  readonly mask: Value | undefined;
  /** Number of keys of the past: a vector of one element. */
  readonly past: Value | undefined;
  /** Number of valid keys, per batch. */
  readonly valid: Value | undefined;
  readonly causal: boolean;
  /** -1 where unbounded. */
  readonly left: number;
  readonly right: number;
}

/**
 * What is added to the scores: the float mask, and MASKED where a boolean mask, the causal frontier, the window or the
 * padding of the keys forbid. Broadcasts to [batch, heads, queries, keys]. Undefined where nothing is added.
 * @param masked -Infinity for what ONNX would add
 */
export function attentionBias(c: Composer, m: MaskParts, masked = MASKED): Value | undefined {
  const allowed: Value[] = [];
  const keys = c.size(m.k, 2);
  const j = () => c.range(keys);
  if (m.causal || m.left >= 0 || m.right >= 0) {
    const queries = c.size(m.q, 2);
    const row = c.unsqueeze(c.range(queries), [1]);
    // Where a query stands among the keys: behind those of the past, or the last of the valid ones.
    const place = m.past
      ? c.add(row, m.past)
      : m.valid
        ? c.add(c.unsqueeze(c.sub(c.cast(m.valid, 'int64'), queries), [1, 2, 3]), row)
        : row;
    const bound = (n: number) => c.scalar(n, 'int64');
    if (m.causal) allowed.push(c.op('LessOrEqual', [j(), place]));
    if (m.left >= 0) allowed.push(c.op('GreaterOrEqual', [j(), c.sub(place, bound(m.left))]));
    if (m.right >= 0) allowed.push(c.op('LessOrEqual', [j(), c.add(place, bound(m.right))]));
  }
  if (m.valid) allowed.push(c.op('Less', [j(), c.unsqueeze(c.cast(m.valid, 'int64'), [1, 2, 3])]));
  const mask = m.mask && widened(c, m.mask, m.k, masked);
  if (mask && !isFloat(mask.type.dtype)) allowed.push(mask);
  const together = allowed.length > 0 ? allowed.reduce((x, y) => c.op('And', [x, y])) : undefined;
  const bias = together && c.op('Where', [together, c.scalar(0, m.q), c.scalar(masked, m.q)]);
  if (!mask || !isFloat(mask.type.dtype)) return bias;
  const given = c.cast(mask, m.q.type.dtype);
  const sum = bias ? c.add(given, bias) : given;
  // -Infinity would make a row of them NaN; and the sum of two MASKED is -Infinity.
  return masked === MASKED ? c.op('Max', [sum, c.scalar(MASKED, m.q)]) : sum;
}

/** A mask may be shorter than the keys: what it doesn't reach is forbidden. */
function widened(c: Composer, mask: Value, k: Value, masked: number): Value {
  const rank = mask.type.dims.length;
  const [own, all] = [mask.type.dims[rank - 1], k.type.dims[2]];
  if (rank === 0 || sameDim(own, all)) return mask;
  const floats = isFloat(mask.type.dtype);
  const zeros = new Array<number>(2 * rank - 1).fill(0);
  const missing = isKnown(own) && isKnown(all) ? c.ints([all - own]) : c.sub(c.size(k, 2), c.size(mask, rank - 1));
  const fill = floats ? c.scalar(masked, mask) : c.scalar(0, 'bool');
  return c.op('Pad', [mask, c.concat([c.ints(zeros), missing], 0), fill]);
}

/** 1 for each row of the bias in which anything may be attended to, else 0; undefined where that is all rows. */
export function attendedRows(c: Composer, bias: Value): Value | undefined {
  const rank = bias.type.dims.length;
  if (bias.constant) {
    const values = numbersOf(bias.constant.load());
    const keys = bias.constant.dims[rank - 1];
    let masked = false;
    for (let i = 0; i < values.length; i += keys) masked ||= values.slice(i, i + keys).every((v) => v <= MASKED / 2);
    if (!masked) return undefined;
  }
  const best = c.op('ReduceMax', [bias, c.ints([rank - 1])], { keepdims: 1 });
  return c.cast(c.op('Greater', [best, c.scalar(MASKED / 2, bias)]), bias.type.dtype);
}
