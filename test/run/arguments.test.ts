import { readArguments } from '../../src/cli/arguments.js';
import { helpOf } from '../../src/cli/help.js';
import {
  ConfigurationError,
  flagName,
  OPTIONS,
  type OptionKey,
  optionsOf,
  readSettings,
} from '../../src/run/options.js';

const read = (line: string) => readArguments(line.split(' '));
const settings = (line: string) => {
  const given = read(line);
  if (given.show !== 'nothing') throw new Error('nothing to run');
  return given.settings;
};
const wrong = (line: string) => {
  try {
    read(line);
  } catch (e) {
    if (e instanceof ConfigurationError) return e.message;
  }
  return 'nothing is wrong';
};

test("the contract's line is understood, and what it leaves out has its default", () => {
  const given = read(
    'convert models *.onnx --out out --formats graph-model,keras --no-change-ordering --no-verify --rtol 1e-2',
  );
  expect(given).toMatchObject({
    command: 'convert',
    positionals: ['models', '*.onnx'],
    settings: {
      outputDirectory: 'out',
      formats: ['graph-model', 'keras'],
      changeOrdering: false,
      verify: false,
      rtol: 0.01,
      atol: 1e-5,
      rangeTol: 1e-5,
      engines: ['wasm'],
      namePolicy: 'keep',
      failOn: 'unsupported',
      timeoutPerModel: 600,
      maxModelSize: 2048,
      whenNoReference: 'onnxruntime',
      ifNoModelsFound: 'warn',
    },
  });
});

test('values stand after a blank or a sign of equality, switches alone, the last word counts, lists add up', () => {
  expect(settings('convert x -o a --rtol=0.5 --change-ordering')).toMatchObject({
    outputDirectory: 'a',
    rtol: 0.5,
    changeOrdering: true,
  });
  expect(settings('convert x --out a --out b --engines cpu --engines wasm')).toMatchObject({
    outputDirectory: 'b',
    engines: ['cpu', 'wasm'],
  });
  expect(settings('convert --no-verify x --verify --out a')).toMatchObject({ verify: true });
  expect(read('convert --out a -- --odd.onnx')).toMatchObject({ positionals: ['--odd.onnx'] });
});

test.each([
  ['conver x', '"conver" is not a command; did you mean convert?'],
  ['paint x', '"paint" is not a command; see onnx2keras --help'],
  ['convert x --out o --fromats auto', '"--fromats" is not an option of convert; did you mean --formats?'],
  ['convert x --out o --output p', '"--output" is not an option of convert'],
  ['convert x --out o --completely-else', '"--completely-else" is not an option of convert'],
  ['convert x --out o -q', '"-q" is not an option of convert'],
  ['verify x --out o', '"--out" is not an option of verify'],
  ['convert x --out', '--out needs a value'],
  ['convert x --out --formats auto', '--out needs a value'],
  ['convert x --out o --verify=yes', '--verify takes no value: write --verify, or --no-verify'],
  ['convert x', 'convert needs --out <folder>'],
  ['convert --out o', 'convert needs a model, a folder or a glob'],
  ['inspect a b', 'inspect takes one model at a time'],
  ['convert x --out o --rtol -1', '--rtol must be a number of at least 0, not "-1"'],
  ['convert x --out o --rtol 1,5', '--rtol must be a number of at least 0, not "1,5"'],
  ['convert x --out o --rtol Infinity', '--rtol must be a number'],
  ['convert x --out o --concurrency 0', '--concurrency must be a whole number from 1 to 256, not "0"'],
  ['convert x --out o --concurrency 1.5', '--concurrency must be a whole number'],
  ['convert x --out o --timeout-per-model 1e9', '--timeout-per-model must be a whole number'],
  ['convert x --out o --formats tflite', '--formats may hold auto, layers-model, graph-model, keras, not "tflite"'],
  ['convert x --out o --formats auto,keras', '--formats "auto" can\'t stand beside others'],
  ['convert x --out o --formats ,', '--formats must name at least one of'],
  [
    'convert x --out o --fail-on bad',
    '--fail-on must be error, mismatch, unsupported, unverified, warning or never, not "bad"',
  ],
])('%s: %s', (line, message) => {
  expect(wrong(line)).toContain(message);
});

