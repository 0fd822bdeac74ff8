/** The settings file: what it says, what is wrong with it and where, and what it does to a run. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { parse as parseYaml } from 'yaml';
import { configOf, readConfig } from '../../src/run/config.js';
import { CONFIG_SCHEMA, parse } from '../../src/run/config-file.js';
import { ConfigurationError, readSettings, type Settings } from '../../src/run/options.js';
import { type Listener, run } from '../../src/run/run.js';
import { folder, removeFolders } from './folders.js';
import { WORKER } from './program.js';
import { onnxCase, withWrongReference } from './repository.js';

afterAll(removeFolders);

const ROOT = path.join(import.meta.dirname, '../..');
const silent: Listener = { found() {}, started() {}, doing() {}, finished() {} };
const usual: Settings = readSettings({}, (key) => key);

const WHOLE = `
$schema: ./node_modules/onnx2keras-action/schema/config.schema.json
defaults:
  formats: graph-model
  tolerance: { rtol: 1e-2 }
models:
  'models/**':
    formats: [layers-model, graph-model]
    change-ordering: false
    name-policy: short
    target: wasm
    references: '{dir}/{name}.npz'
    engines: [wasm, cpu]
    when-no-reference: skip
    timeout-per-model: 60
    tolerance: { atol: 1e-4, range-tol: 0, ulp: 2, outliers: 0.001, cosine: 0.99, nan: ignore, infinite: forbid }
    inputs:
      x: { shape: [1, 3, 32, 64], order: [0, 2, 3, 1], range: [0, 255] }
    outputs:
      y: { top-k: 5 }
      z: { arg-max: { axis: 3, share: 0.98 } }
  models/bad.onnx:
    expect: mismatch
    reason: known since 1.2
    expires: 2027-01-31
    outputs:
      y: { rtol: 0.5 }
`;

describe('what it says', () => {
  test('rules add up, later ones before earlier ones', async () => {
    const base = folder({ 'onnx2keras.yml': WHOLE });
    const config = await readConfig('', base);
    const good = config.for(path.join(base, 'models/good.onnx'), usual);
    expect(good.settings).toMatchObject({
      formats: ['layers-model', 'graph-model'],
      changeOrdering: false,
      namePolicy: 'short',
      target: 'wasm',
      references: '{dir}/{name}.npz',
      engines: ['wasm', 'cpu'],
      whenNoReference: 'skip',
      timeoutPerModel: 60,
      failOn: 'unsupported',
    });
    expect(good.tolerance).toEqual({
      rtol: 0.01,
      atol: 1e-4,
      rangeTol: 0,
      ulp: 2,
      outliers: 0.001,
      cosine: 0.99,
      nan: 'ignore',
      infinite: 'forbid',
    });
    expect(good.outputs).toEqual({
      y: { topK: { k: 5, axis: 1, share: 1 } },
      z: { argMax: { axis: 3, share: 0.98 } },
    });
    expect([good.inputShapes, good.inputOrders, good.ranges]).toEqual([
      { x: [1, 3, 32, 64] },
      { x: [0, 2, 3, 1] },
      { x: [0, 255] },
    ]);
    expect(good.waiver).toBeUndefined();
    const bad = config.for(path.join(base, 'models/bad.onnx'), usual);
    expect(bad.waiver).toEqual({
      expect: 'mismatch',
      reason: 'known since 1.2',
      expires: '2027-01-31',
      line: expect.any(Number),
    });
    expect(bad.outputs.y).toEqual({ topK: { k: 5, axis: 1, share: 1 }, rtol: 0.5 });
    const other = config.for(path.join(base, 'other.onnx'), usual);
    expect([other.settings.formats, other.tolerance]).toEqual([
      ['graph-model'],
      { rtol: 0.01, atol: 1e-5, rangeTol: 1e-5 },
    ]);
    expect(config.idle([path.join(base, 'models/good.onnx')])).toEqual([
      { glob: 'models/bad.onnx', line: expect.any(Number) },
    ]);
  });

  test('without a file nothing is changed; one that is named has to be there', async () => {
    const base = folder();
    expect((await readConfig('', base)).for(path.join(base, 'm.onnx'), usual).settings).toEqual(usual);
    await expect(readConfig('mine.yml', base)).rejects.toThrow('the settings file mine.yml is not there');
    expect((await readConfig('', folder({ 'onnx2keras.yml': '# nothing yet\n' }))).idle([])).toEqual([]);
  });
});

describe('what is wrong', () => {
  test.each([
    [
      'an unknown key',
      'models:\n  a.onnx:\n    fromats: auto\n',
      'f.yml:3: models."a.onnx".fromats is not a setting; did you mean formats?',
    ],
    ['an unknown part', 'model: {}\n', 'f.yml:1: model is not a setting; did you mean models?'],
    [
      'a word',
      'defaults:\n  formats: [layer-model]\n',
      'f.yml:2: defaults.formats.0 must be auto, layers-model, graph-model or keras, not "layer-model"; did you mean layers-model?',
    ],
    [
      'a number',
      'defaults: { tolerance: { rtol: -1 } }\n',
      'f.yml:1: defaults.tolerance.rtol must be a number of at least 0, not -1',
    ],
    [
      'a text for a number',
      'defaults: { tolerance: { rtol: "1e-3" } }\n',
      'must be a number of at least 0, not "1e-3"',
    ],
    ['yes', 'defaults: { change-ordering: yes }\n', 'must be true or false, not "yes"'],
    [
      'a day',
      'models: { a: { expect: mismatch, reason: x, expires: 2027-02-30 } }\n',
      'must be a day as year-month-day, not "2027-02-30"',
    ],
    [
      'a waiver without its end',
      'models: { a: { expect: mismatch, reason: x } }\n',
      'models.a.expect needs expires beside it',
    ],
    [
      'an end without a waiver',
      'models: { a: { expires: 2027-01-01 } }\n',
      'models.a.expires belongs to expect, which is not there',
    ],
    ['no YAML', 'defaults: [\n', 'f.yml:'],
    ['a key twice', 'defaults: {}\ndefaults: {}\n', 'f.yml:2: Map keys must be unique'],
  ])('%s', (_, text, message) => {
    expect(() => parse(text, 'f.yml')).toThrow(ConfigurationError);
    expect(() => parse(text, 'f.yml')).toThrow(message);
  });

  test('everything is said at once, hostile text made visible', () => {
    let said = '';
    try {
      parse('defaults: { "a\\u202eb": 1, rtol: 2 }\n', 'f.yml');
    } catch (e) {
      said = (e as Error).message;
    }
    expect(said.split('\n')).toHaveLength(2);
    expect(said).toContain('\\u{202e}');
  });
});

describe('the schema', () => {
  const validate = new Ajv2020({ strict: true, allowUnionTypes: true }).compile(CONFIG_SCHEMA);

  test('is what stands in schema/, written by npm run docs', () => {
    expect(JSON.parse(readFileSync(path.join(ROOT, 'schema/config.schema.json'), 'utf8'))).toEqual(CONFIG_SCHEMA);
  });

  test.each([
    [WHOLE, true],
    ['defaults: { formats: auto }', true],
    ['defaults: { fromats: auto }', false],
    ['defaults: { tolerance: { rtol: -1 } }', false],
    ['defaults: { tolerance: { top-k: 0 } }', false],
    ['defaults: { tolerance: { top-k: { axis: 1 } } }', false],
    ['models: { a: { inputs: { x: { range: [1] } } } }', false],
    ['models: { a: { outputs: { y: { arg-max: 2 } } } }', false],
  ])('says of %j what the reader says: %s', (text, right) => {
    expect(validate(parseYaml(text))).toBe(right);
    if (right) expect(parse(text, 'f.yml')).toBeDefined();
    else expect(() => parse(text, 'f.yml')).toThrow(ConfigurationError);
  });
});

describe('a run', () => {
  const models = {
    ...onnxCase('relu', 'models/relu'),
    ...withWrongReference(onnxCase('relu', 'models/wrong')),
  };
  const runIn = (config: string, more: Partial<Settings> = {}) => {
    const base = folder({ ...models, 'onnx2keras.yml': config });
    const request = { patterns: ['**/*.onnx'], base, output: path.join(base, 'out'), strict: false, worker: WORKER };
    return run({ ...request, settings: { ...usual, concurrency: 1, ...more } }, silent);
  };

  test('a waiver that holds lets the run succeed, and is in the report', async () => {
    const waiver = 'expect: mismatch, reason: "the reference is of last year", expires: 2999-12-31';
    const { report, failed } = await runIn(`models: { models/wrong/model.onnx: { ${waiver} } }`);
    expect(failed).toBe(false);
    expect(report.models.map((m) => [m.status, m.waiver?.holds])).toEqual([
      ['pass', undefined],
      ['mismatch', true],
    ]);
  });

  test('one that has expired does not, and one that is not needed is said to be', async () => {
    const { report, failed } = await runIn(`
models:
  models/wrong/model.onnx: { expect: mismatch, reason: x, expires: 2020-01-01 }
  models/relu/model.onnx: { expect: unsupported, reason: x, expires: 2999-01-01 }
  nothing/*.onnx: { formats: auto }
`);
    expect(failed).toBe(true);
    const codes = report.models.map((m) => m.diagnostics.map((d) => d.code).filter((c) => c.startsWith('waiver')));
    expect(codes).toEqual([['waiver-unneeded'], ['waiver-expired']]);
    expect(report.diagnostics).toMatchObject([
      { code: 'settings-without-model', place: { file: 'onnx2keras.yml', line: 5 } },
    ]);
    expect(report.models[1]?.diagnostics.find((d) => d.code === 'waiver-expired')?.place).toEqual({
      file: 'onnx2keras.yml',
      line: 3,
    });
  });

  test('formats and tolerances are a model’s own', async () => {
    const { report } = await runIn(`
models:
  models/wrong/model.onnx: { formats: graph-model, outputs: { y: { atol: 2 } } }
  models/relu/model.onnx: { formats: layers-model, outputs: { z: { atol: 2 } } }
`);
    const [relu, wrong] = report.models;
    expect([wrong?.format, wrong?.status, wrong?.checks[0]?.tolerance?.atol]).toEqual(['graph-model', 'pass', 2]);
    expect(relu?.format).toBe('layers-model');
    expect(relu?.diagnostics.find((d) => d.code === 'no-such-output')?.message).toContain('is "y" meant?');
  });

  test('a settings file that is wrong ends the run before it begins', async () => {
    await expect(runIn('modles: {}')).rejects.toThrow('did you mean models?');
  });
});

