import { subDim, type Dim, isKnown, isNatural, sameDim } from '../../ir/dim.js';
import { refuse } from '../../diag/diagnostic.js';
import type { Expander } from '../../ir/expander.js';
import type { Bound, Value } from '../../ir/graph.js';
import type { Op } from '../../ir/op.js';
import type { View } from '../../ir/view.js';
import { tensorOf } from '../../tensor/tensor.js';
import { binary } from '../elementwise.js';
import { sideOf } from '../math/integers.js';
import { numbered, placeOfText } from '../text.js';

/** 1 or 0 where x < y is certain, or certainly wrong, whatever the symbols stand for. */
function less(x: Dim, y: Dim): Dim | undefined {
  if (isNatural(subDim(subDim(y, x), 1))) return 1;
  return isNatural(subDim(x, y)) ? 0 : undefined;
}

const not = (d: Dim | undefined): Dim | undefined => (d === undefined ? undefined : d === 0 ? 1 : 0);

function equal(x: Dim, y: Dim): Dim | undefined {
  if (sameDim(x, y)) return 1;
  if (isKnown(x) && isKnown(y)) return 0;
  return less(x, y) === 1 || less(y, x) === 1 ? 0 : undefined;
}

/** Texts against constant ones: their places in the list of those are compared. */
function equalTexts(n: View, x: Bound | undefined, y: Bound | undefined, e: Expander): Value[] | undefined {
  const known = n.constant(0) ?? n.constant(1);
  const text = n.constant(0) ? y : x;
  if (!known || known.data.length === 0 || text?.kind !== 'tensor') return undefined;
  const { list, numbers } = numbered([known]);
  return [e.one('Equal', [placeOfText(e, text, list), e.constant(numbers[0])])];
}

const GREATEST = 2 ** 31 - 1;

/**
 * A comparison with a constant beyond int32, such as the largest int64: known, but for the shape that it is asked in.
 * @param below what x OP c is where c is below all that x can be, and @param above where it is above
 */
function far(op: Op, below: boolean, above: boolean): Op {
  return {
    ...op,
    expand: (n, [x, y], e) => {
      if (n.inputs.every((v) => v?.constant)) return undefined;
      if (op.name === 'Equal' && n.dtype(0) === 'string') return equalTexts(n, x, y, e);
      const [left, right] = [sideOf(n.inputs[0]), sideOf(n.inputs[1])];
      if ((left !== 0) === (right !== 0)) return undefined;
      const end = (v: Value): Value => e.constant(tensorOf(v.type.dtype, v.type.dims as number[], [GREATEST]));
      // c OP x is x OP c with the sides changed.
      const result = right !== 0 ? (right > 0 ? above : below) : left > 0 ? below : above;
      const [value, constant] = (right !== 0 ? [x, y] : [y, x]) as [Value, Value];
      return [e.one(result ? 'LessOrEqual' : 'Greater', [value, end(constant)])];
    },
  };
}

export default [
  far(
    binary({
      name: 'Equal',
      summary: 'whether two are equal, broadcast',
      limits: 'of strings with constants only',
      result: 'bool',
      value: (x, y) => Number(x === y),
      big: (x, y) => x === y,
      strings: (x, y) => x === y,
      elems: equal,
      graph: (x, y, b, n) =>
        n.dtype(0) === 'string'
          ? refuse(
              'TensorFlow.js compares no strings with each other: on WASM the result is wrong',
              'compare before the export, or feed numbers',
            )
          : b.op('Equal', [x, y]),
    }),
    false,
    false,
  ),
  far(
    binary({
      name: 'Less',
      summary: 'x < y, broadcast',
      result: 'bool',
      value: (x, y) => Number(x < y),
      big: (x, y) => x < y,
      elems: less,
      graph: (x, y, b) => b.op('Less', [x, y]),
    }),
    false,
    true,
  ),
  far(
    binary({
      name: 'Greater',
      summary: 'x > y, broadcast',
      result: 'bool',
      value: (x, y) => Number(x > y),
      big: (x, y) => x > y,
      elems: (x, y) => less(y, x),
      graph: (x, y, b) => b.op('Greater', [x, y]),
    }),
    true,
    false,
  ),
  far(
    binary({
      name: 'LessOrEqual',
      summary: 'x <= y, broadcast',
      since: 12,
      result: 'bool',
      value: (x, y) => Number(x <= y),
      big: (x, y) => x <= y,
      elems: (x, y) => not(less(y, x)),
      graph: (x, y, b) => b.op('LessEqual', [x, y]),
    }),
    false,
    true,
  ),
  far(
    binary({
      name: 'GreaterOrEqual',
      summary: 'x >= y, broadcast',
      since: 12,
      result: 'bool',
      value: (x, y) => Number(x >= y),
      big: (x, y) => x >= y,
      elems: (x, y) => not(less(x, y)),
      graph: (x, y, b) => b.op('GreaterEqual', [x, y]),
    }),
    true,
    false,
  ),
];