test('help and version are asked for in each of the usual ways', () => {
  expect([[], ['--help'], ['-h'], ['help']].map((argv) => readArguments(argv))).toEqual(
    Array(4).fill({ show: 'help', command: undefined }),
  );
  expect(
    [
      ['help', 'verify'],
      ['verify', '-h'],
      ['verify', '--help', 'x'],
    ].map((argv) => readArguments(argv)),
  ).toEqual(Array(3).fill({ show: 'help', command: 'verify' }));
  expect(read('--version')).toEqual({ show: 'version' });
});

test.each(['convert', 'inspect', 'verify'] as const)(
  'the help of %s tells every option it takes, in lines that fit',
  (command) => {
    const page = helpOf(
      command,
      (t) => t,
      (t) => t,
    );
    for (const [key] of optionsOf(command)) expect(page).toContain(`--${flagName(key)}`);
    expect(page.split('\n').filter((line) => line.length > 100)).toEqual([]);
    expect(page).toContain('Examples');
  },
);

test('every example of the help is a line that is understood', () => {
  const pages = (['convert', 'inspect', 'verify'] as const)
    .map((c) =>
      helpOf(
        c,
        (t) => t,
        (t) => t,
      ),
    )
    .join('\n');
  const lines = [...pages.matchAll(/^ {2}onnx2keras (.+)$/gm)].map(([, line]) => (line as string).replaceAll("'", ''));
  expect(lines.length).toBeGreaterThan(5);
  for (const line of lines) expect(read(line)).toMatchObject({ show: 'nothing' });
});

test('every default can be read, and is what the interface says', () => {
  expect(readSettings({}, (key) => key)).toMatchObject({
    models: ['**/*.onnx'],
    workingDirectory: '.',
    formats: ['auto'],
    changeOrdering: true,
    namePolicy: 'keep',
    rtol: 1e-3,
    atol: 1e-5,
    rangeTol: 1e-5,
    engines: ['wasm'],
    failOn: 'unsupported',
    ifNoModelsFound: 'warn',
    upload: 'all',
    artifactName: 'onnx2keras',
    artifactPerModel: false,
    retentionDays: 0,
    compressionLevel: 0,
    overwrite: false,
    annotations: true,
    jobSummary: true,
    timeoutPerModel: 600,
    maxModelSize: 2048,
  });
});

test("a switch takes YAML's words and no others", () => {
  const parse = OPTIONS.changeOrdering.parse;
  expect(['true', 'True', 'TRUE'].map(parse)).toEqual([true, true, true]);
  expect(['false', 'False', 'FALSE'].map(parse)).toEqual([false, false, false]);
  for (const word of ['yes', '1', 'on', '', ' true', 'tRUE']) expect(() => parse(word)).toThrow(ConfigurationError);
});

test.each([
  ['artifactName', 'a/b', 'must not hold "/"'],
  ['artifactName', 'a\nb', 'must not hold "\\n"'],
  ['references', 'a\0b', 'NUL'],
  ['models', 'a\0b', 'NUL'],
  ['failOn', 'error\n::error::forged', 'not "error\\n::error::forged"'],
])('%s of %j is refused', (key, value, words) => {
  expect(() => readSettings({ [key as OptionKey]: value }, () => `the input ${key}`)).toThrow(words);
});

test('models are taken line by line, with whatever line ends', () => {
  expect(OPTIONS.models.parse('a/*.onnx\r\n\n  !a/b.onnx  \n')).toEqual(['a/*.onnx', '!a/b.onnx']);
});
