/** Settings files made to hurt: bent ones, and ones that grow. */
import { mutateBytes } from './mutate.js';
import type { Random } from './random.js';
import { NAMES } from './words.js';

const KEYS = [
  'defaults',
  'models',
  'formats',
  'change-ordering',
  'name-policy',
  'references',
  'engines',
  'when-no-reference',
  'timeout-per-model',
  'tolerance',
  'inputs',
  'outputs',
  'expect',
  'reason',
  'expires',
  'rtol',
  'atol',
  'range-tol',
  'top-k',
  'arg-max',
  'shape',
  'order',
  'range',
  'preprocess',
  'size',
  'mean',
  'std',
  'scale',
  'k',
  'axis',
  'share',
  'nan',
  'ulp',
  '<<',
  '__proto__',
  'constructor',
  '$schema',
  '? [a]',
  '"\\u0000"',
  '!!binary a',
  '*a',
  '&a b',
];
const VALUES = [
  '1',
  '-1',
  '1e999',
  '.nan',
  '.inf',
  '0x7fffffffffffffff',
  '0o17',
  '1_000',
  '~',
  'null',
  'yes',
  'true',
  '[]',
  '{}',
  '""',
  "'it''s'",
  '2027-01-31',
  '2027-99-99',
  '!!binary aGVsbG8=',
  '!!set {a, b}',
  '!!omap [a: 1]',
  '!<tag:yaml.org,2002:js/function> x',
  '!!timestamp 2001',
  '*a',
  '&a [1, 2]',
  '| \n   text',
  '>\n   folded',
  '[1, 2, 3]',
  '[auto, keras]',
  'graph-model',
  'unsupported',
  '5',
  '{ k: 5 }',
  '9'.repeat(400),
  '"\\ud800"',
  '$\u007b{ secrets.X }}',
  '# comment',
  '%YAML 1.2',
  '---',
  '...',
];
const GLOBS = [
  '**/*.onnx',
  '*.onnx',
  '**',
  '!**',
  '[',
  ']',
  '{',
  '{a,b}',
  '{1..9}',
  '{1..999999999}',
  '{a..z..0}',
  '(',
  '+(a|aa)',
  '*(a|b|ab)*c',
  '@(x',
  '!(a)',
  '?(',
  '\\',
  '[[:alpha:]]',
  '[z-a]',
  '**/**/**/**/**/**/x',
  '+(+(+(+(a))))b',
  '*(*(*(*(a))))b',
  '*a*a*a*a*a*a*a*a*a*a*a*a*b',
  '{{{{a,b},c},d},e}',
  'a{,b}'.repeat(20),
  '!(!(!(a)))',
  '(a+)+$',
  '[a-z]+'.repeat(30),
  '?'.repeat(300),
  '*'.repeat(300),
  '**/'.repeat(200),
  'x'.repeat(70000),
];

/** A settings file that is right. */
export const SOUND = `defaults:
  formats: [layers-model, graph-model]
  tolerance: { rtol: 1e-3, atol: 1e-5 }
models:
  models/fcn.onnx:
    inputs:
      input_0: { shape: [1, 3, 725, 1920], range: [0, 1], order: [0, 2, 3, 1], preprocess: { size: [4, 4], mean: 0.5 } }
    outputs:
      output_0: { arg-max: { axis: 1, share: 0.999 }, top-k: 5, nan: forbid }
  models/**:
    expect: unsupported
    reason: known
    expires: 2027-06-30
`;

function tree(r: Random, depth: number, indent: number): string {
  const pad = ' '.repeat(indent);
  let out = '';
  for (let n = 1 + r.below(4); n > 0; n--) {
    const key = r.once(6) ? JSON.stringify(r.pick([...NAMES, ...GLOBS])) : r.pick(KEYS);
    out +=
      depth === 0 || r.once(3)
        ? `${pad}${key}: ${r.pick(VALUES)}\n`
        : `${pad}${key}:\n${tree(r, depth - 1, indent + 1 + r.below(3))}`;
  }
  return out;
}

const glob = (r: Random): string =>
  r.once(3)
    ? Array.from({ length: 1 + r.below(6) }, () => r.pick(GLOBS)).join(r.pick(['', '/', '*', '|']))
    : r.pick(GLOBS);

/** A settings file's text. */
export function settingsFile(r: Random): Uint8Array {
  const text = r.pick([
    () => SOUND,
    () => tree(r, r.below(5), 0),
    () =>
      `models:\n${Array.from({ length: 1 + r.below(4) }, () => `  ${JSON.stringify(glob(r))}: { formats: auto }\n`).join('')}`,
    () => {
      // Aliases of aliases: a billion laughs.
      const n = 2 + r.below(40);
      const wide = 2 + r.below(12);
      const lines = Array.from(
        { length: n },
        (_, i) =>
          `a${i}: &a${i} [${Array(wide)
            .fill(i === 0 ? 'x' : `*a${i - 1}`)
            .join(', ')}]`,
      );
      return `${lines.join('\n')}\ndefaults: *a${n - 1}\n`;
    },
    () => `a: &a\n  b: &b { <<: *${r.pick(['a', 'b'])} }\ndefaults:\n  <<: [*a, *b, *a]\n`,
    () =>
      `defaults: ${r.pick(['[', '{a: ', '{? ', '- ', '? ', '&a ', '!!x ', '!', '"'])}`.repeat(1) +
      r.pick(['[', '{a: ', '- ', '? ', ': ']).repeat(r.pick([10, 1000, 30000])),
    () => `${r.pick(['- ', '? ', '[', '{', '"a": {'])}`.repeat(r.pick([10, 1000, 5000])),
    () => Array.from({ length: r.pick([10, 2000]) }, (_, i) => `k${i}: 1`).join('\n'),
    () => Array.from({ length: r.pick([10, 2000]) }, () => 'defaults: {}').join(r.pick(['\n', '\n---\n'])),
    () => `defaults: { references: "${'a'.repeat(r.pick([10, 100000]))}" }`,
    () =>
      `models: { ${Array.from({ length: 500 }, (_, i) => `"${i}${glob(r).slice(0, 200).replaceAll('\\', '').replaceAll('"', '')}": {}`).join(', ')} }`,
  ])();
  const bytes = Buffer.from(text);
  return r.once(2) ? mutateBytes(bytes, r) : bytes;
}
