import { referenceDoesntFit } from '../diag/catalogue-verify.js';
import { DiagnosticError } from '../diag/diagnostic.js';
import { sizeOf, type Tensor } from '../tensor/tensor.js';
import { advance, strides } from './walk.js';
import { permute, type RecordedTensor } from './record.js';
import type { TfData, TfDType, TfTensor } from './tftensor.js';

const INT32_MIN = -(2 ** 31);
const INT32_MAX = 2 ** 31 - 1;

/**
 * A reference's input as the written model takes it: axes in its order, elements in TensorFlow.js's type. Throws
 * DiagnosticError where an integer doesn't fit int32, or a float64 becomes infinite: such a reference can't be judged.
 */
export function feedOf(tensor: Tensor, row: RecordedTensor, reference: string): TfTensor {
  const { dtype } = row.tfjs;
  const data = dtype === 'string' ? (tensor.data as readonly string[]) : narrow(tensor, dtype, row, reference);
  const pairs = dtype === 'complex64';
  const dims = pairs ? [...tensor.dims, 2] : tensor.dims;
  const order = pairs ? [...row.order, tensor.dims.length] : row.order;
  return { dtype, shape: permute(tensor.dims, row.order), data: transpose(data, dims, order) };
}

function narrow(
  tensor: Tensor,
  dtype: TfDType,
  row: RecordedTensor,
  reference: string,
): Exclude<TfData, readonly string[]> {
  const from = tensor.data as Exclude<Tensor['data'], readonly string[]>;
  const refuse = (value: number | bigint): never => {
    throw new DiagnosticError([referenceDoesntFit(reference, row.onnx.name, String(value), dtype)]);
  };
  if (dtype === 'float32' || dtype === 'complex64') {
    if (from instanceof Float32Array) return from;
    const to = new Float32Array(from.length);
    for (let i = 0; i < from.length; i++) {
      const x = Number(from[i]);
      to[i] = x;
      if (Number.isFinite(x) && !Number.isFinite(to[i] as number)) refuse(x);
    }
    return to;
  }
  if (dtype === 'bool') {
    const to = new Uint8Array(from.length);
    for (let i = 0; i < from.length; i++) to[i] = Number(from[i]) === 0 ? 0 : 1;
    return to;
  }
  if (from instanceof Int32Array) return from;
  const to = new Int32Array(from.length);
  for (let i = 0; i < from.length; i++) {
    const x = from[i] as number | bigint;
    if (x < INT32_MIN || x > INT32_MAX || (typeof x === 'number' && !Number.isInteger(x))) refuse(x);
    to[i] = Number(x);
  }
  return to;
}

/** Elements of ONNX's shape `dims` in the order of axes of the written model. */
function transpose(data: TfData, dims: readonly number[], order: readonly number[]): TfData {
  if (order.every((axis, i) => axis === i)) return data;
  const n = sizeOf(dims);
  const steps = strides(dims, order);
  const index = new Array<number>(dims.length).fill(0);
  if (!ArrayBuffer.isView(data)) {
    const to = new Array<string>(n).fill('');
    for (let at = 0, offset = 0; at < n; at++) {
      to[offset] = data[at] as string;
      offset = advance(index, dims, steps, offset);
    }
    return to;
  }
  const to = new (data.constructor as new (n: number) => Exclude<TfData, readonly string[]>)(n);
  for (let at = 0, offset = 0; at < n; at++) {
    to[offset] = data[at] as number;
    offset = advance(index, dims, steps, offset);
  }
  return to;
}
