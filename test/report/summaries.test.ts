import { readFileSync } from 'node:fs';
import { kerasColumns, kerasSummary } from '../../src/report/keras-summary.js';
import { sourceSummary } from '../../src/report/source-summary.js';
import type { KerasSummary, LayerRow, SourceRow, SourceSummary } from '../../src/report/types.js';

const fixture = (name: string): string => readFileSync(`${import.meta.dirname}/fixtures/${name}`, 'utf8').trimEnd();

/** Reads a printed Keras summary back: rows begin with one blank and a name; a line of blanks goes on with connections. */
function readKeras(text: string): KerasSummary {
  const rows: LayerRow[] = [];
  const quoted = (s: string) => Array.from(s.matchAll(/'([^']+)'/g), (m) => m[1] as string);
  for (const line of text.split('\n')) {
    const row = /^ (\S+) \((\w+)\) +\[?\(([^)]*)\)\]? +(\d+) +(\[.*)$/.exec(line);
    if (row !== null) {
      const [, name, className, dims, params, connected] = row as unknown as string[];
      const shape = (dims as string).split(', ').map((d) => (d === 'None' ? null : Number(d)));
      rows.push({
        name: name as string,
        className: className as string,
        outputShapes: [shape],
        params: Number(params),
        connectedTo: quoted(connected as string),
      });
    } else if (/^ {50,}'/.test(line)) rows.at(-1)?.connectedTo.push(...quoted(line));
  }
  const total = (title: string) => Number(new RegExp(`^${title} params: (\\d+)`, 'm').exec(text)?.[1]);
  return { name: 'model', rows, trainable: total('Trainable'), nonTrainable: total('Non-trainable') };
}

describe('the Keras summary', () => {
  const expected = fixture('onnx2keras-fcn.summary.txt');
  const summary = readKeras(expected);

  it('the fixture was read whole', () => {
    expect(summary.rows).toHaveLength(89);
    expect(summary.rows.reduce((sum, row) => sum + row.params, 0)).toBe(11_699_112);
    expect(summary.rows.filter((row) => row.connectedTo.length === 2)).toHaveLength(8);
  });

  it('is what Keras prints, to the letter', () => {
    expect(kerasSummary(summary, 130)).toBe(expected);
  });

  it("takes the line that it needs, and Keras's own where that is enough", () => {
    const columns = kerasColumns(summary);
    expect(columns.lineLength).toBeGreaterThan(98);
    expect(columns.lineLength).toBeLessThanOrEqual(130);
    const short = {
      ...summary,
      rows: summary.rows.map((row) => ({ ...row, name: row.name.slice(6, 9), connectedTo: [] })),
    };
    expect(kerasColumns(short).lineLength).toBe(98);
  });

  it('loses nothing of long names, but wraps them', () => {
    const name = `block_${'x'.repeat(150)}_end`;
    const row: LayerRow = {
      name,
      className: 'Conv2D',
      outputShapes: [[null, 3]],
      params: 7,
      connectedTo: [`${name}[0][0]`],
    };
    const text = kerasSummary({ name: 'm', rows: [row], trainable: 7, nonTrainable: 0 });
    const columns = kerasColumns({ name: 'm', rows: [row], trainable: 7, nonTrainable: 0 });
    const body = text.split('\n').slice(4, -5);
    expect(body.length).toBeGreaterThan(1);
    const first = body.map((line) => line.slice(1, (columns.ends[0] as number) - 1).trimEnd()).join('');
    expect(first).toBe(`${name} (Conv2D)`);
    expect(body.map((line) => line.slice(columns.ends[2]).trim()).join('')).toBe(`['${name}[0][0]']`);
  });

  it('leaves "Connected to" out for a chain, as Keras does, and writes shapes as Python', () => {
    const rows: LayerRow[] = [
      { name: 'x', className: 'InputLayer', outputShapes: [[null, 4]], params: 0, connectedTo: [] },
      { name: 'flat', className: 'Flatten', outputShapes: [[null]], params: 0, connectedTo: ['x[0][0]'] },
      {
        name: 'two',
        className: 'LSTM',
        outputShapes: [
          [null, 2],
          [null, 3],
        ],
        params: 1,
        connectedTo: ['flat[0][0]'],
      },
    ];
    expect(kerasSummary({ name: 'model', rows, trainable: 1, nonTrainable: 0 }).split('\n')).toEqual([
      'Model: "model"',
      '_'.repeat(65),
      ' Layer (type)                Output Shape              Param #',
      '='.repeat(65),
      ' x (InputLayer)              [(None, 4)]               0',
      ' flat (Flatten)              (None,)                   0',
      ' two (LSTM)                  [(None, 2),               1',
      '                              (None, 3)]',
      '='.repeat(65),
      'Total params: 1 (4.00 Byte)',
      'Trainable params: 1 (4.00 Byte)',
      'Non-trainable params: 0 (0.00 Byte)',
      '_'.repeat(65),
    ]);
  });

  it('shows names that hide or forge as text on one line', () => {
    const row: LayerRow = {
      name: 'a\n::error::b\u202e',
      className: 'Add',
      outputShapes: [[null]],
      params: 0,
      connectedTo: [],
    };
    const text = kerasSummary({ name: 'm\x1b[2J', rows: [row], trainable: 0, nonTrainable: 0 });
    expect(text).toContain('a\\n::error::b\\u{202e} (Add)');
    expect(text).not.toMatch(/\u202e|^::/m);
    expect(text).not.toContain('\x1b');
  });
});

describe('the source summary', () => {
  const ONNX: Record<string, string> = { Conv2d: 'Conv', ReLU: 'Relu', MaxPool2d: 'MaxPool', Linear: 'Gemm' };
  const expected = fixture('torchsummary-vgg16.txt');
  const rows: SourceRow[] = Array.from(expected.matchAll(/^ +(\w+)-(\d+) +\[(.*)\] +([\d,]+)$/gm), (m) => ({
    number: Number(m[2]),
    op: ONNX[m[1] as string] ?? (m[1] as string),
    name: `node_${m[2]}`,
    outputShape: (m[3] as string).split(', ').map((d) => (d === '-1' ? 1 : Number(d))),
    params: Number((m[4] as string).replaceAll(',', '')),
  }));
  const summary: SourceSummary = { rows, inputElements: [3 * 224 * 224] };

  it('is what torchsummary prints, to the letter', () => {
    expect(rows).toHaveLength(38);
    expect(sourceSummary(summary)).toBe(expected);
  });

  it("shows a symbolic batch as -1, keeps other symbols, and claims no size that it can't know", () => {
    const row: SourceRow = { number: 1, op: 'Conv', name: 'c', outputShape: ['N', 8, 'h', null], params: 5 };
    const text = sourceSummary({ rows: [row] });
    expect(text).toContain('Conv2d-1              [-1, 8, h, ?]               5\n');
    expect(text).toContain('Forward/backward pass size (MB): depends on the input\n');
    expect(text).toContain('Estimated Total Size (MB): depends on the input\n');
    expect(text).toContain('Params size (MB): 0.00\n');
  });

  it('takes a batch of -1 for one', () => {
    const batch = { rows: rows.map((row) => ({ ...row, outputShape: [-1, ...(row.outputShape ?? []).slice(1)] })) };
    expect(sourceSummary({ ...batch, inputElements: [3 * 224 * 224] })).toBe(expected);
  });

  it('counts no batch where there is none', () => {
    const shapes: [SourceRow['outputShape'], string][] = [
      [[7], '[7]'],
      [[1], '[1]'],
      [[5, 1, 2], '[5, 1, 2]'],
      [[], '[]'],
    ];
    for (const [outputShape, shown] of shapes)
      expect(sourceSummary({ rows: [{ number: 1, op: 'Relu', name: 'r', outputShape, params: 0 }] })).toContain(
        ` ${shown} `,
      );
  });

  it('names by torch where it has a name, by ONNX else, and is wide enough for both', () => {
    const named = (op: string, outputShape: number[]) => ({ number: 12, op, name: '', outputShape, params: 0 });
    const text = sourceSummary({
      rows: [
        named('BatchNormalization', [1, 4]),
        named('BatchNormalization', [1, 4, 5, 6, 7]),
        named('Conv', [1, 2, 3]),
        named('Gemm', [1, 2]),
        named('NonMaxSuppression', [1, 3]),
        named('constructor', [2]),
        named('x'.repeat(99), [2]),
      ],
    });
    const names = text
      .split('\n')
      .slice(3, 10)
      .map((line) => line.trim().split(' ')[0]);
    expect(names.slice(0, 6)).toEqual([
      'BatchNorm1d-12',
      'BatchNorm3d-12',
      'Conv1d-12',
      'Linear-12',
      'NonMaxSuppression-12',
      'constructor-12',
    ]);
    const [rule, ...lines] = text
      .split('\n')
      .slice(0, 10)
      .map((line) => line.length) as [number, ...number[]];
    // torchsummary's rule is one longer than its rows.
    expect(new Set(lines)).toEqual(new Set([rule - 1, rule]));
  });
});
