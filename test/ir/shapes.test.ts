/** What an operator says of the shapes of its inputs (src/ir/shapes.ts), worked out by hand. */
import { Refusal } from '../../src/diag/diagnostic.js';
import { symbol, type Dim } from '../../src/ir/dim.js';
import type { Bound } from '../../src/ir/graph.js';
import { identity } from '../../src/ir/layout.js';
import { checkShapes, type Shapes } from '../../src/ir/shapes.js';
import { allOps } from '../../src/ops/registry.js';

const value = (dims: readonly Dim[]): Bound => ({
  kind: 'tensor',
  name: 'x',
  type: { dtype: 'float32', dims },
  layout: identity(dims.length),
});

/** Why inputs of these shapes are refused; undefined where they are not. */
function refusal(shapes: Shapes, inputs: readonly (readonly Dim[] | undefined)[], told = true): string | undefined {
  try {
    checkShapes(
      'Op',
      shapes,
      inputs.map((dims) => dims && value(dims)),
      (i) => 'XYZ'[i],
      told,
    );
  } catch (e) {
    if (e instanceof Refusal) return e.message;
    throw e;
  }
  return undefined;
}

describe('the shapes of inputs', () => {
  const conv = ['N C _ ...s', 'M _ _ ...s', 'M'];

  test('are as many axes as the list has, and more where it says so', () => {
    expect(refusal(conv, [[1, 3, 8, 8], [4, 3, 3, 3], [4]])).toBeUndefined();
    expect(refusal(conv, [[1, 3, 8], [4, 3, 3], [4]])).toBeUndefined();
    expect(
      refusal(
        conv,
        [
          [1, 3],
          [4, 3],
        ],
        true,
      ),
    ).toBe('input 0 (X) of Op has the shape [1, 3], where [N, C, ?, …s] is wanted');
  });

  test('have as many axes where a name stands for them', () => {
    expect(
      refusal(conv, [
        [1, 3, 8, 8],
        [4, 3, 3],
      ]),
    ).toBe('input 1 (Y) of Op has the shape [4, 3, 3], where [M, ?, ?, …s] is wanted: …s is 1 axis by input 0 (X)');
  });

  test('have one size where a name stands for it, and any where only the run tells it', () => {
    expect(refusal(conv, [[1, 3, 8, 8], [4, 3, 3, 3], [5]])).toBe(
      'input 2 (Z) of Op has the shape [5], where [M] is wanted: M is 4 by input 1 (Y)',
    );
    expect(refusal(conv, [[1, 3, 8, 8], [symbol('m'), 3, 3, 3], [5]])).toBeUndefined();
    expect(refusal(conv, [[1, 3, 8, 8], [4, 3, 3, 3], [symbol('m')]])).toBeUndefined();
  });

  test('may be a multiple of a size, whichever is told first', () => {
    expect(refusal(['4*H', 'H'], [[8], [2]])).toBeUndefined();
    expect(refusal(['4*H', 'H'], [[8], [3]])).toMatch(/H is 2 by input 0/);
    expect(refusal(['H', '4*H'], [[2], [6]])).toMatch(/where \[4\*H\] is wanted: H is 2 by input 0/);
    expect(refusal(['4*H'], [[6]])).toMatch(/where \[4\*H\] is wanted$/);
  });

  test('are one of several forms', () => {
    const scalar = ['() | 1', 'A | A B'];
    for (const dims of [[], [1]]) expect(refusal(scalar, [dims])).toBeUndefined();
    expect(refusal(scalar, [[2]])).toBe('input 0 (X) of Op has the shape [2], where [] or [1] is wanted');
    expect(refusal(scalar, [[], [2, 3]])).toBeUndefined();
  });

  test('are the same as others from an axis on', () => {
    const loss = ['N C ...D', 'N ...D', 'C'];
    expect(refusal(loss, [[2, 3, 4, 5], [2, 4, 5], [3]])).toBeUndefined();
    expect(
      refusal(loss, [
        [2, 3, 4, 5],
        [2, 4, 6],
      ]),
    ).toMatch(/…d is \[4, 5\] by input 0/);
    expect(refusal(['... M M'], [[7, 2, 3]])).toBeDefined();
    expect(refusal(['... M M'], [[7, 3, 3]])).toBeUndefined();
  });

  test('say what may be left out where no schema does', () => {
    expect(refusal(['', '? N'], [undefined, undefined], false)).toBe('input 0 (X) of Op is missing');
    expect(refusal(['', '? N'], [[2], undefined], false)).toBeUndefined();
    expect(refusal(['', 'N'], [[2], undefined], true)).toBeUndefined();
  });

  test('of sequences there are none', () => {
    const sequence: Bound = { kind: 'sequence', name: 's', elements: [] };
    expect(() => checkShapes('Op', ['N'], [sequence], () => undefined, true)).toThrow(
      'input 0 of Op is a sequence, where a tensor is expected',
    );
    expect(() => checkShapes('Op', [''], [sequence], () => undefined, true)).not.toThrow();
  });

  test('are said by operators in words that mean something', () => {
    const lists = allOps().flatMap((op) => (Array.isArray(op.shapes) ? [op.shapes as Shapes] : []));
    expect(lists.length).toBeGreaterThan(100);
    for (const shapes of lists)
      for (const rank of [0, 1, 4])
        expect(() =>
          refusal(
            shapes,
            shapes.map(() => new Array<number>(rank).fill(2)),
          ),
        ).not.toThrow();
  });
});
