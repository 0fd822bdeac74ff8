import { createConsole, type Terminal, terminalOf } from '../../src/run/console.js';
import { progressLines, shareDone } from '../../src/run/progress.js';
import type { FoundModel } from '../../src/run/find.js';
import { totalsOf } from '../../src/report/totals.js';
import type { Check, ModelReport, Report } from '../../src/report/types.js';

import { readLog } from '../action/runner.js';

const model = (path: string): FoundModel => ({ file: `/r/${path}`, root: '/r', path, shown: path, bytes: 1 });

function reportOf(path: string, more: Partial<ModelReport> = {}): ModelReport {
  return { path, status: 'pass', diagnostics: [], checks: [], artefacts: [], timings: { total: 12 }, ...more };
}

const MODELS = [
  reportOf('a.onnx', { format: 'graph-model', artefacts: [{ path: 'a.onnx/model.json', bytes: 2048 }] }),
  reportOf('a much longer name.onnx', {
    status: 'unsupported',
    diagnostics: [
      { code: 'x', severity: 'note', message: 'not shown', remedy: '', place: {} },
      {
        code: 'x',
        severity: 'unsupported',
        message: 'it can not be said',
        remedy: 'leave it out',
        place: { op: 'Xelu', node: 'n::1' },
      },
    ],
  }),
];

function show(terminal: Partial<Terminal> = {}, reports: ModelReport[] = MODELS): string[] {
  const lines: string[] = [];
  const console = createConsole({ line: (text) => lines.push(text), colour: false, ...terminal });
  console.found(reports.map((r) => model(r.path)));
  for (const r of reports) {
    console.started(model(r.path));
    console.doing(model(r.path), 'judging');
    console.finished(model(r.path), r);
  }
  const report: Report = { schema: 1, tool: { name: 't', version: '1' }, models: reports, totals: totalsOf(reports) };
  console.summarize(report, '/out/report.json');
  return lines;
}

test('plain lines: what is worked on, what was found, a line per model, the verdict', () => {
  expect(show()).toEqual([
    'Found 2 models.',
    'a.onnx …',
    '[1/2] a.onnx',
    '  ✓ pass  graph-model · 0 bytes → 2.0 KB · 12 ms',
    'a much longer name.onnx …',
    '[2/2] a much longer name.onnx',
    '  – unsupported  12 ms',
    '    unsupported: Xelu n::1: it can not be said',
    '      → leave it out',
    '',
    '✓ pass         a.onnx                   graph-model  2.0 KB  12 ms',
    '– unsupported  a much longer name.onnx                       12 ms',
    '',
    '1 of 2 models could not be converted: a much longer name.onnx. The other one still computes the same.',
    'Report: /out/report.json',
  ]);
});

test('what a verdict was held against and what was allowed, once for each rule', () => {
  const check = (kind: 'stored' | 'onnxruntime', atol: number): Check => ({
    engine: 'wasm',
    format: 'graph-model',
    reference: { kind, name: 'set' },
    output: 'y',
    status: 'pass',
    tolerance: { rtol: 0.001, atol, rangeTol: 0, range: 1, topK: { k: 5, axis: 1, share: 0.99 }, nan: 'forbid' },
  });
  const said = (checks: Check[]) => show({}, [reportOf('a.onnx', { checks })])[4];
  const rule = (atol: number) => `rtol 0.001, atol ${atol}, range-tol 0, top-k 5 at 0.99 of axis 1, nan forbid`;
  expect(said([check('stored', 0.1), check('stored', 0.1)])).toBe(`    against stored outputs, allowed: ${rule(0.1)}`);
  expect(said([check('onnxruntime', 0.1), check('onnxruntime', 0.2)])).toBe(
    `    against onnxruntime's outputs, allowed: ${rule(0.1)}; or ${rule(0.2)}`,
  );
  expect(said([check('stored', 0.1), check('onnxruntime', 0.1)])).toContain("against stored and onnxruntime's outputs");
});

test('colours where they are wanted, and none else', () => {
  expect(show({ colour: true }).join('\n')).toContain('\u001b[32m✓ pass');
  expect(show().join('\n')).not.toContain('\u001b');
});

