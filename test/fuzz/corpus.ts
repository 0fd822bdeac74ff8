/** What mutation begins from: small models and stored values of others. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import type { Message, Schema } from './proto.js';
import { decode, messages } from './proto.js';

/** A larger one costs more time than it is worth. */
const MOST_BYTES = 48 * 1024;

export interface Corpus {
  readonly schema: Schema;
  readonly models: readonly Message[];
  /** Extension to files. */
  readonly values: Readonly<Record<string, readonly Uint8Array[]>>;
  readonly operators: readonly string[];
}

function* filesIn(folder: string): Generator<string> {
  for (const entry of readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const at = path.join(folder, entry.name);
    if (entry.isDirectory()) yield* filesIn(at);
    else if (entry.isFile()) yield at;
  }
}

/** All models and stored values below the folders, in an order that is the same everywhere. */
export function readCorpus(schema: Schema, folders: readonly string[]): Corpus {
  const models: Message[] = [];
  const values: Record<string, Uint8Array[]> = {};
  const operators = new Set<string>();
  for (const folder of folders)
    for (const file of filesIn(folder)) {
      const extension = path.extname(file).slice(1).replace('jpeg', 'jpg');
      if (!['onnx', 'pb', 'npy', 'npz', 'png', 'jpg'].includes(extension) || statSync(file).size > MOST_BYTES) continue;
      const bytes = readFileSync(file);
      if (extension !== 'onnx') {
        values[extension] ??= [];
        if (values[extension].length < 1000) values[extension].push(bytes);
        continue;
      }
      const model = decode(schema, 'ModelProto', bytes);
      if (!model) continue;
      models.push(model);
      for (const at of messages(model))
        if (at.type === 'NodeProto')
          for (const f of at.fields)
            if (f.no === 4 && f.value instanceof Uint8Array) operators.add(Buffer.from(f.value).toString('utf8'));
    }
  return { schema, models, values, operators: [...operators].sort() };
}
