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

/** Costumes against outputs that torch stored (cases/README.md says where each is from), judged on an engine; with `every`, one of so many. */
export function describeCases(engine: 'wasm' | 'cpu', changeOrdering: boolean, every = 1): void {
  test.each(names.filter((_, i) => i % every === 0))(
    `change-ordering ${changeOrdering}, ${engine}: %s`,
    async (name) => {
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
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
    },
  );
}