test('input shapes fix what the file leaves open, and nothing else', async () => {
  const { sketched } = await import('../convert/harness.js');
  const shapes = { fixed: '[2, 3, 8]', other: '[2, 3, 9]', rank: '[2, 3]' };
  const model = Buffer.from(
    sketched({
      inputs: { x: ['float32', ['n', 'c', 8]] },
      outputs: ['y'],
      nodes: [{ op: 'Relu', in: ['x'], out: ['y'] }],
    }),
  );
  const rules = Object.entries(shapes).map(
    ([name, shape]) => `  ${name}.onnx: { inputs: { x: { shape: ${shape} } } }\n`,
  );
  const base = folder({
    ...Object.fromEntries(Object.keys(shapes).map((name) => [`${name}.onnx`, model])),
    'onnx2keras.yml': `defaults: { formats: graph-model }\nmodels:\n${rules.join('')}`,
  });
  const { report } = await run(
    { patterns: ['*.onnx'], base, output: path.join(base, 'out'), settings: usual, strict: true, worker: WORKER },
    silent,
  );
  const [fixed, other, rank] = report.models;
  expect([fixed?.status, fixed?.checks[0]?.shape?.expected]).toEqual(['pass', [2, 3, 8]]);
  const record = JSON.parse(readFileSync(path.join(base, 'out/fixed.onnx/conversion.json'), 'utf8'));
  // What the file says stays as it is; what is written is fixed.
  expect(record.inputs[0].onnx.shape).toEqual(['n', 'c', 8]);
  expect(record.inputs[0].tfjs.shape.toSorted()).toEqual([2, 3, 8]);
  expect(other?.diagnostics.map((d) => d.code)).toContain('input-shape-fixed');
  expect(rank?.diagnostics.map((d) => d.code)).toContain('input-shape-rank');
});

