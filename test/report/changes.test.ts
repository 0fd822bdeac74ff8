/** What is said to have changed in a model: expectations by hand. */
import { changesBetween } from '../../src/report/changes.js';
import { changeRows, layerLines, sinceText } from '../../src/report/changes-text.js';
import { reportHtml } from '../../src/report/html.js';
import { summaryMarkdown } from '../../src/report/markdown.js';
import type { Dim, ModelReport, SourceRow } from '../../src/report/types.js';
import { report } from './fixtures.js';

const row = (op: string, name: string, params = 0, outputShape: Dim[] = [-1, 8, 16, 16]): SourceRow => ({
  number: 1,
  op,
  name,
  params,
  outputShape,
});
const model = (rows: SourceRow[], more: Partial<ModelReport> = {}): ModelReport => ({
  path: 'm.onnx',
  status: 'pass',
  diagnostics: [],
  checks: [],
  artefacts: [],
  timings: {},
  layers: { rows: rows.map((r, i) => ({ ...r, number: i + 1 })) },
  ...more,
});
const SINCE = 'ab'.repeat(20);
const layers = (before: SourceRow[], now: SourceRow[]) => changesBetween(model(before), model(now), SINCE).layers;

describe('layers', () => {
  const old = [row('Conv', 'conv1', 100), row('Relu', 'relu1'), row('Conv', 'conv2', 200), row('Relu', 'relu2')];

  test('that are the same are not named', () =>
    expect(layers(old, old)).toEqual({ added: [], removed: [], renamed: [], changed: [] }));

  test('one that was put in between is added', () => {
    const now = [old[0], old[1], row('BatchNormalization', 'bn', 16), old[2], old[3]] as SourceRow[];
    expect(layers(old, now)).toMatchObject({
      added: [{ op: 'BatchNormalization', name: 'bn' }],
      removed: [],
      renamed: [],
      changed: [],
    });
  });

  test('one that was taken away is removed', () => {
    expect(layers(old, [old[0], old[2], old[3]] as SourceRow[])).toMatchObject({
      added: [],
      removed: [{ op: 'Relu', name: 'relu1' }],
    });
  });

  test('that have other names alone are renamed, each to the one in its place', () => {
    const now = [
      row('Conv', '/a/Conv', 100),
      row('Relu', '/a/Relu'),
      row('Conv', '/b/Conv', 200),
      row('Relu', '/b/Relu'),
    ];
    expect(layers(old, now)).toEqual({
      added: [],
      removed: [],
      renamed: [
        { op: 'Conv', from: 'conv1', to: '/a/Conv' },
        { op: 'Relu', from: 'relu1', to: '/a/Relu' },
        { op: 'Conv', from: 'conv2', to: '/b/Conv' },
        { op: 'Relu', from: 'relu2', to: '/b/Relu' },
      ],
      changed: [],
    });
  });

  test('of the same name and another size are changed', () => {
    const now = [row('Conv', 'conv1', 144, [-1, 12, 16, 16]), old[1], old[2], old[3]] as SourceRow[];
    expect(layers(old, now).changed).toEqual([
      {
        op: 'Conv',
        name: 'conv1',
        shape: { before: '[-1, 8, 16, 16]', now: '[-1, 12, 16, 16]' },
        params: { before: 100, now: 144 },
      },
    ]);
  });

  test('of the same name that do something else are another', () => {
    const now = [old[0], row('Gelu', 'relu1'), old[2], old[3]] as SourceRow[];
    expect(layers(old, now)).toMatchObject({
      added: [{ op: 'Gelu', name: 'relu1' }],
      removed: [{ op: 'Relu', name: 'relu1' }],
    });
  });
});

describe('facts', () => {
  const check = (maxAbs: number, used: number) =>
    [
      {
        engine: 'wasm',
        format: 'graph-model',
        reference: { kind: 'stored', name: 'r' },
        output: 'y',
        status: 'pass',
        maxAbs,
        used,
      },
    ] as ModelReport['checks'];
  const before = model([row('Conv', 'c', 1)], {
    checks: check(1e-6, 0.1),
    format: 'layers-model',
    source: {
      bytes: 1000,
      sha256: 'a'.repeat(64),
      opsets: { '': 13 },
      nodes: 1,
      inputs: [{ name: 'x', dtype: 'float32', shape: [1, 3, 8, 8] }],
    },
  });
  const now = model([row('Conv', 'c', 1)], {
    status: 'mismatch',
    checks: check(0.5, 40),
    format: 'graph-model',
    source: {
      bytes: 3000,
      sha256: 'b'.repeat(64),
      opsets: { '': 17 },
      nodes: 1,
      inputs: [
        { name: 'x', dtype: 'float32', shape: ['N', 3, 8, 8] },
        { name: 'mask', dtype: 'bool', shape: [] },
      ],
    },
  });

  test('that differ are shown then and now', () => {
    expect(changeRows(changesBetween(before, now, SINCE))).toEqual([
      ['largest error', '1e-6 (10 %)', '0.5 (40 times)'],
      ['verdict', 'pass', 'mismatch'],
      ['format', 'layers-model', 'graph-model'],
      ['opset', '13', '17'],
      ['bytes of ONNX', '1000 bytes', '2.9 KB'],
      ['input x', 'float32 [1, 3, 8, 8]', 'float32 [N, 3, 8, 8]'],
      ['input mask', '–', 'bool []'],
    ]);
  });

  test('where the file is the same, where only weights are others, and otherwise', () => {
    expect(sinceText(changesBetween(before, before, SINCE))).toMatch(/^The file is as it was in ababababab;/);
    const weights = { ...before, source: { ...before.source, bytes: 1000, sha256: 'c'.repeat(64) } };
    expect(sinceText(changesBetween(before, weights, SINCE))).toBe('Since ababababab only weights have changed.');
    expect(sinceText(changesBetween(before, model([]), SINCE))).toBe('Since ababababab: 1 layer removed.');
  });
});

test('both renderings show it, and no name gets out of its place', () => {
  const given = report('mixed');
  const changed = given.models.find((m) => m.path === 'models/pool.onnx') as ModelReport;
  const evil = '</code><script>|`x`';
  changed.changes = changesBetween(model([row('Conv', 'gone', 5)]), model([row(evil, evil)]), SINCE);
  expect(layerLines(changed.changes.layers).map((l) => l.what)).toEqual(['removed', 'added']);
  const page = reportHtml(given);
  expect(page).toContain('Since ababababab: 1 layer added, 1 layer removed.');
  expect(page.match(/<script>/g)).toHaveLength(1);
  const summary = summaryMarkdown(given);
  expect(summary).toMatch(/#### What has changed\n\nSince ababababab/);
  expect(summary).not.toContain('<script>');
});
