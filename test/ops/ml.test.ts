import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { convertModel } from '../../src/convert/convert.js';
import { Grower } from '../../src/ops/ml/forest.js';
import { tensorOf } from '../../src/tensor/tensor.js';
import { fed, modelOf, type OracleCase, single } from '../../src/tools/oracle/case.js';
import { describeFamilies, OTHER_DOMAINS } from './generated.js';

// Of every other operator; oracle.long.ts has all of them.
describeFamilies(OTHER_DOMAINS, 1, 2);

function converted(c: OracleCase): ReturnType<typeof convertModel> {
  const folder = mkdtempSync(join(tmpdir(), 'ml-'));
  try {
    const path = join(folder, 'model.onnx');
    writeFileSync(path, modelOf(c));
    return convertModel({
      path,
      relativePath: 'model.onnx',
      formats: ['graph-model'],
      changeOrdering: true,
      namePolicy: 'keep',
      outputFolder: folder,
      limits: { maxModelBytes: 2 ** 31 },
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

test('a ZipMap gives its tensor, and a remark names the columns', () => {
  const result = converted(
    single('ZipMap', {
      domain: 'ai.onnx.ml',
      opset: 1,
      attributes: { classlabels_strings: ['cat', 'dog'] },
      inputs: [fed(tensorOf('float32', [1, 2], [0.25, 0.75]))],
    }),
  );
  expect(result.status).toBe('converted');
  expect(result.diagnostics).toMatchObject([{ code: 'node-remark', severity: 'note', place: { op: 'ZipMap' } }]);
  expect(result.diagnostics[0].message).toMatch(/"cat", "dog"$/);
});

test.each(['BeamSearch', 'EPContext', 'Tokenizer', 'MoE'])('%s is refused with a reason', (op) => {
  const result = converted(
    single(op, { domain: 'com.microsoft', opset: 1, inputs: [fed(tensorOf('float32', [1], [0]))] }),
  );
  expect(result.status).toBe('unsupported');
  expect(result.diagnostics).toMatchObject([{ code: 'unsupported-node', place: { op } }]);
});

describe('thresholds that float32 does not hold', () => {
  // 0.1 lies between the float32 neighbours 0.09999999403953552 and 0.10000000149011612.
  const [below, above] = [0.09999999403953552, 0.10000000149011612];
  const threshold = (input: 'float32' | 'float64', mode: 'BRANCH_LEQ' | 'BRANCH_LT') => {
    const grower = new Grower(input);
    const [root, yes, no] = [grower.node(), grower.node(), grower.node()];
    grower.branch(root, mode, 0, 0.1, [], false, yes, no);
    return grower.forest.threshold[root];
  };
  test('part float32 features as they did', () => {
    expect(threshold('float32', 'BRANCH_LEQ')).toBe(below);
    expect(threshold('float32', 'BRANCH_LT')).toBe(above);
  });
  test('are rounded as double features are', () => {
    expect(threshold('float64', 'BRANCH_LEQ')).toBe(above);
  });
});