test('labels name the classes of a classifier in the report; a file outside is not read, and that is said', async () => {
  const { sketched } = await import('../convert/harness.js');
  const outside = folder({ 'secret.txt': 'secret' });
  const model = Buffer.from(
    sketched({ inputs: { x: ['float32', [1, 5]] }, outputs: ['y'], nodes: [{ op: 'Relu', in: ['x'], out: ['y'] }] }),
  );
  const labels = { 'a.onnx': 'classes.txt', 'b.onnx': 'classes.json', 'c.onnx': path.join(outside, 'secret.txt') };
  const base = folder({
    ...Object.fromEntries(Object.keys(labels).map((name) => [name, model])),
    'classes.txt': 'tench\ngoldfish\r\n  great white shark\n\nhammerhead\n',
    'classes.json': '["a", "b", "c", "d", "e"]',
    'onnx2keras.yml': `models:\n${Object.entries(labels)
      .map(([name, file]) => `  ${name}:\n    labels: ${file}\n`)
      .join('')}`,
  });
  const request = { patterns: ['*.onnx'], base, output: path.join(base, 'out'), settings: usual, strict: true };
  const { report } = await run({ ...request, worker: WORKER }, silent);
  const [text, json, refused] = report.models;
  const named = text?.checks[0]?.top?.actual ?? [];
  expect(new Map(named.map((c) => [c.class, c.label]))).toEqual(
    new Map([
      [0, 'tench'],
      [1, 'goldfish'],
      [2, 'great white shark'],
      [3, undefined],
      [4, 'hammerhead'],
    ]),
  );
  const listed = json?.checks[0]?.top?.expected ?? [];
  expect(listed.map((c) => 'abcde'.indexOf(c.label ?? '?'))).toEqual(listed.map((c) => c.class));
  expect(refused?.diagnostics).toMatchObject([
    {
      code: 'labels-unreadable',
      place: { file: 'onnx2keras.yml', line: 7 },
      message: expect.stringContaining('outside'),
    },
  ]);
  expect(JSON.stringify(refused)).not.toContain('secret"');
});

test('a glob that takes too long is named by the file, as it was given, and its line', () => {
  const text = `models:\n  "${'*a'.repeat(14)}*b":\n    target: wasm\n`;
  const config = configOf(
    '/w/.github/onnx2keras.yml',
    parse(text, '.github/onnx2keras.yml', '/w/.github/onnx2keras.yml'),
  );
  expect(() => config.for(`/w/.github/${'a'.repeat(60)}`, usual)).toThrow(/^\.github\/onnx2keras\.yml:2: the glob/);
});
