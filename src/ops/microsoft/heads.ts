import { invalid, refuse } from '../../diag/diagnostic.js';
import { isKnown, mulDim, sameDim } from '../../ir/dim.js';
import type { Value } from '../../ir/graph.js';
import { knownSize, type Composer } from '../compose.js';
import { attend, scores } from '../nn/attend.js';

/** What causality forbids gets this added: the least float, as in ONNX Runtime. */
export const FORBIDDEN = -3.4028234663852886e38;

/** [batch, length, heads * size] as [batch, heads, length, size]. */
export function heads(c: Composer, x: Value, count: number): Value {
  const hidden = knownSize(x, 2);
  if (hidden % count !== 0) return invalid(`a hidden size of ${hidden} can't be split into ${count} heads`);
  return c.transpose(c.reshape(x, [0, 0, count, hidden / count]), [0, 2, 1, 3]);
}

/** [batch, heads, length, size] as [batch, length, heads * size]. */
export function joined(c: Composer, x: Value): Value {
  return c.reshape(c.transpose(x, [0, 2, 1, 3]), [0, 0, knownSize(x, 1) * knownSize(x, 3)]);
}

/**
 * What is added to the scores for a mask of one of the shapes that ONNX Runtime knows: [batch, keys] or [batch, queries,
 * keys] of 0 where a key is left out, [batch] of the keys' number, or [2 * batch] of where they end and then begin.
 * Broadcasts to [batch, heads, queries, keys].
 */
export function maskBias(c: Composer, mask: Value, k: Value, filter: number, dtype: Value['type']['dtype']): Value {
  const rank = mask.type.dims.length;
  const bias = (allowed: Value) => c.where(allowed, c.scalar(0, dtype), c.scalar(filter, dtype));
  if (rank === 2 || rank === 3) return c.unsqueeze(bias(c.greater(mask, 0)), rank === 2 ? [1, 2] : [1]);
  if (rank !== 1)
    return refuse(
      `an attention mask of rank ${rank}`,
      'export with a mask of shape [batch, keys] or [batch, queries, keys]',
    );
  const [given, batch] = [mask.type.dims[0], k.type.dims[0]];
  const place = c.range(c.size(k, 2));
  const column = (v: Value) => c.unsqueeze(c.cast(v, 'int64'), [1, 2, 3]);
  if (sameDim(given, batch)) return bias(c.less(place, column(mask)));
  if (sameDim(given, mulDim(batch, 2))) {
    const [end, begin] = c.split(mask, 0, 2).map(column);
    return bias(c.op('And', [c.less(place, end), c.op('GreaterOrEqual', [place, begin])]));
  }
  return refuse(
    `an attention mask of ${given} numbers for a batch of ${batch}`,
    'export with a mask of shape [batch, keys], or fix the batch with input-shapes in the config',
  );
}

/** Each query sees the keys up to its own place, behind the keys of the past: [queries, keys]. @param past a vector of one element */
export function causalBias(
  c: Composer,
  q: Value,
  k: Value,
  past: Value | undefined,
  dtype: Value['type']['dtype'],
): Value {
  const row = c.unsqueeze(c.range(c.size(q, 2)), [1]);
  const place = past ? c.add(row, past) : row;
  return c.where(c.op('LessOrEqual', [c.range(c.size(k, 2)), place]), c.scalar(0, dtype), c.scalar(FORBIDDEN, dtype));
}

export interface Parts {
  /** [batch, heads, length, size] each; k and v with the past before them. */
  readonly q: Value;
  readonly k: Value;
  readonly v: Value;
  readonly scale: number | undefined;
  /** Added to the scores. */
  readonly biases: readonly (Value | undefined)[];
}

/** Softmax(q kT * scale + biases) v as [batch, length, heads * size], and the scores before the softmax. */
export function attention(c: Composer, { q, k, v, scale, biases }: Parts): { y: Value; scores: Value } {
  const raw = scores(c, q, k, scale);
  const biased = biases.filter((b) => b !== undefined).reduce((sum, b) => c.add(sum, b), raw);
  return { y: joined(c, attend(c, c.op('Softmax', [biased], { axis: -1 }), v)), scores: biased };
}

/** A scale of 0 is none: the default. */
export const scaleOf = (given: number | undefined): number | undefined =>
  given === undefined || given === 0 ? undefined : given;

/** Keys or values of the past before the new ones. */
export function after(c: Composer, past: Value | undefined, fresh: Value): Value {
  return past ? c.concat([past, fresh], 2) : fresh;
}

/** A size that is known, and no symbol. */
export const numberOr = (d: Value['type']['dims'][number] | undefined): number | undefined =>
  d !== undefined && isKnown(d) ? d : undefined;
