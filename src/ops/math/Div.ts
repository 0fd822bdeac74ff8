import { exactDiv, floorDiv, isKnown, isNatural } from '../../ir/dim.js';
import { isInteger } from '../../tensor/dtype.js';
import { binary } from '../elementwise.js';
import { divLayers } from './arithmetic-keras.js';
import { quotient, wrapped } from './integers.js';

export default binary({
  name: 'Div',
  summary: 'quotient of two, broadcast; integers are rounded towards zero',
  value: (x, y, dtype) => (isInteger(dtype) ? Math.trunc(x / y) : x / y),
  big: (x, y) => (y === 0n ? 0n : x / y),
  elems: (x, y, dtype) => {
    if (!isInteger(dtype)) return exactDiv(x, y);
    if (isKnown(x) && isKnown(y)) return y === 0 ? undefined : Math.trunc(x / y);
    // What isn't negative is rounded down.
    return exactDiv(x, y) ?? (isKnown(y) && y > 0 && isNatural(x) ? floorDiv(x, y) : undefined);
  },
  graph: (x, y, b, n) =>
    isInteger(n.dtype(0)) ? wrapped(quotient(x, y, n.dtype(0), b), n.dtype(0), b) : b.op('RealDiv', [x, y]),
  keras: divLayers,
});
