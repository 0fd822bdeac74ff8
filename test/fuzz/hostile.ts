/** Models made to hurt: each by a rule of its own, its figures drawn at random. */
import type { Field, Message } from './proto.js';
import { encode, message, varint } from './proto.js';
import type { Random } from './random.js';
import { INTEGERS, NAMES } from './words.js';

type Given = bigint | readonly bigint[] | string | Message;

/** A node; attributes by name: an integer, integers, a text, a tensor or a graph. */
export function node(
  op: string,
  inputs: readonly string[],
  outputs: readonly string[],
  attributes: Readonly<Record<string, Given>> = {},
  domain = '',
): Message {
  const list = Object.entries(attributes).map(([name, value]) => {
    if (typeof value === 'bigint') return message('AttributeProto', { 1: name, 3: value, 20: 2n });
    if (typeof value === 'string') return message('AttributeProto', { 1: name, 4: value, 20: 3n });
    if (Array.isArray(value)) return message('AttributeProto', { 1: name, 8: value as bigint[], 20: 7n });
    const part = value as Message;
    return part.type === 'GraphProto'
      ? message('AttributeProto', { 1: name, 6: part, 20: 5n })
      : message('AttributeProto', { 1: name, 5: part, 20: 4n });
  });
  return message('NodeProto', { 1: inputs, 2: outputs, 4: op, 5: list, ...(domain ? { 7: domain } : {}) });
}

/** int64, 1-D or a scalar. */
export function whole(name: string, values: readonly bigint[] | bigint): Message {
  const list = typeof values === 'bigint' ? [values] : values;
  const raw = Buffer.alloc(list.length * 8);
  list.forEach((v, i) => raw.writeBigInt64LE(BigInt.asIntN(64, v), i * 8));
  return message('TensorProto', {
    ...(typeof values === 'bigint' ? {} : { 1: BigInt(list.length) }),
    2: 7n,
    8: name,
    9: raw,
  });
}

/** float32 zeros. */
export function floats(name: string, dims: readonly bigint[]): Message {
  const n = Number(dims.reduce((a, b) => a * b, 1n));
  return message('TensorProto', { 1: dims, 2: 1n, 8: name, 9: Buffer.alloc(4 * n, 0x3d) });
}

export function value(name: string, type: bigint, dims: readonly (bigint | string)[] | undefined): Message {
  const shape = dims?.map((d) => message('TensorShapeProto.Dimension', typeof d === 'bigint' ? { 1: d } : { 2: d }));
  return message('ValueInfoProto', {
    1: name,
    2: message('TypeProto', {
      1: message('TypeProto.Tensor', { 1: type, ...(shape ? { 2: message('TensorShapeProto', { 1: shape }) } : {}) }),
    }),
  });
}

export function graph(
  nodes: readonly Message[],
  inputs: readonly Message[],
  outputs: readonly Message[],
  initializers: readonly Message[] = [],
): Message {
  return message('GraphProto', { 1: nodes, 2: 'g', 5: initializers, 11: inputs, 12: outputs });
}

export function model(g: Message, functions: readonly Message[] = [], opset = 18n): Message {
  return message('ModelProto', {
    1: 8n,
    7: g,
    8: [
      message('OperatorSetIdProto', { 1: '', 2: opset }),
      message('OperatorSetIdProto', { 1: 'local', 2: 1n }),
      message('OperatorSetIdProto', { 1: 'com.microsoft', 2: 1n }),
      message('OperatorSetIdProto', { 1: 'ai.onnx.ml', 2: 3n }),
    ],
    25: functions,
  });
}

function definition(name: string, inputs: string[], outputs: string[], nodes: Message[]): Message {
  return message('FunctionProto', {
    1: name,
    10: 'local',
    4: inputs,
    5: outputs,
    7: nodes,
    9: [message('OperatorSetIdProto', { 1: '', 2: 18n }), message('OperatorSetIdProto', { 1: 'local', 2: 1n })],
  });
}

