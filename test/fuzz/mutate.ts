/** Mutations of a model that know what they change. */
import type { Field, Message, Schema } from './proto.js';
import { copy, encode, isMessage, message, messages, varint } from './proto.js';
import type { Random } from './random.js';
import { DOMAINS, FLOATS, INTEGERS, NAMES } from './words.js';

export interface Mutation {
  readonly random: Random;
  readonly schema: Schema;
  /** All names of operators that models may hold. */
  readonly operators: readonly string[];
  /** Another model, for parts of it. */
  other(): Message | undefined;
}

/** Changes a copy of the model. */
export function mutateModel(model: Message, m: Mutation): Uint8Array {
  const bent = copy(model);
  for (let n = m.random.few(6); n > 0; n--) m.random.pick(WEIGHTED)(bent, m);
  const bytes = encode(bent);
  return m.random.once(25) ? mutateBytes(bytes, m.random) : bytes;
}

/** Changes bytes without knowing what they mean. */
export function mutateBytes(bytes: Uint8Array, random: Random): Uint8Array {
  let out = Uint8Array.from(bytes);
  for (let n = random.few(8); n > 0; n--) {
    const at = random.below(out.length + 1);
    const span = random.below(Math.min(out.length - at, 64) + 1);
    switch (random.below(8)) {
      case 0:
        out[at] = (out[at] ?? 0) ^ (1 << random.below(8));
        break;
      case 1:
        out[at] = random.pick([0, 1, 127, 128, 255, 10, 34, 39, 92, random.below(256)]);
        break;
      case 2:
        out = out.slice(0, at);
        break;
      case 3:
        out = Buffer.concat([out.subarray(0, at), out.subarray(at + span)]);
        break;
      case 4:
        out = Buffer.concat([out.subarray(0, at), out.subarray(at, at + span), out.subarray(at)]);
        break;
      case 5:
        out = Buffer.concat([out.subarray(0, at), random.bytes(span), out.subarray(at)]);
        break;
      case 6:
        out = Buffer.concat([out.subarray(0, at), varint(random.pick(INTEGERS)), out.subarray(at + span)]);
        break;
      default: {
        const view = new DataView(out.buffer, out.byteOffset, out.byteLength);
        const wide = random.pick([2, 4, 8]);
        if (at + wide > out.length) break;
        const value = random.pick(INTEGERS);
        if (wide === 2) view.setUint16(at, Number(BigInt.asUintN(16, value)), true);
        else if (wide === 4) view.setUint32(at, Number(BigInt.asUintN(32, value)), true);
        else view.setBigUint64(at, BigInt.asUintN(64, value), true);
      }
    }
  }
  return out;
}

type Mutate = (model: Message, m: Mutation) => void;

const ofType = (model: Message, type: string): Message[] => [...messages(model)].filter((at) => at.type === type);
const fieldsOf = (at: Message, no: number): Field[] => at.fields.filter((f) => f.no === no);
const textOf = (f: Field | undefined): string =>
  f?.value instanceof Uint8Array ? Buffer.from(f.value).toString('utf8') : '';

function replace(at: Message, no: number, ...fields: Field[]): void {
  const first = at.fields.findIndex((f) => f.no === no);
  at.fields = at.fields.filter((f) => f.no !== no);
  at.fields.splice(first < 0 ? at.fields.length : first, 0, ...fields);
}

const text = (no: number, value: string): Field => ({ no, wire: 2, value: Buffer.from(value) });
const integer = (no: number, value: bigint): Field => ({ no, wire: 0, value });

function single(value: number, wide: boolean): Uint8Array {
  const out = Buffer.alloc(wide ? 8 : 4);
  if (wide) out.writeDoubleLE(value);
  else out.writeFloatLE(value);
  return out;
}

/** Names that stand in the model as a value's. */
function valueNames(model: Message): string[] {
  const names = new Set<string>(['']);
  for (const at of messages(model)) {
    if (at.type === 'NodeProto') for (const f of at.fields) if (f.no === 1 || f.no === 2) names.add(textOf(f));
    if (at.type === 'ValueInfoProto') for (const f of fieldsOf(at, 1)) names.add(textOf(f));
    if (at.type === 'TensorProto') for (const f of fieldsOf(at, 8)) names.add(textOf(f));
  }
  return [...names];
}

const anyMessage = (model: Message, { random }: Mutation): Message => random.pick([...messages(model)]);