test('on a terminal there is a bar for the whole and one per model, within the width, and they go away', () => {
  const drawn: string[][] = [];
  const live = {
    draw: (lines: readonly string[]) => drawn.push([...lines]),
    clear: () => drawn.push([]),
    columns: 60,
    rows: 24,
  };
  show({ live }, [reportOf('n'.repeat(200)), reportOf('b.onnx')]);
  const judging = drawn.find((lines) => lines.some((line) => line.includes('judging')));
  expect(judging?.[0]).toMatch(/^[█░]{24} {2}0 of 2 models · /);
  expect(judging?.[1]).toMatch(/^ {2}[█░]{8} {2}n+…n+ {2}judging · /);
  expect(Math.max(...drawn.flat().map((line) => line.length))).toBeLessThanOrEqual(60);
  // the first is done, the second has begun
  expect(drawn.find((lines) => lines[1]?.includes('b.onnx  judging'))?.[0]).toContain('1 of 2 models');
  expect(drawn.at(-1)).toEqual([]);
});

test('the bars never go back while a model is worked on, and fit a low window', () => {
  const steps = [
    '',
    'converting',
    'judging',
    'running the source in onnxruntime',
    'judging on wasm',
    'looking for the fault on wasm',
  ];
  const shares = steps.map(shareDone);
  expect(shares).toEqual([...shares].sort((a, b) => a - b));
  expect(new Set(shares).size).toBe(steps.length);
  const many = Array.from({ length: 30 }, (_, i) => ({ name: `m${i}`, step: 'judging', took: 1 }));
  const lines = progressLines(many, { total: 40, done: 10, took: 5 }, { columns: 80, rows: 7 });
  expect(lines).toHaveLength(5);
  expect(lines.at(-1)).toBe('  and 27 more');
});

test('what is drawn on a real terminal is taken away again', async () => {
  let written = '';
  const stream = { isTTY: true, columns: 40, rows: 10, write: (text: string) => (written += text) };
  show(
    await terminalOf(stream as unknown as NodeJS.WriteStream, stream as unknown as NodeJS.WriteStream, {
      TERM: 'xterm',
    }),
  );
  expect(written).toContain('█');
  // erased from the first of its lines on: \u001b[2K, and up
  expect(written).toMatch(/\u001b\[2K\u001b\[1A/);
  expect(written).not.toContain('\u001b[?25l');
});

test('hostile names and messages stay on their line, seen for what they are', async () => {
  const evil = reportOf('a\n::error::x', {
    status: 'error',
    diagnostics: [
      { code: 'x', severity: 'error', message: 'm\n::add-mask::1', remedy: '\u001b[2J', place: { node: '\u202e' } },
    ],
  });
  let written = '';
  const pipe = {
    write: (text: string) => {
      written += text;
    },
  } as unknown as NodeJS.WriteStream;
  show(await terminalOf(pipe, pipe, {}), [evil]);
  expect(readLog(written)).toMatchObject({ commands: [] });
  expect(written).not.toMatch(/[\u001b\u202e]/);
  expect(written).toContain('a\\n::error::x');
});

describe('terminalOf', () => {
  const stream = (isTTY: boolean) => {
    const written: string[] = [];
    return {
      written,
      stream: { isTTY, columns: 80, write: (text: string) => written.push(text) } as unknown as NodeJS.WriteStream,
    };
  };
  test.each([
    ['a terminal', true, {}, true, true],
    ['a terminal with NO_COLOR', true, { NO_COLOR: '1' }, false, true],
    ['a terminal with an empty NO_COLOR', true, { NO_COLOR: '' }, true, true],
    ['a dumb terminal', true, { TERM: 'dumb' }, false, false],
    ['a pipe', false, {}, false, false],
  ])('%s', async (_, tty, env, colour, live) => {
    const terminal = await terminalOf(stream(tty).stream, stream(tty).stream, env);
    expect({ colour: terminal.colour, live: terminal.live !== undefined }).toEqual({ colour, live });
  });

  test('a terminal that says it has no lines gets plain ones, since nothing drawn would be seen', async () => {
    const given = { ...stream(true).stream, rows: 0 } as unknown as NodeJS.WriteStream;
    expect((await terminalOf(given, given, {})).live).toBeUndefined();
  });
  test('without colour every line is made safe for a log', async () => {
    const { stream: out, written } = stream(false);
    (await terminalOf(out, out, {})).line('  ::error::forged ##[error]');
    expect(written.join('')).not.toMatch(/^\s*::|##\[/);
  });
});
