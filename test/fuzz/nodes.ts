/**
 * Models of one node each, that nobody should send: any operator at any of its versions, with inputs and attributes nearly
 * as its schema wants them, and of ranks and sizes that don't fit one another.
 */
import type { Op } from '../../src/ir/op.js';
import type { Shapes } from '../../src/ir/shapes.js';
import { NEWEST_OPSET } from '../../src/import/import.js';
import { operators, schemaDomains, schemaFor, versionsOf, type OpSchema } from '../../src/onnx/schema.js';
import { allOps, opFor } from '../../src/ops/registry.js';
import { codeOfDtype, DTYPES, type DType } from '../../src/tensor/dtype.js';
import { graph, node, value } from './hostile.js';
import { encode, message, type Message } from './proto.js';
import type { Random } from './random.js';

/** An operator and where its versions began. */
interface Named {
  readonly domain: string;
  readonly name: string;
  readonly opsets: readonly number[];
}

let known: readonly Named[] | undefined;
/** All of ONNX's operators, and those beyond that the project knows. */
function allNamed(): readonly Named[] {
  known ??= [
    ...schemaDomains().flatMap((domain) =>
      operators(domain).map((name) => ({ domain, name, opsets: versionsOf(domain, name) })),
    ),
    ...allOps()
      .filter((op) => op.domain && op.domain !== 'internal' && !schemaDomains().includes(op.domain))
      .map((op) => ({ domain: op.domain as string, name: op.name, opsets: Object.keys(op.read).map(Number) })),
  ].sort((a, b) => (`${a.domain}::${a.name}` < `${b.domain}::${b.name}` ? -1 : 1));
  return known;
}

/** What attributes that are text may say; of no operator in particular. */
const TEXTS = [
  '',
  'NOTSET',
  'SAME_UPPER',
  'VALID',
  'linear',
  'nearest',
  'cubic',
  'constant',
  'reflect',
  'edge',
  'add',
  'mul',
  'max',
  'none',
  'mean',
  'bidirectional',
  'reverse',
  'LEFT',
  'DCR',
  'tanh',
  'ij,jk->ik',
  'i->',
  '...ij',
  'gated_delta',
  'LOGISTIC',
  'BRANCH_LEQ',
  'valueOf',
];
/** Attributes of operators that have no schema here. */
const BEYOND: readonly [string, 'INT' | 'FLOAT' | 'STRING'][] = [
  ['num_heads', 'INT'],
  ['kv_num_heads', 'INT'],
  ['do_rotary', 'INT'],
  ['K', 'INT'],
  ['N', 'INT'],
  ['bits', 'INT'],
  ['block_size', 'INT'],
  ['axis', 'INT'],
  ['groups', 'INT'],
  ['activation', 'STRING'],
  ['channels_last', 'INT'],
  ['transA', 'INT'],
  ['transB', 'INT'],
  ['unidirectional', 'INT'],
  ['epsilon', 'FLOAT'],
];

const WORDS: Readonly<Record<string, DType>> = { float: 'float32', double: 'float64' };

/** @param rank of the first input: lists have an entry for each axis, or each behind the channels, or two */
function attribute(random: Random, name: string, type: string, rank: number): Message {
  const small = (): bigint => BigInt(random.pick([0, 1, 1, 2, 2, 3, 4, 6, 7, 9, 16, -1, -2, -3]));
  const list = (): bigint[] => {
    const length = random.pick([random.below(7), random.below(7), rank, rank - 2, rank - 2, 2 * rank, 2 * rank - 4]);
    const usual = [1n, 1n, 1n, 2n, 2n, 3n, 0n];
    return Array.from({ length: Math.max(0, length) }, () => (random.once(4) ? small() : random.pick(usual)));
  };
  const single = (): Uint8Array => {
    const bytes = Buffer.alloc(4);
    bytes.writeFloatLE(random.pick([0, 0.5, 1, 2, -1, 1e-5, Number.NaN]));
    return bytes;
  };
  const fixed = (no: number, values: readonly Uint8Array[]) => values.map((v) => ({ no, wire: 5, value: v }));
  const made = (kind: bigint, fields: Parameters<typeof message>[1] = {}) =>
    message('AttributeProto', { 1: name, 20: kind, ...fields });
  switch (type) {
    case 'INT':
      return made(2n, { 3: small() });
    case 'STRING':
      return made(3n, { 4: random.pick(TEXTS) });
    case 'INTS':
      return made(7n, { 8: list() });
    case 'STRINGS':
      return made(8n, { 9: Array.from({ length: random.below(5) }, () => random.pick(TEXTS)) });
    case 'FLOAT': {
      const out = made(1n);
      out.fields.push(...fixed(2, [single()]));
      return out;
    }
    case 'FLOATS': {
      const out = made(6n);
      out.fields.push(...fixed(7, Array.from({ length: random.below(7) }, single)));
      return out;
    }
    case 'TENSOR':
      return made(4n, { 5: tensor(random, '', random.pick(['float32', 'int64', 'string']), shape(random, 2)) });
    case 'GRAPH': {
      const n = random.below(4);
      const names = Array.from({ length: n }, (_, i) => `b${i}`);
      const inputs = names.map((b, i) => value(b, i === 1 ? 9n : 1n, random.once(3) ? undefined : [2n, 3n]));
      const steps = names.map((b, i) => node(random.pick(['Identity', 'Neg', 'Shape']), [b], [`c${i}`]));
      return made(5n, {
        6: graph(
          steps,
          inputs,
          names.map((_, i) => value(`c${i}`, 1n, undefined)),
        ),
      });
    }
    default:
      return made(2n, { 3: 1n });
  }
}

