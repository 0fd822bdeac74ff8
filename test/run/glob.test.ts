import { ConfigurationError } from '../../src/run/options.js';
import { GlobTime, globMatcher } from '../../src/run/glob.js';

test.each([
  ['**/*.onnx', 'models/a/b.onnx', true],
  ['models/{a,b}/**/*v*-*_*.onnx', 'models/a/x/y/fcn-v2-small_128.onnx', true],
  ['models/{a,b}/**/*v*-*_*.onnx', 'models/c/x/y/fcn-v2-small_128.onnx', false],
  ['!(old)/@(a|b).onnx', 'new/b.onnx', true],
  ['!(old)/@(a|b).onnx', 'old/b.onnx', false],
])('%s and %s: %s', (glob, path, matches) => {
  expect(globMatcher(glob, {})(path)).toBe(matches);
});

test.each([
  ['stars', `${'*a'.repeat(14)}*b`, 'a'.repeat(60)],
  ['repeated classes', `a|${'[a-z]+'.repeat(30)}!`, 'a'.repeat(60)],
  ['alternatives', `*(a|b|ab)${'*a'.repeat(12)}*b|x`, 'a'.repeat(60)],
])('a glob that would take years ends with an error that names it: %s', (_, glob, path) => {
  const time = new GlobTime(50);
  const matches = globMatcher(
    glob,
    { dot: true },
    { time, mistake: (says) => new ConfigurationError(`here: ${says}`, { file: '/w/onnx2keras.yml', line: 7 }) },
  );
  let thrown: unknown;
  try {
    matches(path);
  } catch (error) {
    thrown = error;
  }
  expect(thrown).toBeInstanceOf(ConfigurationError);
  expect((thrown as ConfigurationError).message).toMatch(/^here: the glob ".{10,121}" takes too long to compare with/);
  expect((thrown as ConfigurationError).at).toEqual({ file: '/w/onnx2keras.yml', line: 7 });
});

test('many slow globs share one time', () => {
  const time = new GlobTime(200);
  const slow = Array.from({ length: 100 }, (_, i) => globMatcher(`${'*a'.repeat(6)}*b${i}`, {}, { time }));
  expect(() => slow.forEach((matches) => void matches('a'.repeat(75)))).toThrow(ConfigurationError);
});
