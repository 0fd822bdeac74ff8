import { readdirSync, readFileSync } from 'node:fs';
import { changesBetween } from '../../src/report/changes.js';
import type { Diagnostic } from '../../src/diag/diagnostic.js';
import type { Check, EngineFacts, Finding, Report } from '../../src/report/types.js';
import type { Check as JudgesCheck, EngineFacts as JudgesEngineFacts } from '../../src/verify/checks.js';

/** The judge and the diagnostics give what the report takes: checked by the compiler. */
type Gives<From extends To, To> = [From, To];
export type Agreed = [Gives<JudgesCheck, Check>, Gives<JudgesEngineFacts, EngineFacts>, Gives<Diagnostic, Finding>];

/** The hand-written reports that all renderings are tested on, by name. */
export const REPORTS: ReadonlyMap<string, Report> = new Map(
  readdirSync(`${import.meta.dirname}/reports`)
    .sort()
    .map((file) => [
      file.replace(/\.json$/, ''),
      JSON.parse(readFileSync(`${import.meta.dirname}/reports/${file}`, 'utf8')) as Report,
    ]),
);

/** One of them, to be changed freely. */
export function report(name: string): Report {
  return structuredClone(REPORTS.get(name) as Report);
}

/** Many models: 300 of which every tenth differs, each with a few hundred layers and findings. */
export function manyModels(n: number, failsEvery: number): Report {
  const base = report('mixed');
  const good = base.models.find((m) => m.path === 'models/block.onnx') as Report['models'][number];
  const bad = base.models.find((m) => m.path === 'models/pool.onnx') as Report['models'][number];
  const models = Array.from({ length: n }, (_, i) => {
    const model = structuredClone(i % failsEvery === 0 ? bad : good);
    const rows = Array.from({ length: 30 }, () => model.layers?.rows ?? []).flat();
    const path = `models/family-${i % 7}/model-${String(i).padStart(4, '0')}.onnx`;
    for (const finding of model.diagnostics) finding.place.file = path;
    // What a pull request adds: each changed model says what it was before.
    if (i % 3 === 0)
      model.changes = changesBetween({ ...model, layers: { rows: rows.slice(30) } }, model, 'ab'.repeat(20));
    return { ...model, path, layers: { rows } };
  });
  const mismatch = models.filter((m) => m.status === 'mismatch').length;
  return {
    ...base,
    models,
    totals: { ...base.totals, models: n, pass: n - mismatch, mismatch, error: 0, unsupported: 0, unverified: 0 },
  };
}
