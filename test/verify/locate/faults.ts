/**
 * Damages a written model at a node drawn at random, and knows which ONNX node that was: a weight, a pad, an axis or an
 * activation is another afterwards, and everything else is as it was.
 */
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Random } from '../../../src/verify/source/random.js';

export interface Fault {
  readonly kind: 'weight' | 'pad' | 'axis' | 'activation';
  /** What was changed, in words. */
  readonly what: string;
  /** Indices of the ONNX nodes that the changed part does the work of. */
  readonly nodes: readonly number[];
}

interface Layer {
  class_name: string;
  name: string;
  config: Record<string, unknown>;
}
interface GraphNode {
  name: string;
  op: string;
  input?: string[];
  attr?: Record<string, Record<string, unknown>>;
}
interface Manifest {
  paths: string[];
  weights: { name: string; shape: number[]; dtype: string }[];
}
interface Files {
  json: { format: string; modelTopology: Record<string, never>; weightsManifest: Manifest[] };
  record: { nodes: { became: string; tfjs: string[]; outputs: { tensor: string | null }[] }[] };
  folder: string;
}

/** One change that can be made. */
interface Change extends Omit<Fault, 'nodes'> {
  /** The layers, or the graph's nodes, that read what is changed. */
  readonly of: readonly string[];
  make(random: Random): void;
}

/**
 * Copies a model folder and damages the copy; undefined where there is nothing to damage. `turn`: whose kind's it is, so
 * that the many weights don't crowd out the few pads; drawn where absent.
 */
export function damaged(folder: string, into: string, seed: string, turn?: number): Fault | undefined {
  cpSync(folder, into, { recursive: true });
  const files: Files = {
    folder: into,
    json: JSON.parse(readFileSync(join(into, 'model.json'), 'utf8')),
    record: JSON.parse(readFileSync(join(into, 'conversion.json'), 'utf8')),
  };
  const random = new Random(seed);
  const changes = (files.json.format === 'graph-model' ? changesOfGraph(files) : changesOfLayers(files)).filter(
    (change) => nodesOf(files, change.of).length > 0,
  );
  const kinds = [...new Set(changes.map((c) => c.kind))];
  const kind = kinds[turn === undefined ? random.whole(0, kinds.length - 1) : turn % kinds.length];
  const possible = changes.filter((c) => c.kind === kind);
  const change = possible[random.whole(0, possible.length - 1)];
  if (!change) return undefined;
  change.make(random);
  writeFileSync(join(into, 'model.json'), JSON.stringify(files.json));
  return { kind: change.kind, what: change.what, nodes: nodesOf(files, change.of) };
}

function nodesOf({ record }: Files, names: readonly string[]): number[] {
  return record.nodes.flatMap((row, i) =>
    row.tfjs.some((name) => names.includes(name)) && !/folded|unused/.test(row.became) ? [i] : [],
  );
}

function changesOfLayers(files: Files): Change[] {
  const { layers } = files.json.modelTopology.config as { layers: Layer[] };
  const changes: Change[] = [];
  for (const { class_name, name, config } of layers) {
    const add = (kind: Fault['kind'], key: string, change: (random: Random) => unknown): void => {
      changes.push({
        kind,
        of: [name],
        what: `${class_name} ${name}: ${key}`,
        make(random) {
          config[key] = change(random);
        },
      });
    };
    if (class_name === 'ZeroPadding2D') add('pad', 'padding', () => shifted(config.padding as number[][]));
    if (config.padding === 'same' && !JSON.stringify(config.strides).includes('1'))
      add('pad', 'padding', () => 'valid');
    if (class_name === 'Concatenate') add('axis', 'axis', () => -2);
    if (class_name === 'Permute') add('axis', 'dims', () => [...(config.dims as number[])].reverse());
    if (['relu', 'sigmoid', 'tanh'].includes(String(config.activation)))
      add('activation', 'activation', (random) => otherThan(String(config.activation), random));
    if (class_name === 'ReLU') add('activation', 'max_value', () => 0.5);
    if (class_name === 'LeakyReLU') add('activation', 'alpha', () => 0.5);
  }
  for (const [weight, change] of floatWeights(files))
    changes.push({
      kind: 'weight',
      // Behind the layer's name may stand that of a layer within it: `lstm/forward_lstm/kernel`.
      of: [weight.split('/')[0] as string],
      what: `weight ${weight}`,
      make: change,
    });
  return changes;
}

const otherThan = (given: string, random: Random): string => {
  const others = ['relu', 'sigmoid', 'tanh', 'elu'].filter((name) => name !== given);
  return others[random.whole(0, others.length - 1)] as string;
};

/** One row from the end to the start, so that sizes stay. */
function shifted(padding: number[][]): number[][] {
  const moved = padding.map(([before = 0, after = 0]) =>
    after > 0 ? [before + 1, after - 1] : [before - 1, after + 1],
  );
  return moved.map((pair) => (pair.some((n) => n < 0) ? [0, 0] : pair));
}

const ACTIVATIONS = ['Relu', 'Sigmoid', 'Tanh', 'Elu', 'Relu6'];

