import { bar } from '../../src/report/bar.js';
import { count, duration, figure, fixed2, kerasSize, share, shareOfAllowed, size } from '../../src/report/figures.js';
import type { Figure } from '../../src/report/types.js';

describe('figures', () => {
  it("two decimals are Python's", () => {
    // '%.2f' % x, by CPython 3.11
    const python: [number, string][] = [
      [0, '0.00'],
      [4.125, '4.12'],
      [0.125, '0.12'],
      [0.375, '0.38'],
      [2.675, '2.67'],
      [1.005, '1.00'],
      [44.625, '44.62'],
      [37.5, '37.50'],
      [1 / 3, '0.33'],
      [12345678.125, '12345678.12'],
      [0.015625, '0.02'],
      [4.135, '4.13'],
    ];
    for (const [x, text] of python) expect(fixed2(x)).toBe(text);
  });

  it('sizes as Keras writes them and as people read them', () => {
    const sizes: [number, string, string][] = [
      [0, '0.00 Byte', '0 bytes'],
      [1, '1.00 Byte', '1 byte'],
      [1023, '1023.00 Byte', '1023 bytes'],
      [1024, '1.00 KB', '1.0 KB'],
      [4224, '4.12 KB', '4.1 KB'],
      [1024 ** 2 - 1, '1024.00 KB', '1.0 MB'],
      [46796448, '44.63 MB', '44.6 MB'],
      [200 * 1024 ** 2, '200.00 MB', '200 MB'],
    ];
    for (const [bytes, keras, people] of sizes) expect([kerasSize(bytes), size(bytes)]).toEqual([keras, people]);
  });

  it('counts and times', () => {
    expect([0, 999, 1000, 11689512].map(count)).toEqual(['0', '999', '1,000', '11,689,512']);
    expect([0, 999.4, 999.6, 12345, 185000].map(duration)).toEqual(['0 ms', '999 ms', '1.0 s', '12.3 s', '3 min 5 s']);
  });

  it('errors: three digits, exponents where they say more, words for what is no number', () => {
    const figures: [Figure | undefined, string][] = [
      [undefined, '–'],
      [0, '0'],
      [1, '1'],
      [1.2e-6, '1.2e-6'],
      [4.768371e-7, '4.77e-7'],
      [0.012345, '0.0123'],
      [123456, '123456'],
      [1234567.8, '1.23e6'],
      [-0.5, '-0.5'],
      ['NaN', 'NaN'],
      ['-Infinity', '-Infinity'],
      [1e-7, '1e-7'],
      [1.5e21, '1.5e21'],
    ];
    for (const [x, text] of figures) expect(figure(x)).toBe(text);
  });

  it('shares of a tolerance: never 0 for something, never 100 % for what is beyond', () => {
    const shares: [Figure, string, string, string][] = [
      [0, '0 %', '0 % of what is allowed', '░░░░░░░░░░'],
      [1e-9, '< 1 %', '< 1 % of what is allowed', '░░░░░░░░░░'],
      [0.02, '2 %', '2 % of what is allowed', '█░░░░░░░░░'],
      [0.5, '50 %', '50 % of what is allowed', '█████░░░░░'],
      [1, '100 %', '100 % of what is allowed', '██████████'],
      [1.0000001, 'just over', 'just over what is allowed', '██████████▶'],
      [9.7, '9.7 times', '9.7 times what is allowed', '██████████▶'],
      [41234, '41,234 times', '41,234 times what is allowed', '██████████▶'],
      ['Infinity', 'beyond all', 'beyond all that is allowed', '██████████▶'],
      ['NaN', 'NaN', 'beyond all that is allowed', '██████████▶'],
    ];
    for (const [used, short, sentence, cells] of shares)
      expect([share(used), shareOfAllowed(used), bar(used)]).toEqual([short, sentence, cells]);
  });
});