const shape = (random: Random, rank: number): number[] =>
  Array.from({ length: rank }, () => random.pick([1, 2, 2, 3, 3, 4, 4, 6, 8, 0]));

function tensor(random: Random, name: string, dtype: DType, dims: readonly number[]): Message {
  const n = dims.reduce((a, b) => a * b, 1);
  const head = { 1: dims.map(BigInt), 2: BigInt(codeOfDtype(dtype)), 8: name };
  if (dtype === 'string')
    return message('TensorProto', { ...head, 6: Array.from({ length: n }, () => random.pick(TEXTS)) });
  const width: Record<string, number> = { int64: 8, float32: 4, int32: 4, float64: 8, bool: 1, uint8: 1, int8: 1 };
  const raw = Buffer.alloc(n * (width[dtype] ?? 8));
  if (dtype === 'int64' || dtype === 'int32')
    for (let i = 0; i < n; i++) {
      const v = random.pick([0, 1, 1, 2, 2, 3, 4, -1, -2]);
      if (dtype === 'int64') raw.writeBigInt64LE(BigInt(v), i * 8);
      else raw.writeInt32LE(v, i * 4);
    }
  else if (dtype === 'float32')
    for (let i = 0; i < n; i++) raw.writeFloatLE(random.pick([0, 0.5, 1, 2, 2, -1, 3]), i * 4);
  else if (dtype === 'bool') raw.fill(random.below(2));
  else if (width[dtype] === undefined)
    return message('TensorProto', { ...head, 5: Array.from({ length: n }, () => BigInt(random.below(3))) });
  else raw.fill(random.below(3));
  return message('TensorProto', { ...head, 9: raw });
}

/** Element types for the inputs: as the schema ties them together, mostly. */
function typesFor(random: Random, schema: OpSchema | undefined, count: number): DType[] {
  const bound = new Map<string, DType>();
  return Array.from({ length: count }, (_, i) => {
    const formal = schema?.inputs[i] ?? schema?.inputs.at(-1);
    if (!formal || random.once(30))
      return random.pick(formal || random.once(4) ? DTYPES : ['float32', 'float32', 'uint8', 'int32']);
    const words = schema?.types.get(formal.type) ?? [formal.type];
    const allowed = words.flatMap((word): DType[] => {
      const name = /^tensor\((\w+)\)$/.exec(word)?.[1];
      const dtype = name && (WORDS[name] ?? (name as DType));
      return dtype && DTYPES.includes(dtype) ? [dtype] : [];
    });
    const common = allowed.filter((t) => ['float32', 'int64', 'bool'].includes(t));
    const dtype = bound.get(formal.type) ?? random.pick(common.length > 0 && !random.once(4) ? common : allowed);
    if (dtype && !random.once(30)) bound.set(formal.type, dtype);
    return dtype ?? 'float32';
  });
}

/** Sizes that an operator's own list of shapes lets the inputs have; undefined where it has none, or asks the node for it. */
function fitting(random: Random, op: Op | undefined): (number[] | undefined)[] | undefined {
  if (!Array.isArray(op?.shapes)) return undefined;
  const sizes = new Map<string, number>();
  const counts = new Map<string, number>();
  const known = <T>(map: Map<string, T>, key: string, draw: () => T): T => {
    if (!map.has(key)) map.set(key, draw());
    return map.get(key) as T;
  };
  const size = () => random.pick([1, 1, 2, 2, 3, 4, 4, 6, 8, 0]);
  return (op.shapes as Shapes).map((text) => {
    const forms = text.replace(/^\? ?/, '');
    if (forms === '') return undefined;
    return random
      .pick(forms.split(' | '))
      .split(' ')
      .flatMap((word): number[] => {
        if (word === '()') return [];
        if (word.startsWith('...')) {
          const name = word.slice(3).toLowerCase();
          const count = name ? known(counts, name, () => random.below(4)) : random.below(4);
          return Array.from({ length: count }, (_, i) =>
            name === word.slice(3) ? size() : known(sizes, word + i, size),
          );
        }
        if (/^\d+$/.test(word)) return [Number(word)];
        const [times, name] = word.includes('*') ? word.split('*') : ['1', word];
        return [name === '_' ? size() : Number(times) * known(sizes, name as string, size)];
      });
  });
}

