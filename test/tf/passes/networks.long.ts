/**
 * Whole networks with all passes, with each left out, and for each target: what stock TensorFlow.js computes on WASM is what
 * onnxruntime-web computes from the source. And on the way, every pass run twice is the pass run once.
 */
import { convertModel } from '../../../src/convert/convert.js';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TF_PASSES } from '../../../src/tf/passes/index.js';
import { prune } from '../../../src/tf/rewrite.js';
import { TARGETS, type Target } from '../../../src/tf/target.js';
import { feedsOf, modelOf } from '../../../src/tools/oracle/case.js';
import { runOnnxruntime } from '../../../src/tools/oracle/onnxruntime.js';
import { verifyModel } from '../../../src/verify/verify.js';
import { openModel } from '../../../src/verify/written.js';
import { loweredFrom, textOf } from './graphs.js';
import { NETWORKS } from './networks.js';

const PASSES = [...new Set(TF_PASSES.map((p) => p.name))];
/** Tighter than the action's own: the networks are small. */
const TOLERANCE = { rtol: 1e-4, atol: 1e-5, rangeTol: 1e-5 };
/** Passes without which one of the networks is written in another form. */
const busy = new Set<string>();

describe.each(Object.entries(NETWORKS))('%s', (_name, network) => {
  const home = mkdtempSync(join(tmpdir(), 'passes-'));
  afterAll(() => rmSync(home, { recursive: true, force: true }));
  const given = network();
  const bytes = modelOf(given);
  const feeds = feedsOf(given);
  const path = join(home, 'model.onnx');
  writeFileSync(path, bytes);
  const truth = runOnnxruntime(bytes, feeds);

  /** What is written: all bytes of the model. */
  function written(target: Target, off: readonly string[]): string {
    const result = convertModel({
      path,
      relativePath: 'model.onnx',
      formats: ['graph-model'],
      changeOrdering: true,
      namePolicy: 'keep',
      outputFolder: home,
      limits: { maxModelBytes: 2 ** 24 },
      target,
      passesOff: [...off],
    });
    expect(result.diagnostics).toEqual([]);
    return result.artefacts
      .filter((a) => a.path !== 'conversion.json')
      .map((a) => a.sha256)
      .join();
  }

  /** The verdict of the judge over what lies there. */
  async function verdict(): Promise<string> {
    const expected = await truth;
    const sets = feeds.map((feed, i) => ({
      kind: 'onnxruntime' as const,
      name: `run ${i}`,
      load: () => ({
        set: { inputs: new Map(Object.entries(feed)), outputs: new Map(Object.entries(expected[i])) },
        diagnostics: [],
      }),
    }));
    const judgement = await verifyModel(openModel(home, 'model.onnx'), sets, {
      engines: ['wasm'],
      tolerance: TOLERANCE,
      explain: false,
    });
    return judgement.verdict;
  }

  test.each(TARGETS)('for the target %s, with all passes and without any', async (target) => {
    written(target, []);
    expect(await verdict()).toBe('pass');
    written(target, PASSES);
    expect(await verdict()).toBe('pass');
  });

  test('with each pass left out', async () => {
    const whole = written('wasm', []);
    for (const pass of PASSES) {
      if (written('wasm', [pass]) === whole) continue;
      busy.add(pass);
      expect([pass, await verdict()]).toEqual([pass, 'pass']);
    }
  });

  test.each(['any', 'wasm'] as const)('for the target %s, every pass run twice is the pass run once', (target) => {
    let graph = prune(loweredFrom(bytes));
    for (const pass of TF_PASSES.filter((p) => (p.target ?? target) === target)) {
      graph = pass.run(graph, target);
      expect([pass.name, textOf(pass.run(graph, target))]).toEqual([pass.name, textOf(graph)]);
    }
  });
});

test('each pass changes what is written for one of the networks at least', () => {
  // split-hidden is for weights of 4 MB and more: rules.test.ts has it.
  expect([...busy, 'split-hidden'].sort()).toEqual([...PASSES].sort());
});