function changesOfGraph(files: Files): Change[] {
  const nodes = files.json.modelTopology.node as GraphNode[];
  const changes: Change[] = [];
  const ints = new Map(weightsOf(files, 'int32'));
  const readers = new Map<string, string[]>();
  for (const { name, input = [] } of nodes)
    for (const from of input) {
      const key = from.replace(/:0$/, '').replace(/^\^/, '');
      readers.set(key, [...(readers.get(key) ?? []), name]);
    }
  for (const node of nodes) {
    const { op, name, input = [], attr = {} } = node;
    if (ACTIVATIONS.includes(op))
      changes.push({
        kind: 'activation',
        of: [name],
        what: `${op} ${name}`,
        make(random) {
          const others = ACTIVATIONS.filter((other) => other !== op);
          node.op = others[random.whole(0, others.length - 1)] as string;
        },
      });
    const fused = (attr.fused_ops?.list as { s?: string[] } | undefined)?.s ?? [];
    const relu = fused.indexOf(Buffer.from('Relu').toString('base64'));
    if (relu >= 0)
      changes.push({
        kind: 'activation',
        of: [name],
        what: `${op} ${name}: fused Relu`,
        make() {
          fused[relu] = Buffer.from('Elu').toString('base64');
        },
      });
    // The constant that says which axis, or how much padding, is an input of its own.
    const last = input.at(-1)?.replace(/:0$/, '') ?? '';
    const constant = ints.get(last);
    const isAxis = ['ConcatV2', 'Max', 'Mean', 'Sum', 'Min', 'Prod', 'Transpose', 'ArgMax', 'Softmax'].includes(op);
    if (constant && isAxis && last.startsWith(name))
      changes.push({
        kind: 'axis',
        of: readers.get(last) ?? [],
        what: `${op} ${name}: ${last}`,
        make: () =>
          constant((values) =>
            values.length > 1 ? [...values].reverse() : values.map((v) => (v > 0 ? v - 1 : v + 1)),
          ),
      });
    const padsName = input[1]?.replace(/:0$/, '') ?? '';
    const pads = /^(Pad|PadV2|MirrorPad)$/.test(op) ? ints.get(padsName) : undefined;
    if (pads)
      changes.push({
        kind: 'pad',
        of: readers.get(padsName) ?? [],
        what: `${op} ${name}`,
        make: () =>
          pads((values) => {
            const pairs = Array.from({ length: values.length / 2 }, (_, i) => [
              values[2 * i] ?? 0,
              values[2 * i + 1] ?? 0,
            ]);
            return pairs.flatMap(([before = 0, after = 0]) =>
              before + after === 0 ? [0, 0] : before > 0 ? [before - 1, after + 1] : [before + 1, after - 1],
            );
          }),
      });
    const padding = attr.padding as { s?: string } | undefined;
    if (padding?.s === Buffer.from('SAME').toString('base64'))
      changes.push({
        kind: 'pad',
        of: [name],
        what: `${op} ${name}: SAME`,
        make() {
          padding.s = Buffer.from('VALID').toString('base64');
        },
      });
  }
  for (const [weight, make] of floatWeights(files)) {
    const by = readers.get(weight) ?? [];
    if (by.length > 0) changes.push({ kind: 'weight', of: by, what: `weight ${weight}`, make });
  }
  return changes;
}

type Edit = (change: (values: number[]) => number[]) => void;

/** Every weight of a type, and how to write other values into its place in the shards. */
function* weightsOf({ json, folder }: Files, dtype: string): Generator<[name: string, edit: Edit]> {
  for (const { paths, weights } of json.weightsManifest) {
    let offset = 0;
    for (const weight of weights) {
      const count = weight.shape.reduce((n, d) => n * d, 1);
      const at = offset;
      offset += count * (weight.dtype === 'bool' ? 1 : 4);
      if (weight.dtype !== dtype || count === 0) continue;
      yield [
        weight.name,
        (change) => {
          const shards = paths.map((path) => readFileSync(join(folder, path)));
          const all = Buffer.concat(shards);
          const is32 = dtype === 'int32';
          const before = Array.from({ length: count }, (_, i) =>
            is32 ? all.readInt32LE(at + 4 * i) : all.readFloatLE(at + 4 * i),
          );
          for (const [i, value] of change(before).entries())
            if (is32) all.writeInt32LE(value, at + 4 * i);
            else all.writeFloatLE(value, at + 4 * i);
          let start = 0;
          for (const [i, path] of paths.entries()) {
            const { length } = shards[i] as Buffer;
            writeFileSync(join(folder, path), all.subarray(start, start + length));
            start += length;
          }
        },
      ];
    }
  }
}

/** A weight can be off in one element, in all, in sign, or in order. */
function* floatWeights(files: Files): Generator<[name: string, make: (random: Random) => void]> {
  for (const [name, edit] of weightsOf(files, 'float32'))
    yield [
      name,
      (random) => {
        const how = random.whole(0, 3);
        edit((values) => {
          const largest = values.reduce((most, v) => Math.max(most, Math.abs(v)), 1e-3);
          const one = random.whole(0, values.length - 1);
          if (how === 0) return values.map((v, i) => (i === one ? v + largest : v));
          if (how === 1) return values.map((v) => v * 1.1 + 0.01 * largest);
          if (how === 2) return values.map((v, i) => (i % 2 === 0 ? -v : v));
          return [...values].reverse();
        });
      },
    ];
}