/** A model of one node, and of what gives its inputs. */
export function nodeModel(random: Random): Uint8Array {
  const { domain, name, opsets } = random.pick(allNamed());
  const oldest = opsets[0] ?? 1;
  const opset = random.once(2)
    ? random.pick(opsets)
    : domain === ''
      ? random.pick([NEWEST_OPSET, 18, 13])
      : Math.max(...opsets);
  const schema = schemaFor(domain, name, Math.max(opset, oldest));
  const most = schema ? Math.min(schema.maxInputs, schema.minInputs + 5) : 9;
  const least = schema?.minInputs ?? 1;
  const count = random.once(20) ? random.below(10) : least + random.below(most - least + 1);
  const types = typesFor(random, schema, count);
  const rank = random.pick([0, 1, 2, 2, 3, 3, 4, 4, 4, 5]);
  const base = shape(random, rank);
  const fit = random.once(3) ? undefined : fitting(random, opFor(domain, name));
  const inputs: Message[] = [];
  const initializers: Message[] = [];
  const before: Message[] = [];
  let first = 0;
  const constants = random.below(4);
  const names = types.map((dtype, i) => {
    if (random.once(i < least ? 40 : 4)) return '';
    // Integers are sizes, axes and indices, most often in a list.
    const dims = random.pick([
      () => base,
      () => base,
      () => base.map((d) => (random.once(3) ? random.pick([1, 2, 3]) : d)),
      () => shape(random, random.below(5)),
      () => [random.pick([1, 2, 3, 4, rank, 2 * rank])],
      () => [base[random.below(rank)] ?? 1],
      () => [],
      () => base.slice(random.below(rank + 1)),
    ])();
    const own = `i${i}`;
    const list =
      fit?.[i] && !random.once(20)
        ? fit[i]
        : dtype === 'int64' && i > 0 && !random.once(4)
          ? [random.pick([1, 2, rank, 2 * rank])]
          : dims;
    if (i === 0) first = list.length;
    if (dtype === 'int64' && list.length === 1 && random.once(6)) {
      // Sizes, of which the model's run tells some.
      const sizes = Array.from({ length: list[0] as number }, (_, k) => (random.once(2) ? `N${k}` : BigInt(k + 1)));
      inputs.push(value(`${own}_of`, 1n, sizes));
      before.push(node('Shape', [`${own}_of`], [own]));
    } else if (random.once(60)) {
      inputs.push(value(`${own}_of`, BigInt(codeOfDtype(dtype)), list.map(BigInt)));
      before.push(node('SequenceConstruct', [`${own}_of`, `${own}_of`], [own]));
    } else if (constants === 3 || (constants > 0 && i > 0 && random.once(2)) || (dtype === 'int64' && random.once(2)))
      initializers.push(tensor(random, own, dtype, list));
    else
      inputs.push(
        value(
          own,
          BigInt(codeOfDtype(dtype)),
          list.map((d, k) => (random.once(6) ? (random.once(2) ? `N${k}` : '') : BigInt(d))),
        ),
      );
    return own;
  });
  const results = schema ? Math.min(schema.maxOutputs, schema.minOutputs + 3) : 3;
  const asked = random.once(20) ? random.below(6) : (schema?.minOutputs ?? 1) + random.below(results);
  const outputs = Array.from({ length: Math.max(asked, 1) }, (_, i) => (i > 0 && random.once(4) ? '' : `o${i}`));
  const made = node(name, names, outputs, {}, domain);
  const attributes = schema?.attributes.map((a) => [a.name, a.type, a.required] as const) ?? [
    ...BEYOND.map(([a, type]) => [a, type, false] as const),
  ];
  for (const [a, type, required] of attributes)
    if (required ? !random.once(20) : random.once(3))
      made.fields.push({ no: 5, wire: 2, value: attribute(random, a, random.once(60) ? 'INTS' : type, first) });
  const g = graph(
    [...before, made],
    inputs,
    outputs.filter((o) => o !== '').map((o) => value(o, 1n, undefined)),
    initializers,
  );
  return encode(
    message('ModelProto', {
      1: 8n,
      7: g,
      8: [
        message('OperatorSetIdProto', { 1: '', 2: BigInt(domain === '' ? opset : random.pick([18, 11])) }),
        ...(domain === '' ? [] : [message('OperatorSetIdProto', { 1: domain, 2: BigInt(opset) })]),
      ],
    }),
  );
}
