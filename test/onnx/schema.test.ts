import { functionBody, operators, schemaDomains, schemaFor, versionsOf } from '../../src/onnx/schema.js';

// What the ONNX specification says (docs/Operators.md, docs/Changelog.md of onnx 1.23).
test('versions', () => {
  expect(versionsOf('', 'Softmax')).toEqual([1, 11, 13]);
  expect(versionsOf('ai.onnx', 'Relu')).toEqual([1, 6, 13, 14]);
  expect(versionsOf('', 'NoSuchOperator')).toEqual([]);
  expect(schemaFor('', 'Softmax', 12)?.since).toBe(11);
  expect(schemaFor('', 'Gelu', 19)).toBeUndefined();
  expect(schemaFor('', 'Upsample', 10)?.deprecated).toBe(true);
  expect(schemaFor('', 'Upsample', 9)?.deprecated).toBe(false);
});

test('domains', () => {
  expect(schemaDomains()).toEqual(expect.arrayContaining(['', 'ai.onnx.ml', 'ai.onnx.preview.training']));
  expect(operators('ai.onnx.ml')).toContain('TreeEnsembleRegressor');
  expect(operators('')).toContain('Conv');
  expect(operators('constructor')).toEqual([]);
});

test('attributes and their defaults', () => {
  const conv = schemaFor('', 'Conv', 11);
  expect(conv?.attributes.map((a) => [a.name, a.type, a.required]).sort()).toEqual([
    ['auto_pad', 'STRING', false],
    ['dilations', 'INTS', false],
    ['group', 'INT', false],
    ['kernel_shape', 'INTS', false],
    ['pads', 'INTS', false],
    ['strides', 'INTS', false],
  ]);
  expect(conv?.defaults).toEqual(
    new Map<string, unknown>([
      ['group', { kind: 'int', value: 1 }],
      ['auto_pad', { kind: 'string', value: 'NOTSET' }],
    ]),
  );
  expect(schemaFor('', 'Concat', 13)?.attributes).toEqual([
    { name: 'axis', type: 'INT', required: true, default: undefined },
  ]);
  expect(schemaFor('', 'LeakyRelu', 16)?.defaults.get('alpha')).toEqual({ kind: 'float', value: Math.fround(0.01) });
  expect(schemaFor('', 'MeanVarianceNormalization', 13)?.defaults.get('axes')).toEqual({
    kind: 'ints',
    value: [0, 2, 3],
  });
});

test.each([
  ['Conv', 11, 2, 3, 1, 1],
  ['Concat', 13, 1, Number.POSITIVE_INFINITY, 1, 1],
  ['Clip', 13, 1, 3, 1, 1],
  ['Resize', 19, 1, 4, 1, 1],
  ['LSTM', 14, 3, 8, 0, 3],
  ['Constant', 13, 0, 0, 1, 1],
  ['Split', 18, 1, 2, 1, Number.POSITIVE_INFINITY],
  ['Loop', 21, 2, Number.POSITIVE_INFINITY, 1, Number.POSITIVE_INFINITY],
])(
  '%s of opset %d takes %d to %d inputs and gives %d to %d outputs',
  (op, opset, minInputs, maxInputs, minOutputs, maxOutputs) => {
    expect(schemaFor('', op, opset)).toMatchObject({ minInputs, maxInputs, minOutputs, maxOutputs });
  },
);

test('type constraints', () => {
  expect(schemaFor('', 'MatMulInteger', 10)?.types).toEqual(
    new Map([
      ['T1', ['tensor(int8)', 'tensor(uint8)']],
      ['T2', ['tensor(int8)', 'tensor(uint8)']],
      ['T3', ['tensor(int32)']],
    ]),
  );
});

test('every function body reads, and computes the outputs of its operator', () => {
  let bodies = 0;
  for (const domain of schemaDomains())
    for (const op of operators(domain))
      for (const since of versionsOf(domain, op)) {
        const schema = schemaFor(domain, op, since);
        const body = schema && functionBody(schema);
        if (!body) continue;
        bodies++;
        expect(body.name).toBe(op);
        expect(body.inputs).toEqual(schema.inputs.map((i) => i.name));
        expect(body.outputs).toEqual(schema.outputs.map((o) => o.name));
        const written = new Set(body.nodes.flatMap((n) => n.outputs));
        for (const output of body.outputs) expect(written).toContain(output);
      }
  expect(bodies).toBe(42);
});

test('the body for an opset is the newest not above it', () => {
  const mvn = schemaFor('', 'MeanVarianceNormalization', 20);
  expect(mvn && functionBody(mvn, 17)?.opsets.get('')).toBe(13);
  expect(mvn && functionBody(mvn, 18)?.opsets.get('')).toBe(18);
});
