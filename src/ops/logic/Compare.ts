import { subDim, type Dim, isKnown, isNatural, sameDim } from '../../ir/dim.js';
import { refuse } from '../../diag/diagnostic.js';
import { binary } from '../elementwise.js';

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

export default [
  binary({
    name: 'Equal',
    summary: 'whether two are equal, broadcast',
    limits: 'of strings that the model computes: refused',
    result: 'bool',
    value: (x, y) => Number(x === y),
    big: (x, y) => x === y,
    strings: (x, y) => x === y,
    elems: equal,
    graph: (x, y, b, n) =>
      n.dtype(0) === 'string'
        ? refuse(
            'strings can not be compared: on WASM the result is wrong',
            'compare before the export, or feed numbers',
          )
        : b.op('Equal', [x, y]),
  }),
  binary({
    name: 'Less',
    summary: 'x < y, broadcast',
    result: 'bool',
    value: (x, y) => Number(x < y),
    big: (x, y) => x < y,
    elems: less,
    graph: (x, y, b) => b.op('Less', [x, y]),
  }),
  binary({
    name: 'Greater',
    summary: 'x > y, broadcast',
    result: 'bool',
    value: (x, y) => Number(x > y),
    big: (x, y) => x > y,
    elems: (x, y) => less(y, x),
    graph: (x, y, b) => b.op('Greater', [x, y]),
  }),
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
];