/** A field is left out, told twice, moved, or gets another number or wire type. */
const shake: Mutate = (model, m) => {
  const at = anyMessage(model, m);
  if (at.fields.length === 0) return;
  const i = m.random.below(at.fields.length);
  const field = at.fields[i] as Field;
  switch (m.random.below(6)) {
    case 0:
      at.fields.splice(i, 1);
      break;
    case 1:
      at.fields.splice(m.random.below(at.fields.length), 0, ...copy({ type: '', fields: [field] }).fields);
      break;
    case 2:
      at.fields.splice(i, 1);
      at.fields.splice(m.random.below(at.fields.length + 1), 0, field);
      break;
    case 3:
      field.no = m.random.pick([...(m.schema.get(at.type)?.keys() ?? []), 1, 2, 31, 536870911]);
      break;
    case 4:
      field.wire = m.random.below(8);
      break;
    default: {
      const n = m.random.pick([2, 10, 300]);
      for (let k = 0; k < n; k++) at.fields.splice(i, 0, ...copy({ type: '', fields: [field] }).fields);
    }
  }
};

/** A length or an integer says something else than it should. */
const lie: Mutate = (model, m) => {
  const at = anyMessage(model, m);
  const field = m.random.pick(at.fields);
  if (!field) return;
  if (field.wire === 2 && m.random.once(2)) {
    const n = field.value instanceof Uint8Array ? field.value.length : 0;
    field.length = m.random.pick([...INTEGERS, BigInt(n + 1), BigInt(Math.max(0, n - 1)), BigInt(n * 2 + 8)]);
  } else field.stretch = m.random.pick([5, 9, 10, 11, 30]);
};

/** An integer, a float or a list of them becomes another. */
const number: Mutate = (model, m) => {
  const { random } = m;
  const found: [Message, Field][] = [];
  for (const at of messages(model))
    for (const f of at.fields) {
      const type = m.schema.get(at.type)?.get(f.no)?.type;
      if (typeof f.value === 'bigint' || type === 'float' || type === 'double' || type === 'int64') found.push([at, f]);
    }
  const pair = random.pick(found);
  if (!pair) return;
  const [at, f] = pair;
  const type = m.schema.get(at.type)?.get(f.no)?.type;
  if (typeof f.value === 'bigint')
    f.value = random.once(3) ? f.value + BigInt(random.below(7) - 3) : random.pick(INTEGERS);
  else if (f.wire === 5) f.value = single(random.pick(FLOATS), false);
  else if (f.wire === 1) f.value = single(random.pick(FLOATS), true);
  else if (type === 'int64')
    f.value = Buffer.concat(Array.from({ length: random.below(9) }, () => varint(random.pick(INTEGERS))));
};

/** One name becomes another of the model, or a hostile one, in one place or everywhere. */
const rename: Mutate = (model, m) => {
  const { random } = m;
  const found: [Message, Field][] = [];
  for (const at of messages(model))
    for (const f of at.fields)
      if (m.schema.get(at.type)?.get(f.no)?.type === 'string' || (at.type === 'AttributeProto' && f.no === 4))
        found.push([at, f]);
  const [at, f] = random.pick(found) ?? [];
  if (!at || !f) return;
  const old = textOf(f);
  const fresh = random.once(2)
    ? random.pick(valueNames(model))
    : at.type === 'NodeProto' && f.no === 4
      ? random.pick(m.operators)
      : (at.type === 'NodeProto' && f.no === 7) || at.type === 'OperatorSetIdProto'
        ? random.pick(DOMAINS)
        : random.pick(NAMES);
  if (random.once(2)) f.value = Buffer.from(fresh);
  else for (const [, g] of found) if (textOf(g) === old) g.value = Buffer.from(fresh);
  if (random.once(20)) f.value = random.bytes(random.below(40));
};

/** Another operator, with the inputs and attributes of this one. */
const operator: Mutate = (model, m) => {
  const node = m.random.pick(ofType(model, 'NodeProto'));
  if (node) replace(node, 4, text(4, m.random.pick(m.operators)));
};

/** Inputs or outputs of a node are rewired: to another value, to none, in another order, more or fewer of them. */
const rewire: Mutate = (model, m) => {
  const { random } = m;
  const node = random.pick(ofType(model, 'NodeProto'));
  if (!node) return;
  const no = random.once(4) ? 2 : 1;
  const names = fieldsOf(node, no).map(textOf);
  const all = valueNames(model);
  const i = random.below(names.length + 1);
  switch (random.below(4)) {
    case 0:
      names[i] = random.pick(all);
      break;
    case 1:
      names.splice(i, 1);
      break;
    case 2:
      names.splice(i, 0, random.pick(all));
      break;
    default:
      names.reverse();
  }
  replace(node, no, ...Array.from(names, (name) => text(no, name ?? '')));
};

