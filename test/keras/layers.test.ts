/** Costumes against outputs that torch stored: cases/README.md says where each is from. */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { convertModel } from '../../src/convert/convert.js';
import { judge } from '../../src/verify/judge.js';

const CASES = join(import.meta.dirname, 'cases');
const names = readdirSync(CASES, { withFileTypes: true })
  .filter((d) => d.isDirectory())
  .map((d) => d.name)
  .sort();

describe.each([true, false])('change-ordering %s', (changeOrdering) => {
  test.each(names)('%s', async (name) => {
    const folder = mkdtempSync(join(tmpdir(), 'layers-'));
    try {
      const model = join(CASES, name, 'model.onnx');
      const converted = convertModel({
        path: model,
        relativePath: 'model.onnx',
        formats: ['layers-model'],
        changeOrdering,
        namePolicy: 'keep',
        outputFolder: folder,
        limits: { maxModelBytes: 2 ** 24 },
      });
      expect(converted.diagnostics.filter((d) => d.severity !== 'warning' && d.severity !== 'note')).toEqual([]);
      // The plain backend is slow, and one order is enough to see that both engines agree.
      for (const engine of changeOrdering ? ['wasm', 'cpu'] : ['wasm']) {
        const verdict = await judge({
          folder,
          model,
          relativePath: name,
          workspace: join(CASES, name),
          tolerance: { rtol: 1e-3, atol: 1e-5, rangeTol: 1e-5 },
          engines: [engine],
        });
        expect([engine, verdict.verdict, verdict.diagnostics.map((d) => d.message)]).toEqual([
          engine,
          'pass',
          verdict.diagnostics.map((d) => d.message),
        ]);
      }
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
