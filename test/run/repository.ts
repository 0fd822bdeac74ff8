import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { folder } from './folders.js';

const MODELS = path.join(import.meta.dirname, 'models');

type Files = Record<string, Buffer | string>;

/** One of ONNX's cases (./models), as files of `place`. */
export function onnxCase(name: string, place: string): Record<string, Buffer> {
  const root = path.join(MODELS, name);
  return Object.fromEntries(
    readdirSync(root, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => {
        const file = path.join(entry.parentPath, entry.name);
        return [path.posix.join(place, path.relative(root, file).replaceAll('\\', '/')), readFileSync(file)];
      }),
  );
}

/** The case with its reference off: the first float of raw_data (the last field of the TensorProto) is another. */
export function withWrongReference(files: Record<string, Buffer>): Record<string, Buffer> {
  return Object.fromEntries(
    Object.entries(files).map(([name, bytes]) => {
      if (!name.endsWith('output_0.pb')) return [name, bytes];
      const wrong = Buffer.from(bytes);
      wrong.writeFloatLE(wrong.readFloatLE(wrong.length - 4) + 1, wrong.length - 4);
      return [name, wrong];
    }),
  );
}

export const LFS_POINTER = `version https://git-lfs.github.com/spec/v1
oid sha256:4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393
size 46827520
`;

/** Relu under a name that no domain has. */
export function withUnknownOperator(model: Buffer): Buffer {
  return Buffer.from(model.toString('latin1').replace('Relu', 'Xelu'), 'latin1');
}

/** Three good models, one with a wrong reference, one Git LFS pointer, one file that was cut off. */
export function scratchRepository(more: Files = {}): string {
  const pool = onnxCase('maxpool_2d_ceil', 'models/pool');
  return folder({
    ...onnxCase('relu', 'models/relu'),
    ...onnxCase('add', 'models/sum/add'),
    ...pool,
    ...withWrongReference(onnxCase('relu', 'models/wrong')),
    'models/lfs/model.onnx': LFS_POINTER,
    'models/cut/model.onnx': (pool['models/pool/model.onnx'] as Buffer).subarray(0, 60),
    'README.md': 'not a model',
    ...more,
  });
}