const x = value('x', 1n, [1n, 3n, 8n, 8n]);
const y = value('y', 1n, undefined);
const big = (random: Random): bigint =>
  random.pick([
    1000n,
    65536n,
    10n ** 6n,
    2n ** 24n,
    2n ** 27n,
    2n ** 30n,
    2n ** 31n - 1n,
    2n ** 31n,
    2n ** 40n,
    2n ** 62n,
  ]);

/** One message within the other, `depth` times. */
function nested(depth: number, no: number): Uint8Array {
  const parts: Uint8Array[] = [];
  let size = 0;
  for (let i = 0; i < depth; i++) {
    const head = Buffer.concat([varint(BigInt(no * 8 + 2)), varint(BigInt(size))]);
    parts.unshift(head);
    size += head.length;
  }
  return Buffer.concat(parts);
}

const bytesOf = (root: Message): Uint8Array => encode(root);
const count = (random: Random): number => random.pick([1, 3, 60, 70, 200, 1000, 5000, 20000]);

/** By name: what is wrong with it. */
export const HOSTILE: Readonly<Record<string, (random: Random) => Uint8Array>> = {
  nestedTypes: (r) =>
    bytesOf(model(graph([], [message('ValueInfoProto', { 1: 'x', 2: nested(count(r), r.pick([4, 9, 1])) })], [y]))),
  nestedMessages: (r) => nested(count(r), r.pick([7, 25, 14])),
  nestedGroups: (r) => {
    const n = count(r);
    return Buffer.concat([
      ...Array(n).fill(Uint8Array.of(0x0b)),
      ...(r.once(2) ? Array(n).fill(Uint8Array.of(0x0c)) : []),
    ]);
  },
  nestedGraphs: (r) => {
    const n = Math.min(count(r), 200);
    let inner = graph([node('Identity', ['x'], ['y'])], [], [y]);
    for (let i = 0; i < n; i++)
      inner = graph(
        [
          node('If', ['c'], ['y'], {
            then_branch: inner,
            else_branch: graph([node('Identity', ['x'], ['y'])], [], [y]),
          }),
        ],
        [],
        [y],
      );
    return bytesOf(
      model({
        ...inner,
        fields: [...inner.fields, { no: 11, wire: 2, value: x }, { no: 11, wire: 2, value: value('c', 9n, []) }],
      }),
    );
  },
  doubledGraphs: (r) => {
    const n = 1 + r.below(11);
    let inner = graph([node('Identity', ['x'], ['y'])], [], [y]);
    for (let i = 0; i < n; i++)
      inner = graph([node('If', ['c'], ['y'], { then_branch: inner, else_branch: inner })], [], [y]);
    return bytesOf(
      model({
        ...inner,
        fields: [...inner.fields, { no: 11, wire: 2, value: x }, { no: 11, wire: 2, value: value('c', 9n, []) }],
      }),
    );
  },
  recursion: (r) => {
    const names = ['A', 'B', 'C'].slice(0, 1 + r.below(3));
    const functions = names.map((name, i) =>
      definition(
        name,
        ['a'],
        ['b'],
        Array.from({ length: 1 + r.below(3) }, () =>
          node(names[(i + 1) % names.length] as string, ['a'], ['b'], {}, 'local'),
        ),
      ),
    );
    return bytesOf(model(graph([node('A', ['x'], ['y'], {}, 'local')], [x], [y]), functions));
  },
  billionCalls: (r) => {
    const depth = 2 + r.below(40);
    const calls = 1 + r.below(12);
    const functions = Array.from({ length: depth }, (_, i) =>
      definition(
        `F${i}`,
        ['a0'],
        [`a${calls}`],
        Array.from({ length: calls }, (_, k) =>
          i === 0
            ? node(r.pick(['Relu', 'Add']), [`a${k}`, `a${k}`].slice(0, 1), [`a${k + 1}`])
            : node(`F${i - 1}`, [`a${k}`], [`a${k + 1}`], {}, 'local'),
        ),
      ),
    );
    return bytesOf(model(graph([node(`F${depth - 1}`, ['x'], ['y'], {}, 'local')], [x], [y]), functions));
  },
  doublingShape: (r) =>
    bytesOf(
      model(
        graph(
          Array.from({ length: 1 + r.below(60) }, (_, i) =>
            node('Concat', [`v${i}`, `v${i}`], [`v${i + 1}`], { axis: 0n }),
          ).concat(node('Reshape', ['x', 'v1'], ['y'])),
          [x],
          [y],
          [whole('v0', [1n, 2n, 3n])],
        ),
      ),
    ),
  doublingText: (r) => {
    const n = 1 + r.below(60);
    return bytesOf(
      model(
        graph(
          Array.from({ length: n }, (_, i) => node('StringConcat', [`v${i}`, `v${i}`], [`v${i + 1}`])).concat(
            node('Identity', [`v${n}`], ['y']),
          ),
          [x],
          [y],
          [message('TensorProto', { 1: 1n, 2: 8n, 6: 'abc', 8: 'v0' })],
        ),
        [],
        20n,
      ),
    );
  },
  doublingConstant: (r) => {
    const n = 1 + r.below(60);
    const op = r.pick(['Concat', 'Tile', 'Expand']);
    return bytesOf(
      model(
        graph(
          Array.from({ length: n }, (_, i) =>
            op === 'Concat'
              ? node('Concat', [`v${i}`, `v${i}`], [`v${i + 1}`], { axis: 0n })
              : op === 'Tile'
                ? node('Tile', [`v${i}`, 'two'], [`v${i + 1}`])
                : node('Concat', [`v${i}`, `v${i}`, `v${i}`], [`v${i + 1}`], { axis: 0n }),
          ).concat(node('Add', ['x', `v${n}`], ['y'])),
          [x],
          [y],
          [floats('v0', [8n]), whole('two', [2n])],
        ),
      ),
    );
  },
  polynomial: (r) => {
    // Sizes that grow into polynomials of many terms.
    const n = 1 + r.below(14);
    return bytesOf(
      model(
        graph(
          Array.from({ length: n }, (_, i) => [
            node('Concat', [`v${i}`, 'w'], [`c${i}`], { axis: 0n }),
            node('Reshape', [`c${i}`, 'column'], [`r${i}`]),
            node('Transpose', [`r${i}`], [`t${i}`], { perm: [1n, 0n] }),
            node('Mul', [`r${i}`, `t${i}`], [`m${i}`]),
            node('Reshape', [`m${i}`, 'flat'], [`v${i + 1}`]),
          ]).flat(),
          [value('v0', 1n, ['A']), value('w', 1n, ['B'])],
          [value(`v${n}`, 1n, undefined)],
          [whole('column', [-1n, 1n]), whole('flat', [-1n])],
        ),
      ),
    );
  },
  huge: (r) => {
    const n = big(r);
    const [shape, nodes]: [bigint[], Message[]] = r.pick([
      [[n], [node('ConstantOfShape', ['s'], ['k']), node('Add', ['x', 'k'], ['y'])]],
      [[n], [node('ConstantOfShape', ['s'], ['y'])]],
      [
        [n, n],
        [node('ConstantOfShape', ['s'], ['k']), node('ReduceSum', ['k'], ['m']), node('Add', ['x', 'm'], ['y'])],
      ],
      [[n, 1n, 1n, 1n], [node('Expand', ['x', 's'], ['y'])]],
      [[n, n, n, n], [node('Tile', ['x', 's'], ['y'])]],
      [[0n, 0n, n, 0n, 0n, 0n, n, n], [node('Pad', ['x', 's'], ['y'])]],
      [[1n, 3n, n, n], [node('Resize', ['x', '', '', 's'], ['y'])]],
      [[n], [node('OneHot', ['s', 's', 's'], ['y'])]],
      [[n], [node('Reshape', ['x', 's'], ['y'])]],
      [[n], [node('TopK', ['x', 's'], ['y', 'z'])]],
      [[n], [node('Split', ['x', 's'], ['y'])]],
      [[n], [node('Squeeze', ['x', 's'], ['y'])]],
      [[n], [node('Unsqueeze', ['x', 's'], ['y'])]],
      [[n], [node('ReduceMean', ['x', 's'], ['y'])]],
    ] as [bigint[], Message[]][]);
    return bytesOf(model(graph(nodes, [x], [y], [whole('s', shape)])));
  },
  hugeScalar: (r) => {
    const n = big(r);
    const nodes: Message[] = r.pick([
      [node('Range', ['zero', 'n', 'one'], ['k']), node('Reshape', ['x', 'k'], ['y'])],
      [node('Range', ['zero', 'n', 'one'], ['y'])],
      [node('Range', ['n', 'zero', 'one'], ['y'])],
      [node('Range', ['zero', 'one', 'zero'], ['y'])],
      [node('HannWindow', ['n'], ['y'])],
      [node('HannWindow', ['n'], ['k']), node('Mul', ['k', 'k'], ['y'])],
      [node('MelWeightMatrix', ['n', 'n', 'n', 'one', 'n'], ['y'])],
      [node('DFT', ['x', 'n'], ['y'])],
      [node('CumSum', ['x', 'n'], ['y'])],
      [node('EyeLike', ['x'], ['y'], { k: n })],
      [node('SequenceAt', ['x', 'n'], ['y'])],
      [node('Trilu', ['x', 'n'], ['y'])],
      [node('Loop', ['n', '', 'x'], ['y'], { body: loop(r) })],
      [node('RandomNormal', [], ['y'], { shape: [n, n] })],
      [node('Multinomial', ['x'], ['y'], { sample_size: n })],
      [node('SpaceToDepth', ['x'], ['y'], { blocksize: n })],
      [node('DepthToSpace', ['x'], ['y'], { blocksize: n })],
      [node('MaxPool', ['x'], ['y'], { kernel_shape: [n, n], strides: [n, n], pads: [n, n, n, n] })],
      [node('AveragePool', ['x'], ['y'], { kernel_shape: [n, n], pads: [n, n, n, n], count_include_pad: 1n })],
      [node('LpPool', ['x'], ['y'], { kernel_shape: [n, n], dilations: [n, n], p: n })],
      [node('ConvTranspose', ['x', 'kernel'], ['y'], { strides: [n, n], output_padding: [n, n] })],
      [node('Conv', ['x', 'kernel'], ['y'], { dilations: [n, n], pads: [n, n, n, n], group: n })],
      [node('LSTM', ['x', 'kernel', 'kernel'], ['y'], { hidden_size: n })],
      [node('Col2Im', ['x', 'n', 'n'], ['y'], { dilations: [n, n] })],
      [node('GridSample', ['x', 'x'], ['y'])],
      [node('AffineGrid', ['x', 'n'], ['y'])],
      [node('Split', ['x'], ['y'], { num_outputs: n })],
      [node('Upsample', ['x', 'n'], ['y'])],
      [node('LRN', ['x'], ['y'], { size: n })],
      [node('Unsqueeze', ['x', 'n'], ['y'])],
      [node('Gather', ['x', 'n'], ['y'], { axis: n })],
      [node('Concat', ['x', 'x'], ['y'], { axis: n })],
      [node('BitShift', ['n', 'n'], ['y'], { direction: 'LEFT' })],
      [node('Pow', ['n', 'n'], ['k']), node('Reshape', ['x', 'k'], ['y'])],
      [node('ReverseSequence', ['x', 'n'], ['y'], { batch_axis: n, time_axis: n })],
    ]);
    return bytesOf(
      model(
        graph(
          nodes,
          [x],
          [y],
          [whole('n', r.once(2) ? n : -n), whole('zero', 0n), whole('one', 1n), floats('kernel', [2n, 3n, 2n, 2n])],
        ),
        [],
        r.pick([18n, 20n, 22n, 9n]),
      ),
    );
  },
  trips: (r) => {
    const n = big(r);
    return bytesOf(
      model(
        graph(
          [
            node('Loop', ['n', r.once(2) ? 'true' : '', 'start'], ['s'], { body: loop(r) }),
            node('Add', ['x', 's'], ['y']),
          ],
          [x],
          [y],
          [whole('n', n), floats('start', [1n]), message('TensorProto', { 2: 9n, 8: 'true', 9: Uint8Array.of(1) })],
        ),
      ),
    );
  },
  rank: (r) => {
    const rank = r.pick([7, 33, 65, 1000, 10000]);
    const ones = Array<bigint>(rank).fill(1n);
    return bytesOf(
      model(
        graph(
          [
            r.pick([
              node('Relu', ['x'], ['y']),
              node('Transpose', ['x'], ['y']),
              node('Add', ['x', 'w'], ['y']),
              node('Softmax', ['x'], ['y']),
              node('Conv', ['x', 'w'], ['y']),
              node('Reshape', ['w', 's'], ['y']),
              node('Expand', ['x', 's'], ['y']),
            ]),
          ],
          [value('x', 1n, r.once(2) ? ones : ones.map((_, i) => `N${i}`))],
          [y],
          [message('TensorProto', { 1: ones, 2: 1n, 8: 'w', 9: Buffer.alloc(4) }), whole('s', ones)],
        ),
      ),
    );
  },
  overflow: (r) =>
    bytesOf(
      model(
        graph(
          [node('Add', ['x', 'w'], ['y'])],
          [x],
          [y],
          [
            message('TensorProto', {
              1: Array.from({ length: 1 + r.below(6) }, () => r.pick(INTEGERS)),
              2: BigInt(r.below(29)),
              8: 'w',
              9: r.bytes(r.below(16)),
            }),
          ],
        ),
      ),
    ),
  packedClaims: (r) => {
    const no = r.pick([4, 5, 7, 10, 11, 1, 9]);
    const field: Field = {
      no,
      wire: 2,
      value: r.bytes(8),
      length: r.pick([9n, 1000n, 2n ** 31n - 1n, 2n ** 31n, 2n ** 40n]),
    };
    const tensor = message('TensorProto', { 1: 2n, 2: 1n, 8: 'w' });
    tensor.fields.push(field);
    return bytesOf(model(graph([node('Add', ['x', 'w'], ['y'])], [x], [y], [tensor])));
  },
  manyFields: (r) => {
    const n = r.pick([1000, 30000, 100000]);
    const one = r.pick([
      message('ModelProto', { 14: message('StringStringEntryProto', {}) }),
      message('ModelProto', { 25: message('FunctionProto', {}) }),
      message('ModelProto', { 1: 1n }),
    ]);
    const unit = bytesOf(one);
    return Buffer.concat(Array(n).fill(unit));
  },
  manyNodes: (r) => {
    const n = r.pick([100, 2000, 10000]);
    const kind = r.below(4);
    const list = Array.from({ length: n }, (_, i) =>
      kind === 0
        ? node('Relu', [`v${i}`], [`v${i + 1}`])
        : kind === 1
          ? node('Relu', ['v0'], [`v${i + 1}`])
          : kind === 2
            ? node('Nope', [`v${i}`], [`v${i + 1}`])
            : node('Add', [`v${i}`, `v${Math.max(0, i - 1)}`], [`v${i + 1}`]),
    );
    if (r.once(2)) list.reverse();
    return bytesOf(model(graph(list, [value('v0', 1n, [2n])], [value(`v${n}`, 1n, undefined)])));
  },
  manyOutputs: (r) => {
    const n = r.pick([10, 300, 3000]);
    const names = Array.from({ length: n }, (_, i) => `o${i}`);
    return bytesOf(
      model(
        graph(
          [node('Split', ['x'], names, r.once(2) ? { num_outputs: BigInt(n) } : { axis: 0n })],
          [value('x', 1n, [BigInt(n)])],
          names.map((name) => value(name, 1n, undefined)),
        ),
      ),
    );
  },
  manyInputs: (r) => {
    const n = r.pick([10, 300, 3000]);
    const op = r.pick(['Concat', 'Sum', 'Max', 'Einsum', 'Mean']);
    const names = Array.from({ length: n }, () => 'x');
    return bytesOf(
      model(
        graph(
          [
            node(
              op,
              names,
              ['y'],
              op === 'Concat'
                ? { axis: 0n }
                : op === 'Einsum'
                  ? { equation: `${Array(n).fill('abcd').join(',')}->ab` }
                  : {},
            ),
          ],
          [x],
          [y],
        ),
      ),
    );
  },
  cycle: (r) => {
    const n = 1 + r.below(20);
    return bytesOf(
      model(
        graph(
          Array.from({ length: n }, (_, i) => node('Add', [`v${i}`, 'x'], [`v${(i + 1) % n}`])),
          [x],
          [value('v0', 1n, undefined)],
        ),
      ),
    );
  },
  names: (r) => {
    const [a, b, c] = [r.pick(NAMES), r.pick(NAMES), r.pick(NAMES)];
    return bytesOf(
      model(
        graph(
          [node('Conv', [a, 'w'], [b]), node(r.pick(['Relu', 'Sigmoid', 'Identity']), [b], [c])],
          [value(a, 1n, [1n, 3n, 8n, 8n])],
          [value(c, 1n, undefined)],
          [floats('w', [2n, 3n, 2n, 2n])],
        ),
      ),
    );
  },
  equation: (r) =>
    bytesOf(
      model(
        graph(
          [
            node('Einsum', ['x', 'x'], ['y'], {
              equation: r.pick([
                '...->',
                'abcd,abcd->',
                'aaaa->a',
                ','.repeat(5000),
                'a'.repeat(5000),
                '....->',
                '->',
                'ab...,...ba',
                'abcd,efgh->abcdefgh',
                'é',
                'a b c d -> d',
              ]),
            }),
          ],
          [x],
          [y],
        ),
      ),
    ),
  pattern: (r) =>
    bytesOf(
      model(
        graph(
          [
            node('RegexFullMatch', ['t'], ['k'], {
              pattern: r.pick(['(a+)+$', '(.*)*b', '((a|a)*)*c', '[', '(?<x>a)\\k<x>', 'a{99999}', '(?i)a']),
            }),
            node('Cast', ['k'], ['y'], { to: 1n }),
          ],
          [x],
          [y],
          [message('TensorProto', { 1: 1n, 2: 8n, 6: `${'a'.repeat(40)}!`, 8: 't' })],
        ),
        [],
        20n,
      ),
    ),
  sparse: (r) =>
    bytesOf(
      model(
        message('GraphProto', {
          1: node('Add', ['x', 'w'], ['y']),
          11: x,
          12: y,
          15: message('SparseTensorProto', {
            1: message('TensorProto', { 1: 1n, 2: BigInt(1 + r.below(20)), 8: 'w', 9: Buffer.alloc(4) }),
            2: whole('', [r.pick(INTEGERS)]),
            3: Array.from({ length: 1 + r.below(3) }, () => big(r)),
          }),
        }),
      ),
    ),
};

function loop(r: Random): Message {
  return graph(
    [
      node('Identity', ['c'], ['d']),
      node(r.pick(['Add', 'Mul', 'Concat']), ['s', 's'], ['t'], r.once(2) ? { axis: 0n } : {}),
      ...(r.once(2) ? [node('Identity', ['s'], ['scan'])] : []),
    ],
    [value('i', 7n, []), value('c', 9n, []), value('s', 1n, [1n])],
    [value('d', 9n, []), value('t', 1n, undefined), ...(r.once(2) ? [value('scan', 1n, undefined)] : [])],
  );
}
