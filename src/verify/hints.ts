import type { Tensor } from '../tensor/tensor.js';
import { sizeOf } from '../tensor/tensor.js';
import type { ToleranceSettings } from './checks.js';
import { compare } from './compare.js';
import { isIdentity, permute, type RecordedTensor } from './record.js';
import type { TfTensor } from './tftensor.js';

/** Looking for the cause of a difference must not take longer than finding it. */
const MAX_ELEMENTS = 2 ** 20;
const MAX_RANK = 4;

/**
 * What an output that is out of tolerance looks like: another output of the model, or itself in another order of axes.
 * It goes into the message alone: the verdict is that of the order that conversion.json promises.
 */
export function hintFor(
  expected: Tensor,
  row: RecordedTensor,
  rows: readonly RecordedTensor[],
  outputs: ReadonlyMap<string, TfTensor>,
  tolerance: ToleranceSettings,
): string | undefined {
  if (sizeOf(expected.dims) > MAX_ELEMENTS || sizeOf(expected.dims) < 2 || isConstant(expected)) return undefined;
  const agrees = (actual: TfTensor | undefined, as: RecordedTensor): boolean =>
    actual !== undefined && compare(expected, actual, as, tolerance).kind === 'pass';

  for (const other of rows)
    if (other !== row && agrees(outputs.get(other.tfjs.name), other))
      return `it agrees with the model's output ${JSON.stringify(other.onnx.name)}: were outputs exchanged?`;

  const actual = outputs.get(row.tfjs.name);
  if (expected.dims.length > MAX_RANK || actual === undefined) return undefined;
  for (const order of permutations(expected.dims.length)) {
    if (order.every((axis, i) => axis === row.order[i])) continue;
    if (permute(expected.dims, order).some((d, i) => d !== actual.shape[i])) continue;
    if (agrees(actual, { ...row, order }))
      return `it would agree if the model's axes lay ${isIdentity(order) ? "in ONNX's order" : `as [${order.join(', ')}]`} and not as [${row.order.join(', ')}]`;
  }
  return undefined;
}

function isConstant(t: Tensor): boolean {
  const first = t.data[0];
  return (t.data as ArrayLike<unknown> & { every(p: (x: unknown) => boolean): boolean }).every((x) => x === first);
}

function permutations(n: number): number[][] {
  if (n === 0) return [[]];
  return permutations(n - 1).flatMap((p) =>
    Array.from({ length: n }, (_, at) => [...p.slice(0, at), n - 1, ...p.slice(at)]),
  );
}
