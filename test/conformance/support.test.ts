/** The support table says of each operator when a layers-model can't hold it: by the reasons that conversions gave. */
import type { Outcome } from '../../src/tools/conformance.js';
import { supportTable } from '../../src/tools/support.js';

const outcome = (id: string, op: string, passes: boolean, reasons: readonly string[] = []): Outcome => ({
  id,
  set: 'set',
  kind: 'tensors',
  ops: [op],
  dtypes: ['float'],
  engines: { cpu: { status: passes ? 'pass' : 'refused', reason: reasons[0] ?? '' } },
  obstacles: reasons.map((reason) => ({ op, reason })),
  milliseconds: 0,
});

test('reasons are shown by how often they stood in the way, without names and numbers of single models', () => {
  const graph = ['a', 'b', 'c', 'd', 'e'].map((id, i) => outcome(id, i < 4 ? 'Add' : 'Floor', true));
  const layers = [
    outcome('a', 'Add', true),
    outcome('b', 'Add', false, ['Add of int8: the layers of Keras compute with floats']),
    outcome('c', 'Add', false, [
      'Add of uint16: the layers of Keras compute with floats',
      'the constant W has a value of its own for each item of the batch (axis 0)',
    ]),
    outcome('d', 'Add', false, ['the constant /a/b|c has a value of its own for each item of the batch (axis 0)']),
    outcome('e', 'Floor', false, ['no stock Keras layer says Floor']),
  ];
  const rows = supportTable({ engines: ['cpu'], outcomes: graph }, { engines: ['cpu'], outcomes: layers }).split('\n');
  const cells = (op: string) => rows.find((r) => r.startsWith(`| \`${op}\` `))?.split(' | ');
  expect(cells('Add')?.slice(3, 6)).toEqual([
    '4 of 4',
    '1 of 4',
    'Add of other types: the layers of Keras compute with floats; the constant has a value of its own for each item of the batch (axis 0)',
  ]);
  expect(cells('Floor')?.slice(3, 6)).toEqual(['1 of 1', '–', 'always: no stock layer says it']);
  expect(cells('Mul')?.slice(3, 6)).toEqual(['no case', 'some', '']);
});
