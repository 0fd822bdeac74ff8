/**
 * The engine `tensorflow` with a real @tensorflow/tfjs-node; `npm run test:tensorflow`. The package is taken from where
 * ONNX2KERAS_TFJS_NODE says, or is made by ../shared/tools/tfjs-node-local; where neither is to be had, that is said.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { convertModel } from '../../src/convert/convert.js';
import { judge } from '../../src/verify/judge.js';

const ROOT = join(import.meta.dirname, '../..');
const MAKER = join(ROOT, '../shared/tools/tfjs-node-local');
const DATA = process.env.ONNX2KERAS_DATA ?? join(ROOT, '../shared/data');

const home = mkdtempSync(join(tmpdir(), 'tensorflow-'));
afterAll(() => rmSync(home, { recursive: true, force: true }));

/** The package's folder, or why there is none. */
function tfjsNode(): { place?: string; why?: string } {
  const given = process.env.ONNX2KERAS_TFJS_NODE;
  if (given) return { place: given };
  if (!existsSync(MAKER)) return { why: 'ONNX2KERAS_TFJS_NODE names no @tensorflow/tfjs-node' };
  try {
    return { place: execFileSync(MAKER, [join(home, 'tfjs-node')], { encoding: 'utf8', stdio: 'pipe' }).trim() };
  } catch (e) {
    return { why: `tfjs-node-local: ${(e as { stderr?: string }).stderr?.trim()}` };
  }
}

const { place, why } = tfjsNode();
if (why) process.stdout.write(`left out: ${why}\n`);

const CASES = ['fcn-resnet18/fcn_resnet18_128x160_bn', 'torchvision-zoo', 'small-modules']
  .flatMap((name) => {
    const folder = join(DATA, name);
    if (!existsSync(folder)) return [];
    return existsSync(join(folder, 'model.onnx')) ? [folder] : readCases(folder);
  })
  .concat(join(ROOT, 'examples/fcn-resnet18'));

function readCases(folder: string): string[] {
  return readdirSync(folder).map((name) => join(folder, name));
}

(place ? describe : describe.skip)('tensorflow', () => {
  test.each(CASES)(
    '%s agrees wherever WASM does',
    async (folder) => {
      const file = existsSync(join(folder, 'model.onnx')) ? 'model.onnx' : 'fcn-resnet18.onnx';
      const out = mkdtempSync(join(home, 'out-'));
      const model = join(folder, file);
      const { status } = convertModel({
        path: model,
        relativePath: file,
        formats: ['auto'],
        changeOrdering: true,
        namePolicy: 'keep',
        outputFolder: out,
        limits: { maxModelBytes: 2 ** 31 },
      });
      if (status !== 'converted') return;
      const result = await judge({
        folder: out,
        model,
        relativePath: file,
        workspace: folder,
        tolerance: { rangeTol: 1e-4 },
        engines: ['wasm', 'tensorflow'],
        enginePlaces: { tfjsNode: [place as string] },
        runSource: true,
      });
      const verdicts = (engine: string) =>
        result.checks.filter((c) => c.engine === engine && !c.guarded).map((c) => c.status);
      expect(result.engines.find((e) => e.name === 'tensorflow')).toMatchObject({
        version: '4.22.0',
        details: { backend: 'tensorflow', package: '@tensorflow/tfjs-node' },
      });
      expect(verdicts('tensorflow').length).toBeGreaterThan(0);
      expect(verdicts('tensorflow')).toEqual(verdicts('wasm'));
    },
    120_000,
  );
});
