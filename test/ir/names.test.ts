import { legalName, Names } from '../../src/ir/names.js';

describe('legal names', () => {
  // The rule and its examples are those of the output contract.
  test.each([
    ['input_0', 'input_0'],
    ['125', '125'],
    ['125_pad', '125_pad'],
    ['/conv1/Conv_output_0', 'conv1_Conv_output_0'],
    ['onnx::MaxPool_12', 'onnx__MaxPool_12'],
    ['//a//b', 'a__b'],
    ['_x', 'n_x'],
    ['.x', 'n.x'],
    ['-x', 'n-x'],
    ['ü', 'n_'],
    ['', 'n'],
    ['a b(c)', 'a_b_c_'],
    ['a\n::error::b', 'a___error__b'],
  ])('%j is written as %j', (given, written) => {
    expect(legalName(given)).toBe(written);
    expect(written).toMatch(/^[A-Za-z0-9][A-Za-z0-9._-]*$/);
  });

  test('are unique whatever their case, in file order, derived ones included', () => {
    const names = new Names('keep');
    expect(names.input('x')).toBe('x');
    expect(names.output('/X', 0)).toBe('X_1');
    expect(names.output('125', 1)).toBe('125');
    expect(names.derived('125', '_pad')).toBe('125_pad');
    expect(names.output('125_pad', 2)).toBe('125_pad_1');
    expect(names.output('x_1', 3)).toBe('x_1_1');
  });

  test('are none that every object has, since tfjs-layers looks layers up in one', () => {
    const names = new Names('keep');
    expect(names.input('constructor')).toBe('constructor_1');
    expect(names.output('toString', 0)).toBe('toString_1');
    expect(names.input('__proto__')).toBe('n__proto__');
  });

  test('short keeps eight characters, renumerate counts all nodes of the file', () => {
    const short = new Names('short');
    expect(short.output('conv1_output', 0)).toBe('conv1_ou');
    expect(short.output('conv1_other', 1)).toBe('conv1_ot');
    expect(short.output('conv1_outer', 2)).toBe('conv1_ou_1');
    const renumerate = new Names('renumerate');
    expect(renumerate.input('image')).toBe('image');
    expect(renumerate.output('whatever', 4)).toBe('LAYER_4');
    expect(renumerate.output('a', 5, 0, 2)).toBe('LAYER_5_0');
    expect(renumerate.output('b', 5, 1, 2)).toBe('LAYER_5_1');
  });
});