const ATTRIBUTE_NAMES = [
  'axis',
  'axes',
  'perm',
  'kernel_shape',
  'strides',
  'pads',
  'dilations',
  'group',
  'auto_pad',
  'mode',
  'to',
  'keepdims',
  'value',
  'shape',
  'split',
  'num_outputs',
  'blocksize',
  'hidden_size',
  'direction',
  'equation',
  'body',
  'then_branch',
  'else_branch',
  'output_shape',
  'output_padding',
  'ceil_mode',
  'epsilon',
  'alpha',
  'beta',
  'largest',
  'sorted',
  'num_heads',
  'dtype',
  'k',
  'n',
  'starts',
  'ends',
  'scales',
  'allowzero',
  'batch_dims',
  'exclusive',
  'reverse',
  'layout',
  'fmod',
  'nodes_treeids',
  'ngram_counts',
  'num_scan_inputs',
  'scan_input_axes',
  'noop_with_empty_axes',
  'select_last_index',
];

/** An attribute is added, or gets another value. */
const attribute: Mutate = (model, m) => {
  const { random } = m;
  const node = random.pick(ofType(model, 'NodeProto'));
  if (!node) return;
  const list = fieldsOf(node, 5);
  const given = random.pick(list);
  const name =
    given && isMessage(given.value) && !random.once(4)
      ? textOf(fieldsOf(given.value, 1)[0])
      : random.pick(ATTRIBUTE_NAMES);
  const kind = random.pick([2, 3, 4, 7, 8, 8, 3, 9, 5, 6]);
  const value: Field[] = [];
  if (kind === 2) value.push({ no: 2, wire: 5, value: single(random.pick(FLOATS), false) });
  else if (kind === 3) value.push(integer(3, random.pick(INTEGERS)));
  else if (kind === 4)
    value.push(text(4, random.pick(['same', 'SAME_UPPER', 'linear', 'ij,jk->ik', '...i,->i', ...NAMES])));
  else if (kind === 7)
    for (let n = random.below(6); n > 0; n--) value.push({ no: 7, wire: 5, value: single(random.pick(FLOATS), false) });
  else if (kind === 8) {
    const wide = random.once(2);
    for (let n = random.below(7); n > 0; n--)
      value.push(integer(8, random.once(wide ? 1 : 2) ? random.pick(INTEGERS) : BigInt(random.below(6) - 2)));
  } else if (kind === 9) for (let n = random.below(5); n > 0; n--) value.push(text(9, random.pick(NAMES)));
  else {
    const part = random.pick(ofType(model, kind === 5 ? 'TensorProto' : 'GraphProto'));
    if (part) value.push({ no: kind, wire: 2, value: copy(part) });
  }
  const types: Record<number, bigint> = { 2: 1n, 3: 2n, 4: 3n, 5: 4n, 6: 5n, 7: 6n, 8: 7n, 9: 8n };
  const built: Message = {
    type: 'AttributeProto',
    fields: [text(1, name), ...value, integer(20, types[kind] as bigint)],
  };
  if (given && random.below(4) > 0) given.value = built;
  else node.fields.push({ no: 5, wire: 2, value: built });
};

/** A constant's shape, type or elements become others: small whole numbers steer shapes, so they get most. */
const tensor: Mutate = (model, m) => {
  const { random } = m;
  const t = random.pick(ofType(model, 'TensorProto'));
  if (!t) return;
  switch (random.below(6)) {
    case 0:
      replace(
        t,
        1,
        ...Array.from({ length: random.once(9) ? 70 : random.below(6) }, () => integer(1, random.pick(INTEGERS))),
      );
      break;
    case 1:
      replace(t, 2, integer(2, BigInt(random.below(30))));
      break;
    case 2: {
      // Outside of the file.
      replace(t, 9);
      replace(t, 14, integer(14, 1n));
      const entry = (key: string, value: string): Field => ({
        no: 13,
        wire: 2,
        value: message('StringStringEntryProto', { 1: key, 2: value }),
      });
      replace(
        t,
        13,
        entry('location', random.once(2) ? 'weights.bin' : random.pick(NAMES)),
        ...(random.once(2)
          ? [entry('offset', random.pick(['0', '4', '-1', '1e3', '99999999999', 'NaN', '9007199254740993']))]
          : []),
        ...(random.once(2) ? [entry('length', random.pick(['0', '4', '400', '-1', '99999999999', '']))] : []),
      );
      break;
    }
    default: {
      // Whole numbers of a shape that fits them.
      const n = random.below(6);
      const values = Array.from({ length: n }, () =>
        random.once(3) ? random.pick(INTEGERS) : BigInt(random.below(8) - 2),
      );
      const wide = !random.once(8);
      const raw = Buffer.alloc(n * (wide ? 8 : 4));
      values.forEach((v, i) =>
        wide ? raw.writeBigInt64LE(BigInt.asIntN(64, v), i * 8) : raw.writeInt32LE(Number(BigInt.asIntN(32, v)), i * 4),
      );
      replace(t, 1, ...(n === 1 && random.once(2) ? [] : [integer(1, BigInt(n))]));
      replace(t, 2, integer(2, wide ? 7n : 6n));
      for (const no of [4, 5, 6, 7, 10, 11, 13, 14]) replace(t, no);
      replace(t, 9, { no: 9, wire: 2, value: raw });
    }
  }
};

