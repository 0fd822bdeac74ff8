import { invalid } from '../../diag/diagnostic.js';
import type { Expander } from '../../ir/expander.js';
import type { Value } from '../../ir/graph.js';
import { isKnown } from '../../ir/dim.js';
import { normalAxis, type RawNode } from '../../ir/view.js';
import { codeOfDtype, dtypeOfCode, isInteger, rangeOf, type DType } from '../../tensor/dtype.js';
import { int64s, tensorOf } from '../../tensor/tensor.js';

/** How scales and zero points lie over a tensor. */
export interface Granularity {
  readonly axis: number;
  /** Elements along the axis that share a scale; 0 where the scale is one number or one per index of the axis. */
  readonly block: number;
}

export function readGranularity(n: RawNode): Granularity {
  return { axis: n.optInt('axis') ?? 1, block: n.optInt('block_size') ?? 0 };
}

/** The type that an attribute gives by its code, where it gives one. */
export function readType(n: RawNode, name: string): DType | undefined {
  const code = n.optInt(name) ?? 0;
  return code === 0
    ? undefined
    : (dtypeOfCode(code) ?? invalid(`${name} is ${code}, which is no element type of ONNX`));
}

export const castTo = (e: Expander, x: Value, to: DType, attributes: Record<string, number> = {}): Value =>
  x.type.dtype === to ? x : e.one('Cast', [x], { to: codeOfDtype(to), ...attributes });

/** A scale or a zero point brought to where it broadcasts over x. */
export function spread(v: Value, x: Value, { axis, block }: Granularity, e: Expander): Value {
  const rank = x.type.dims.length;
  const own = v.type.dims;
  if (own.length === 0 || (own.length === 1 && own[0] === 1 && block === 0))
    return own.length === 0 ? v : e.one('Reshape', [v, e.constant(int64s([]))]);
  const at = normalAxis(axis, rank);
  if (block === 0) {
    if (own.length !== 1) return invalid(`a scale of rank ${own.length} needs a block_size`);
    const after = rank - 1 - at;
    return after === 0
      ? v
      : e.one('Unsqueeze', [v, e.constant(int64s(Array.from({ length: after }, (_, i) => i + 1)))]);
  }
  // Each scale stands for a block: [.., S, ..] becomes [.., S * block, ..], less what reaches over the end.
  if (own.length !== rank) return invalid(`blocks need a scale of rank ${rank}, and it has rank ${own.length}`);
  const size = x.type.dims[at];
  if (isKnown(size) && isKnown(own[at]) && (own[at] as number) * block < size)
    return invalid(`${own[at]} blocks of ${block} do not cover an axis of ${size}`);
  const indices = isKnown(size)
    ? e.constant(int64s(Array.from({ length: size }, (_, i) => Math.floor(i / block))))
    : e.one('Div', [
        e.one('Range', [
          e.constant(int64s(0)),
          e.one('Squeeze', [e.one('Shape', [x], { start: at, end: at + 1 })]),
          e.constant(int64s(1)),
        ]),
        e.constant(int64s(block)),
      ]);
  return e.one('Gather', [v, indices], { axis: at });
}

/**
 * Rounds to the nearest (halves to the even one), adds the zero point, and puts the sum into the range of the type.
 * @param x already divided by the scale, float32
 * @param zero broadcasts over x; undefined for 0
 */
export function saturated(x: Value, zero: Value | undefined, to: DType, e: Expander, saturate = true): Value {
  if (!isInteger(to))
    return castTo(
      e,
      zero ? e.one('Add', [x, castTo(e, zero, 'float32')]) : x,
      to,
      to.startsWith('float8') ? { saturate: Number(saturate) } : {},
    );
  const { min, max } = rangeOf(to);
  const rounded = e.one('Round', [x]);
  const moved = zero ? e.one('Add', [rounded, castTo(e, zero, 'float32')]) : rounded;
  const bound = (v: bigint) => e.constant(tensorOf('float32', [], [Number(v)]));
  return castTo(e, e.one('Clip', [moved, bound(min), bound(max)]), to);
}

/** x less its zero point, as float32: exact for all types of up to 16 bits. */
export function centred(x: Value, zero: Value | undefined, e: Expander): Value {
  const isNothing =
    zero?.constant && Array.from(zero.constant.load().data as ArrayLike<number | bigint>, Number).every((v) => v === 0);
  const wide = castTo(e, x, 'float32');
  return zero && !isNothing ? e.one('Sub', [wide, castTo(e, zero, 'float32')]) : wide;
}
