/** Each policy of the settings file, from the command line to the report: what it lets pass, what not, and what is said. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Report } from '../../src/report/types.js';
import { sketched } from '../convert/harness.js';
import { folder, removeFolders } from './folders.js';
import { CLI } from './program.js';

afterAll(removeFolders);

type Values = (number | string)[];

/** y = -x, in the shape [1, 4]; `y`: what is stored. One policy lets it pass, the other doesn't. */
const CASES: readonly [name: string, x: Values, y: Values, pass: string, fail: string, applied: object][] = [
  ['atol', [1, 2, 3, 4], [-1.05, -2, -3, -4], 'atol: 0.06', 'atol: 0.04', { atol: 0.06 }],
  ['rtol', [1, 2, 3, 100], [-1, -2, -3, -104], 'rtol: 0.04', 'rtol: 0.038', { rtol: 0.04 }],
  ['range', [0, 0, 0, 100], [-1, 0, 0, -100], 'range-tol: 0.011', 'range-tol: 0.009', { rangeTol: 0.011 }],
  // Neighbours of -1 in float32 are 2^-23 apart.
  ['ulp', [1, 1, 1, 1], [-1.000000357627869, -1, -1, -1], 'ulp: 3', 'ulp: 2', { ulp: 3 }],
  ['outliers', [1, 2, 3, 4], [-9, -2, -3, -4], 'outliers: 0.25', 'outliers: 0.24', { outliers: 0.25 }],
  // Between [1, 0, 0, 0] and [1, 1, 0, 0]: 0.7071.
  ['cosine', [1, 1, 0, 0], [-1, 0, 0, 0], 'outliers: 1, cosine: 0.7', 'outliers: 1, cosine: 0.71', { cosine: 0.7 }],
  [
    'top-k',
    [-1, -5, -3, -2],
    [1, 3, 5, 2],
    'outliers: 1, top-k: 2',
    'outliers: 1, top-k: 1',
    { topK: { k: 2, axis: 1, share: 1 } },
  ],
  [
    'arg-max',
    [-1, -5, -3, -2],
    [1, 6, 3, 2],
    'outliers: 1, arg-max: 1',
    'outliers: 1, arg-max: { axis: 0, share: 2e-1 }, cosine: 1',
    { argMax: { axis: 1, share: 1 } },
  ],
  ['nan', [1, 2, 3, 4], ['NaN', -2, -3, -4], 'nan: ignore', 'nan: equal', { nan: 'ignore' }],
  ['nan-met', ['NaN', 2, 3, 4], ['NaN', -2, -3, -4], 'nan: equal', 'nan: forbid', { nan: 'equal' }],
  ['inf', [1, 2, 3, 4], [-1, -2, 'Infinity', -4], 'infinite: ignore', 'infinite: equal', { infinite: 'ignore' }],
  [
    'inf-met',
    ['Infinity', 2, 3, 4],
    ['-Infinity', -2, -3, -4],
    'infinite: equal',
    'infinite: forbid',
    { infinite: 'equal' },
  ],
];

test('each policy lets pass what it should and nothing else, and is printed as it was applied', () => {
  const base = folder();
  const exact = 'rtol: 0, atol: 0, range-tol: 0';
  const rules: string[] = [];
  const model = sketched({
    inputs: { x: ['float32', [1, 4]] },
    outputs: ['y'],
    nodes: [{ op: 'Neg', in: ['x'], out: ['y'] }],
  });
  for (const [name, x, y, pass, fail] of CASES)
    for (const [kind, policy] of [
      ['pass', pass],
      ['fail', fail],
    ] as const) {
      const place = path.join(base, kind, `${name}.reference`);
      mkdirSync(place, { recursive: true });
      writeFileSync(path.join(base, kind, `${name}.onnx`), model);
      writeFileSync(path.join(place, 'x.json'), JSON.stringify([x]));
      writeFileSync(path.join(place, 'y.json'), JSON.stringify([y]));
      // Once for all outputs of a model, once for one of them.
      rules.push(
        `  ${kind}/${name}.onnx: ${kind === 'pass' ? `{ tolerance: { ${policy} } }` : `{ outputs: { y: { ${policy} } } }`}`,
      );
    }
  writeFileSync(
    path.join(base, 'onnx2keras.yml'),
    `defaults: { engines: cpu, formats: graph-model, tolerance: { ${exact} } }\nmodels:\n${rules.join('\n')}\n`,
  );
  const options = ['--out', 'out', '--fail-on', 'never', '--no-try-it'];
  execFileSync(process.execPath, [CLI, 'convert', '.', ...options], { cwd: base, stdio: 'pipe' });
  const report = JSON.parse(readFileSync(path.join(base, 'out/report/report.json'), 'utf8')) as Report;
  const summary = readFileSync(path.join(base, 'out/report/summary.md'), 'utf8');
  const found = new Map(report.models.map((m) => [m.path, m]));
  for (const [name, , , , , applied] of CASES) {
    const [right, wrong] = [found.get(`pass/${name}.onnx`), found.get(`fail/${name}.onnx`)];
    expect([name, right?.status, wrong?.status]).toEqual([name, 'pass', 'mismatch']);
    expect(right?.checks[0]?.tolerance).toMatchObject(applied);
    expect(wrong?.checks[0]?.reason).toBeDefined();
  }
  for (const said of [
    'rtol 0, atol 0.06, range-tol 0',
    'rtol 0.04, atol 0, range-tol 0',
    'range-tol 0.011',
    'ulp 3',
    'outliers 0.25',
    'cosine 0.7',
    'top-k 2 at 1 of axis 1',
    'arg-max 1 of axis 1',
    'nan ignore',
    'nan forbid',
    'infinite ignore',
    'infinite forbid',
  ])
    expect(summary).toContain(said);
});
