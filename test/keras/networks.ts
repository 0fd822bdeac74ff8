import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Attribute, OnnxModel, OnnxNode } from '../../src/onnx/model.js';
import type { DType } from '../../src/tensor/dtype.js';
import { allocate, sizeOf, tensorOf, type Tensor, type Weight } from '../../src/tensor/tensor.js';

/**
 * Networks without their weights: a line of JSON for each input, weight, node and output; the first says where it is from.
 * What shapes and settings are made of is there; other weights have a shape, and 0.5 in every place.
 */
const FOLDER = join(import.meta.dirname, 'networks');

interface Stored {
  readonly dtype: DType;
  readonly dims: readonly number[];
  readonly data?: readonly (number | string)[];
  /** One value in all places. */
  readonly fill?: number;
}

interface Line extends Partial<Stored> {
  readonly source?: string;
  readonly opsets?: Readonly<Record<string, number>>;
  readonly input?: string;
  readonly weight?: string;
  readonly output?: string;
  readonly op?: string;
  readonly domain?: string;
  readonly name?: string;
  readonly in?: readonly string[];
  readonly out?: readonly string[];
  readonly with?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

export const networkNames = (): string[] =>
  readdirSync(FOLDER)
    .filter((f) => f.endsWith('.jsonl'))
    .sort()
    .map((f) => f.slice(0, -6));

function weightOf({ dtype, dims, data, fill = 0.5 }: Stored): Weight {
  const load = (): Tensor => {
    if (data)
      return tensorOf(
        dtype,
        dims,
        data.map((v) => (typeof v === 'string' && dtype !== 'string' && !dtype.endsWith('int64') ? Number(v) : v)),
      );
    const elements = allocate(dtype, sizeOf(dims)) as Float32Array;
    elements.fill(fill);
    return { dtype, dims, data: elements };
  };
  return { dtype, dims, load };
}

function attribute(stored: Readonly<Record<string, unknown>>): Attribute {
  const [[kind, value]] = Object.entries(stored);
  return { kind, value: kind === 'tensor' ? weightOf(value as Stored) : value } as Attribute;
}

/** A network as src/onnx/read.ts would give it. */
export function network(name: string): OnnxModel {
  const lines = readFileSync(join(FOLDER, `${name}.jsonl`), 'utf8')
    .trim()
    .split('\n')
    .map((l) => JSON.parse(l) as Line);
  const tensor = (l: Line) => ({ kind: 'tensor' as const, dtype: l.dtype, dims: l.dims });
  const initializers = new Map(
    lines.flatMap((l): [string, Weight][] => (l.weight === undefined ? [] : [[l.weight, weightOf(l as Stored)]])),
  );
  const nodes = lines.flatMap((l): OnnxNode[] =>
    l.op === undefined
      ? []
      : [
          {
            op: l.op,
            domain: l.domain ?? '',
            name: l.name ?? '',
            overload: '',
            inputs: l.in ?? [],
            outputs: l.out ?? [],
            attributes: new Map(Object.entries(l.with ?? {}).map(([k, v]) => [k, attribute(v)])),
          },
        ],
  );
  return {
    file: `${name}.onnx`,
    sha256: '',
    bytes: 0,
    irVersion: 8,
    opsets: new Map(Object.entries(lines[0].opsets ?? {})),
    producer: '',
    domain: '',
    modelVersion: 0,
    graph: {
      name: 'g',
      nodes,
      initializers,
      valueInfo: new Map(),
      inputs: lines.flatMap((l) => (l.input === undefined ? [] : [{ name: l.input, type: tensor(l) }])),
      outputs: lines.flatMap((l) => (l.output === undefined ? [] : [{ name: l.output, type: undefined }])),
    },
    functions: [],
    metadata: new Map(),
    externalFiles: [],
    diagnostics: [],
  };
}
