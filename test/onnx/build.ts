import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Diagnostic } from '../../src/diag/diagnostic.js';
import { DiagnosticError } from '../../src/diag/diagnostic.js';
import { encodeModel } from '../../src/onnx/encode.js';
import type * as P from '../../src/onnx/proto-types.generated.js';

const { Buffer: B } = globalThis;

/** A varint. */
export function varint(n: number | bigint): Buffer {
  const out: number[] = [];
  let rest = BigInt.asUintN(64, BigInt(n));
  do {
    const low = Number(rest & 127n);
    rest >>= 7n;
    out.push(rest > 0n ? low | 128 : low);
  } while (rest > 0n);
  return B.from(out);
}

/** A length-delimited field. */
export const delimited = (field: number, body: Uint8Array | string): Buffer => {
  const bytes = B.from(body as Uint8Array);
  return B.concat([varint((field << 3) | 2), varint(bytes.length), bytes]);
};

/** A varint field. */
export const integer = (field: number, n: number | bigint): Buffer => B.concat([varint(field << 3), varint(n)]);

/** A model with one initializer, given as the bytes of its TensorProto. */
export const modelAround = (tensor: Uint8Array): Buffer =>
  B.concat([integer(1, 8), delimited(8, integer(2, 17)), delimited(7, delimited(5, tensor))]);

/** A model's bytes, of IR version 8 and opset 17 unless told otherwise. */
export const model = (m: P.ModelProto): Uint8Array =>
  encodeModel({ irVersion: 8, opsetImport: [{ version: 17 }], ...m });

/** The diagnostics that a call ends in; fails the test where it ends otherwise. */
export function diagnosticsOf(call: () => unknown): readonly Diagnostic[] {
  try {
    call();
  } catch (e) {
    if (e instanceof DiagnosticError) return e.diagnostics;
    throw e;
  }
  throw new Error('no diagnostic was thrown');
}

/** Runs with a new folder, which is removed afterwards. */
export function inFolder<T>(use: (folder: string) => T): T {
  const folder = mkdtempSync(join(tmpdir(), 'onnx-'));
  try {
    return use(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
