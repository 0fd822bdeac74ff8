import protobuf from 'protobufjs/minimal.js';
import type { Tensor } from '../tensor/tensor.js';
import { codeOfDtype } from '../tensor/dtype.js';
import { packRaw } from '../tensor/raw.js';
import { onnx } from './proto.generated.js';
import type * as P from './proto-types.generated.js';

/** protobufjs's writer with bigints as 64-bit integers. */
class BigWriter extends protobuf.Writer {
  override int64(value: number | bigint | string | object): this {
    return super.int64(longOf(value) as never) as this;
  }

  override uint64(value: number | bigint | string | object): this {
    return super.uint64(longOf(value) as never) as this;
  }
}

const longOf = (value: unknown): unknown =>
  typeof value === 'bigint'
    ? { low: Number(BigInt.asIntN(32, value)), high: Number(BigInt.asIntN(32, value >> 32n)), unsigned: false }
    : value;

/** A ModelProto's bytes. */
export function encodeModel(model: P.ModelProto): Uint8Array {
  return onnx.ModelProto.encode(model as never, new BigWriter() as never).finish();
}

/** A TensorProto's bytes, elements as raw_data (strings as string_data). */
export function encodeTensor(tensor: Tensor, name: string): Uint8Array {
  return onnx.TensorProto.encode(tensorProto(tensor, name) as never, new BigWriter() as never).finish();
}

/** A tensor as a message, to be put into a model. */
export function tensorProto(tensor: Tensor, name: string): P.TensorProto {
  const head = { name, dims: [...tensor.dims], dataType: codeOfDtype(tensor.dtype) };
  if (tensor.dtype === 'string') {
    const encoder = new TextEncoder();
    return { ...head, stringData: (tensor.data as readonly string[]).map((s) => encoder.encode(s)) };
  }
  return { ...head, rawData: packRaw(tensor) };
}

/**
 * Bytes to append to a model's own, after which the values named are outputs of its graph as well: protobuf merges the
 * graphs of two concatenated messages. Types are left to shape inference.
 */
export function extraOutputs(names: readonly string[]): Uint8Array {
  return encodeModel({ graph: { output: names.map((name) => ({ name })) } });
}
