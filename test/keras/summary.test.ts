/**
 * The article's network, FCN-ResNet18, as onnx2keras itself shows it. expected/renumerate.change_ordering-*.txt is what
 * `model.summary()` printed for the model that onnx2keras (commit 45c81f2, MIT) made of the same ONNX file with
 * name_policy='renumerate', over a current TensorFlow.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { kerasSummary } from '../../src/report/keras-summary.js';
import { lowered } from './lowered.js';
import { network } from './networks.js';

const expected = (ordering: 0 | 1) =>
  readFileSync(join(import.meta.dirname, 'expected', `renumerate.change_ordering-${ordering}.txt`), 'utf8').trimEnd();
const shown = (dialect: 'tfjs' | 'keras3', ordering: 0 | 1) =>
  kerasSummary(
    lowered(network('fcn_resnet18_128x160_bn'), 'renumerate', dialect, ordering === 1).summary,
    130,
  ).trimEnd();

test('channels last, the layers-model is that of onnx2keras line by line', () => {
  expect(shown('tfjs', 1)).toBe(expected(1));
});

test('the Keras archive is that of onnx2keras line by line, in either order', () => {
  expect(shown('keras3', 1)).toBe(expected(1));
  expect(shown('keras3', 0)).toBe(expected(0));
});

test('channels first, the layers-model differs by the Permutes around BatchNormalization alone', () => {
  // tfjs-layers 4.22 normalizes rightly along the last axis only: docs/onnx2keras-differences.md.
  const { summary } = lowered(network('fcn_resnet18_128x160_bn'), 'renumerate', 'tfjs', false);
  const others = summary.rows
    .filter((r) => !/_(HWC|CHW)$/.test(r.name))
    .map((r) => `${r.name} ${r.className} ${r.params}`);
  const rows = expected(0)
    .split('\n')
    .flatMap((line) => {
      const found = /^ (\S+) \((\w+)\)\s.*\s(\d+)\s+\[/.exec(line);
      return found ? [`${found[1]} ${found[2]} ${found[3]}`] : [];
    });
  expect(rows.length).toBeGreaterThan(80);
  expect([...others].sort()).toEqual([...rows].sort());
  expect(summary.rows.filter((r) => /_(HWC|CHW)$/.test(r.name)).every((r) => r.className === 'Permute')).toBe(true);
});
