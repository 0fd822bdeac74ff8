/** What a later run takes over from an earlier one, and what it doesn't. */
import { createHash } from 'node:crypto';
import { cpSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { readSettings, type Settings } from '../../src/run/options.js';
import type { ModelReport } from '../../src/report/types.js';
import { type Listener, run } from '../../src/run/run.js';
import { folder, removeFolders } from './folders.js';
import { WORKER } from './program.js';
import { LFS_POINTER, onnxCase, withUnknownOperator, withWrongReference } from './repository.js';

afterAll(removeFolders);

const silent: Listener = { found() {}, started() {}, doing() {}, finished() {} };

const unknown = onnxCase('relu', 'models/unknown');
const base = folder({
  ...onnxCase('relu', 'models/relu'),
  ...onnxCase('maxpool_2d_ceil', 'models/pool'),
  ...unknown,
  'models/unknown/model.onnx': withUnknownOperator(unknown['models/unknown/model.onnx'] as Buffer),
  'models/lfs/model.onnx': LFS_POINTER,
});
const cacheDir = path.join(folder(), 'cache');

let n = 0;
async function models(
  settings: Partial<Settings> = {},
  from = base,
): Promise<{ models: Record<string, ModelReport>; output: string }> {
  const output = path.join(folder(), `out${n++}`);
  const all = { ...readSettings({}, (key) => key), cacheDir, concurrency: 1, ...settings };
  const { report } = await run(
    { patterns: ['models'], base: from, output, settings: all, strict: false, worker: WORKER },
    silent,
  );
  return { models: Object.fromEntries(report.models.map((m) => [m.path.split('/')[0] as string, m])), output };
}
const taken = (of: Record<string, ModelReport>) => Object.entries(of).flatMap(([name, m]) => (m.cached ? [name] : []));

/** Every file of a run but its reports, with its hash. */
function tree(root: string): Record<string, string> {
  return Object.fromEntries(
    readdirSync(root, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => path.join(entry.parentPath, entry.name))
      .map((file): [string, string] => [
        path.relative(root, file).replaceAll('\\', '/'),
        createHash('sha256').update(readFileSync(file)).digest('hex'),
      ])
      .filter(([name]) => !/^report\/[^/]*$/.test(name)),
  );
}

let first: Awaited<ReturnType<typeof models>>;
beforeAll(async () => {
  first = await models();
});

test('the first run takes over nothing, the second all that is no error, with the same files and the same report', async () => {
  expect(taken(first.models)).toEqual([]);
  const second = await models();
  expect(taken(second.models)).toEqual(['pool', 'relu', 'unknown']);
  expect(tree(second.output)).toEqual(tree(first.output));
  expect(tree(second.output)['report/try/relu/model.onnx/data.json']).toBeDefined();
  for (const [name, model] of Object.entries(second.models))
    expect({ ...model, timings: {}, cached: undefined }).toEqual({
      ...first.models[name],
      timings: {},
      cached: undefined,
    });
});

test('another setting, another reference, and another model are done anew', async () => {
  expect(taken((await models({ rtol: 0.5 })).models)).toEqual([]);
  expect(taken((await models({ failOn: 'never' })).models)).toEqual(['pool', 'relu', 'unknown']);

  const reference = path.join(base, 'models/relu/test_data_set_0/output_0.pb');
  const right = readFileSync(reference);
  writeFileSync(reference, withWrongReference(onnxCase('relu', 'x'))['x/test_data_set_0/output_0.pb'] as Buffer);
  const changed = await models();
  expect(taken(changed.models)).toEqual(['pool', 'unknown']);
  expect(changed.models.relu?.status).toBe('mismatch');
  writeFileSync(reference, right);

  cpSync(path.join(base, 'models/relu/test_data_set_0'), path.join(base, 'models/pool/test_data_set_1'), {
    recursive: true,
  });
  const added = await models();
  expect(added.models.relu).toMatchObject({ status: 'pass' });
  expect(taken(added.models)).not.toContain('pool');
  rmSync(path.join(base, 'models/pool/test_data_set_1'), { recursive: true });

  const model = path.join(base, 'models/pool/model.onnx');
  const bytes = readFileSync(model);
  // a field that nobody knows (number 1000, of kind varint) changes the bytes and not the meaning
  writeFileSync(model, Buffer.concat([bytes, Buffer.from([0xc0, 0x3e, 0x01])]));
  expect(taken((await models()).models)).not.toContain('pool');
  writeFileSync(model, bytes);
});

test('an entry that was tampered with is done anew', async () => {
  const edit = (
    entry: string,
    change: (json: { report: ModelReport; files: { path: string; sha256: string }[] }) => void,
  ) => {
    const file = path.join(entry, 'entry.json');
    const json = JSON.parse(readFileSync(file, 'utf8'));
    change(json);
    writeFileSync(file, JSON.stringify(json));
  };
  const tamper: Record<string, (entry: string) => void> = {
    changed: (entry) => writeFileSync(path.join(entry, 'files/model.json'), '{"evil":true}'),
    removed: (entry) => rmSync(path.join(entry, 'files/model.json')),
    cut: (entry) => writeFileSync(path.join(entry, 'entry.json'), '{"schema":1'),
    added: (entry) => edit(entry, (json) => json.files.push({ path: '../../../evil', sha256: '0'.repeat(64) })),
    renamed: (entry) =>
      edit(entry, (json) => {
        json.report.path = '../evil';
      }),
    left: () => {},
  };
  const own = {
    base: folder(Object.assign({}, ...Object.keys(tamper).map((name) => onnxCase('relu', `models/${name}`)))),
    settings: { cacheDir: path.join(folder(), 'cache') },
  };
  const good = (await models(own.settings, own.base)).models;
  let spoilt = 0;
  for (const name of readdirSync(own.settings.cacheDir)) {
    const entry = path.join(own.settings.cacheDir, name);
    if (!existsSync(path.join(entry, 'files/model.json'))) continue;
    const { report } = JSON.parse(readFileSync(path.join(entry, 'entry.json'), 'utf8')) as { report: ModelReport };
    tamper[report.path.split('/')[0] as string]?.(entry);
    spoilt++;
  }
  expect(spoilt).toBe(Object.keys(tamper).length);
  const { models: again, output } = await models(own.settings, own.base);
  expect(taken(again)).toEqual(['left']);
  for (const name of Object.keys(tamper)) {
    expect(again[name]?.status).toBe('pass');
    expect({ ...again[name], timings: {}, cached: undefined }).toEqual({
      ...good[name],
      timings: {},
      cached: undefined,
    });
  }
  expect(existsSync(path.join(output, '../../evil'))).toBe(false);
});
