import {
  addDim,
  broadcastDims,
  ceilDiv,
  type Dim,
  exactDiv,
  floorDiv,
  maxDim,
  mulDim,
  productOf,
  sameDim,
  subDim,
  symbol,
} from '../../src/ir/dim.js';

const N = symbol('N');
const H = symbol('H');
const show = (d: Dim | undefined) => String(d);
const fresh = () => symbol('?');

describe('sizes that are known only when the model runs', () => {
  test('are the same where they are the same polynomial', () => {
    const a = mulDim(addDim(H, 1), addDim(H, -1));
    const b = subDim(mulDim(H, H), 1);
    expect(sameDim(a, b)).toBe(true);
    expect(sameDim(a, mulDim(H, H))).toBe(false);
    expect(show(addDim(mulDim(2, N), mulDim(N, 3)))).toBe('5*N');
  });

  test('become numbers where the symbols cancel', () => {
    expect(subDim(addDim(N, 7), N)).toBe(7);
    expect(subDim(mulDim(N, H), mulDim(H, N))).toBe(0);
  });

  test('divide where nothing is left over, whatever the symbols stand for', () => {
    expect(show(exactDiv(mulDim(mulDim(N, H), 12), mulDim(N, 4)))).toBe('3*H');
    expect(exactDiv(addDim(N, 1), 2)).toBeUndefined();
    expect(exactDiv(H, N)).toBeUndefined();
    expect(exactDiv(productOf([N, 3, H]), productOf([H, 3, N]))).toBe(1);
    expect(exactDiv(7, 0)).toBeUndefined();
  });

  test.each([-9, -1, 0, 1, 2, 5, 6, 11])('rounded division is that of the integers for H = %i', (h) => {
    // floor((H + 2*1 - 3) / 2) + 1, a convolution's output, with H put in before and after.
    const at = (size: Dim) => addDim(floorDiv(addDim(size, -1), 2), 1);
    const later = String(at(H)).replaceAll('H', `(${h})`).replaceAll('floor', 'Math.floor');
    expect(new Function(`return ${later}`)()).toBe(at(h));
    const up = String(ceilDiv(H, 3)).replaceAll('H', `(${h})`).replaceAll('floor', 'Math.floor');
    expect(new Function(`return ${up}`)()).toBe(Math.ceil(h / 3) + 0);
  });

  test('the same expression is the same symbol', () => {
    expect(sameDim(floorDiv(H, 2), floorDiv(addDim(H, 0), 2))).toBe(true);
    expect(sameDim(maxDim(N, H), maxDim(H, N))).toBe(true);
    expect(sameDim(floorDiv(addDim(H, 4), 2), addDim(floorDiv(H, 2), 2))).toBe(true);
  });

  test('broadcast as numpy does', () => {
    expect(broadcastDims([N, 1, 4], [3, 1], fresh)?.map(show)).toEqual(['N', '3', '4']);
    expect(broadcastDims([N], [5], fresh)).toEqual([5]);
    expect(broadcastDims([2], [3], fresh)).toBeUndefined();
    expect(broadcastDims([N], [H], fresh)?.map(show)).toEqual(['?']);
    expect(broadcastDims([0], [1], fresh)).toEqual([0]);
  });
});
