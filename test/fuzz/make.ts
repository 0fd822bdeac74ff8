/** Draws the case of a number: the same seed and number give the same case, as long as nothing was learned meanwhile. */
import type { Case, TargetName } from './case.js';
import type { Corpus } from './corpus.js';
import { HOSTILE } from './hostile.js';
import { mutateBytes, mutateModel } from './mutate.js';
import { nodeModel } from './nodes.js';
import { decode, encode, type Message } from './proto.js';
import { Random } from './random.js';
import { referenceFile } from './references.js';
import { settingsFile } from './settings.js';

/** Of twenty cases, how many each target gets. */
const SHARES: readonly [TargetName, number][] = [
  ['convert', 12],
  ['reader', 4],
  ['references', 3],
  ['config', 1],
];
const TURNS = SHARES.flatMap(([target, n]) => Array<TargetName>(n).fill(target));

/** Models that reached code that none before them had. */
export interface Learned {
  readonly models: Message[];
}

export function makeCase(
  corpus: Corpus,
  learned: Learned,
  seed: number,
  index: number,
  only?: readonly TargetName[],
): Case {
  const random = new Random(seed, index);
  const turns = only ? TURNS.filter((t) => only.includes(t)) : TURNS;
  const target = random.pick(turns);
  switch (target) {
    case 'references': {
      const [name, bytes] = referenceFile(random, corpus.values);
      return {
        target,
        origin: `made by ${name.split('.').at(-1)}`,
        files: { [name]: bytes },
        options: { record: recordFor(random), pictures: picturesFor(random) },
      };
    }
    case 'config':
      return { target, origin: 'made', files: { 'onnx2keras.yml': settingsFile(random) }, options: {} };
    default: {
      const [origin, bytes] = modelFor(corpus, learned, random);
      const files = { 'model.onnx': bytes, 'weights.bin': Buffer.alloc(400, 0x3d) };
      return { target, origin, files, options: target === 'convert' ? optionsFor(random) : {} };
    }
  }
}

function modelFor(corpus: Corpus, learned: Learned, random: Random): [origin: string, bytes: Uint8Array] {
  const mutation = {
    random,
    schema: corpus.schema,
    operators: corpus.operators,
    other: () => random.pick(corpus.models),
  };
  if (random.once(5) || corpus.models.length === 0) {
    const name = random.pick(Object.keys(HOSTILE));
    const bytes = (HOSTILE[name] as (r: Random) => Uint8Array)(random);
    if (random.once(2)) return [`hostile: ${name}`, bytes];
    const model = bytes.length < 100_000 ? decode(corpus.schema, 'ModelProto', bytes) : undefined;
    return [`hostile: ${name}, bent`, model ? mutateModel(model, mutation) : mutateBytes(bytes, random)];
  }
  if (random.once(4)) {
    const bytes = nodeModel(random);
    const bent = random.once(4) ? decode(corpus.schema, 'ModelProto', bytes) : undefined;
    return bent ? ['one node, bent', mutateModel(bent, mutation)] : ['one node', bytes];
  }
  const fresh = learned.models.length > 0 && random.once(3);
  const model = random.pick(fresh ? learned.models : corpus.models);
  return [fresh ? 'learned, bent' : 'real, bent', mutateModel(model, mutation)];
}

/** The bytes of a model as a tree, to be learned from. */
export function learnable(corpus: Corpus, bytes: Uint8Array): Message | undefined {
  const model = bytes.length < 48 * 1024 ? decode(corpus.schema, 'ModelProto', bytes) : undefined;
  return model && encode(model).length === bytes.length ? model : undefined;
}

function optionsFor(random: Random): Record<string, unknown> {
  return {
    formats: random.pick([
      ['auto'],
      ['auto'],
      ['graph-model'],
      ['keras', 'graph-model'],
      ['layers-model'],
      ['auto', 'keras'],
    ]),
    changeOrdering: !random.once(3),
    namePolicy: random.pick(['keep', 'keep', 'short', 'renumerate']),
    target: random.pick(['any', 'wasm', 'webgl']),
    ...(random.once(10)
      ? {
          inputShapes: {
            [random.pick(['x', 'input', 'input_0'])]: Array.from({ length: random.below(5) }, () => random.below(9)),
          },
        }
      : {}),
    ...(random.once(10)
      ? {
          inputOrders: {
            [random.pick(['x', 'input', 'input_0'])]: random.pick([
              [0, 2, 3, 1],
              [1, 0],
              [],
              [0, 0],
              [3, 1, 2, 0],
              [9],
            ]),
          },
        }
      : {}),
    ...(random.once(8) ? { twice: true } : random.once(10) ? { inspect: true } : {}),
  };
}

/** What settings may say of how a picture becomes the input `x`. */
function picturesFor(random: Random): Record<string, unknown> {
  const list = () => Array.from({ length: random.below(5) }, () => random.pick([0, 0.5, 1, -1, 1e30, 1e-12, 255]));
  return random.once(3)
    ? {}
    : {
        x: {
          ...(random.once(2)
            ? { size: [random.pick([1, 4, 4, 300, 65536, 2 ** 30]), random.pick([1, 4, 4, 300, 65536, 2 ** 30])] }
            : {}),
          ...(random.once(3) ? { mean: list() } : {}),
          ...(random.once(3) ? { std: list() } : {}),
          ...(random.once(4) ? { scale: random.pick([0, 1, 1e30, -1]) } : {}),
          order: random.pick(['rgb', 'bgr', 'gray', undefined]),
        },
      };
}

function recordFor(random: Random): unknown {
  const row = (name: string) => ({
    onnx: {
      name,
      dtype: random.pick([
        'float32',
        'float32',
        'int64',
        'uint8',
        'bool',
        'string',
        'float16',
        'complex64',
        'int4',
        'float64',
      ]),
      shape: random.pick([[2, 3], ['N', 3], null, [], [1, 3, 4, 4]]),
    },
    tfjs: { name, dtype: 'float32', shape: random.pick([[2, 3], [null, 3], [], [1, 4, 4, 3], [1, 3, 4, 4]]) },
    order: [0, 1],
  });
  const fixed = (name: string) => {
    const made = row(name);
    return { ...made, order: made.tfjs.shape.length === 4 ? [0, 2, 3, 1] : made.tfjs.shape.map((_, i) => i) };
  };
  return {
    source: { path: 'model.onnx' },
    format: 'graph-model',
    async: false,
    inputs: [fixed('x')],
    outputs: [fixed('y')],
    nodes: [],
  };
}
