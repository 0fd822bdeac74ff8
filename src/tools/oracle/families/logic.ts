import { single, type Family, type Generator } from '../case.js';
import { isFloat, type DType } from '../../../tensor/dtype.js';
import { tensorOf } from '../../../tensor/tensor.js';
import { fed } from '../case.js';
import { binary } from './math.js';
import { ALL_INTS, broadcasting, folded, given } from './shapes.js';

const NUMBERS: readonly DType[] = ['float32', 'float64', 'int32', 'int64', 'int8', 'uint8'];

/** Few different values, so that some are equal; integers also beyond what float32 tells apart. */
const compare =
  (op: string, opset: number, dtypes: readonly DType[] = NUMBERS): Generator =>
  (r) => {
    const dtype = r.pick(dtypes);
    const { operands } = broadcasting(r, 2, r.chance(0.1) ? 7 : 5);
    const large = (dtype === 'int32' || dtype === 'int64') && r.chance(0.5);
    const inputs = operands.map((dims) => {
      if (!large) return given(r, dtype, dims, isFloat(dtype) ? -2 : 0, 3);
      const t = r.tensor(dtype, dims, 0, 3);
      return fed(
        tensorOf(
          dtype,
          dims,
          Array.from(t.data as ArrayLike<number | bigint>, (v) => 2 ** 24 + Number(v)),
        ),
      );
    });
    return single(op, { opset, inputs });
  };

const shift: Generator = (r) => {
  const dtype = r.pick<DType>(['uint8', 'uint16', 'uint32', 'uint64']);
  const { operands } = broadcasting(r, 2, 4);
  const bits = dtype === 'uint8' ? 7 : dtype === 'uint16' ? 15 : 12;
  return single('BitShift', {
    opset: 11,
    inputs: [
      given(r, dtype, operands[0], 0, dtype === 'uint8' ? 255 : dtype === 'uint16' ? 65535 : 2 ** 18 - 1),
      given(r, dtype, operands[1], 0, bits),
    ],
    attributes: { direction: r.pick(['LEFT', 'RIGHT']) },
  });
};

const special =
  (op: string): Generator =>
  (r) => {
    const dims = r.dims(r.int(0, 4));
    const t = r.tensor('float32', dims);
    const data = Array.from(t.data as Float32Array, (v) =>
      r.chance(0.6) ? r.pick([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) : v,
    );
    return single(op, {
      opset: op === 'IsInf' ? 10 : 13,
      inputs: [fed(tensorOf('float32', dims, data))],
      attributes:
        op === 'IsInf'
          ? { detect_negative: r.maybe(() => r.int(0, 1)), detect_positive: r.maybe(() => r.int(0, 1)) }
          : {},
    });
  };

const bits = (op: string): Generator => binary(op, { opset: [18], dtypes: ALL_INTS });

const PLAIN: Family = {
  And: compare('And', 7, ['bool']),
  Or: compare('Or', 7, ['bool']),
  Xor: compare('Xor', 7, ['bool']),
  Not: (r) => single('Not', { opset: 1, inputs: [fed(r.tensor('bool', r.dims(r.int(0, 5))))] }),
  Equal: compare('Equal', 13, [...NUMBERS, 'bool']),
  Greater: compare('Greater', 13),
  GreaterOrEqual: compare('GreaterOrEqual', 16),
  Less: compare('Less', 13),
  LessOrEqual: compare('LessOrEqual', 16),
  BitwiseAnd: bits('BitwiseAnd'),
  BitwiseOr: bits('BitwiseOr'),
  BitwiseXor: bits('BitwiseXor'),
  BitwiseNot: (r) =>
    single('BitwiseNot', {
      opset: 18,
      inputs: [
        fed(
          r.tensor(
            r.pick<DType>(['int8', 'uint8', 'int16', 'uint16', 'int32', 'int64']),
            r.dims(r.int(0, 4)),
            -30000,
            30000,
          ),
        ),
      ],
    }),
  BitShift: shift,
  IsNaN: special('IsNaN'),
  IsInf: special('IsInf'),
};

export const LOGIC: Family = { ...PLAIN, ...folded(PLAIN) };