/** An input, output or value_info gets another shape or type. */
const declare: Mutate = (model, m) => {
  const { random } = m;
  const type = random.pick(ofType(model, 'TypeProto.Tensor'));
  if (!type) return;
  if (random.once(3)) return replace(type, 1, integer(1, BigInt(random.below(29))));
  const dims = Array.from({ length: random.once(12) ? random.below(100) : random.below(7) }, () =>
    random.once(3)
      ? message('TensorShapeProto.Dimension', { 2: random.pick(['N', 'M', ...NAMES]) })
      : message('TensorShapeProto.Dimension', { 1: random.once(2) ? BigInt(random.below(9)) : random.pick(INTEGERS) }),
  );
  replace(type, 2, { no: 2, wire: 2, value: message('TensorShapeProto', { 1: dims }) });
};

/** A node moves into another graph of the model, or into one from another model. */
const transplant: Mutate = (model, m) => {
  const { random } = m;
  const from = random.once(2) ? model : (m.other() ?? model);
  const type = random.pick([
    'NodeProto',
    'NodeProto',
    'AttributeProto',
    'TensorProto',
    'GraphProto',
    'FunctionProto',
    'ValueInfoProto',
  ]);
  const part = random.pick(ofType(from, type));
  const into = random.pick(
    [...messages(model)].filter((at) => at.fields.some((f) => isMessage(f.value) && f.value.type === type)),
  );
  if (!part || !into) return;
  const places = into.fields.filter((f) => isMessage(f.value) && f.value.type === type);
  const place = random.pick(places) as Field;
  if (random.once(2)) place.value = copy(part);
  else into.fields.splice(into.fields.indexOf(place), 0, { ...place, value: copy(part) });
};

/** All nodes of a graph go into the branches of an If, the body of a Loop or Scan, or into a function. */
const wrap: Mutate = (model, m) => {
  const { random } = m;
  const graph = random.pick(ofType(model, 'GraphProto'));
  if (!graph) return;
  const nodes = fieldsOf(graph, 1);
  const outputs = fieldsOf(graph, 12);
  const names = outputs.map((f) => (isMessage(f.value) ? textOf(fieldsOf(f.value, 1)[0]) : ''));
  const inner: Message = copy({ type: 'GraphProto', fields: [...nodes, ...outputs] });
  const kind = random.below(4);
  const graphs = (list: readonly string[]): Field[] =>
    list.map((name) => ({
      no: 5,
      wire: 2,
      value: message('AttributeProto', { 1: name, 6: copy(inner), 20: 5n }),
    }));
  const operators = ['If', 'Loop', 'Scan'];
  const inputs = valueNames(model);
  const node: Message =
    kind === 3
      ? message('NodeProto', { 1: [random.pick(inputs), random.pick(inputs)], 2: names, 4: 'Wrapped', 7: 'local' })
      : {
          type: 'NodeProto',
          fields: [
            ...Array.from({ length: 1 + random.below(4) }, () => text(1, random.pick(inputs))),
            ...names.map((name) => text(2, name)),
            text(4, operators[kind] as string),
            ...graphs(kind === 0 ? ['then_branch', 'else_branch'] : ['body']),
          ],
        };
  if (kind === 3) {
    const recursive = random.once(3) ? [{ no: 7, wire: 2, value: copy(node) }] : [];
    model.fields.push({
      no: 25,
      wire: 2,
      value: {
        type: 'FunctionProto',
        fields: [
          text(1, 'Wrapped'),
          text(10, 'local'),
          text(4, random.pick(inputs)),
          ...names.map((name) => text(5, name)),
          { no: 9, wire: 2, value: message('OperatorSetIdProto', { 1: '', 2: 18n }) },
          ...fieldsOf(copy(inner), 1).map((f) => ({ ...f, no: 7 })),
          ...recursive,
        ],
      },
    });
  }
  replace(graph, 1, { no: 1, wire: 2, value: node });
};

/** The model imports other opsets, or none. */
const opset: Mutate = (model, m) => {
  const { random } = m;
  replace(
    model,
    8,
    ...Array.from(
      { length: random.below(4) },
      (): Field => ({
        no: 8,
        wire: 2,
        value: message('OperatorSetIdProto', {
          1: random.pick(DOMAINS),
          2: random.once(2) ? BigInt(random.below(30)) : random.pick(INTEGERS),
        }),
      }),
    ),
  );
};

const WEIGHTED: readonly Mutate[] = [
  shake,
  shake,
  lie,
  number,
  number,
  rename,
  rename,
  operator,
  rewire,
  rewire,
  attribute,
  attribute,
  attribute,
  tensor,
  tensor,
  tensor,
  declare,
  declare,
  transplant,
  wrap,
  opset,
];
