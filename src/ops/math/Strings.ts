import { beyond, refuse } from '../../diag/diagnostic.js';
import { LIMITS } from '../../diag/limits.js';
import { broadcastDims } from '../../ir/dim.js';
import { broadcastIndices } from '../../ir/numeric.js';
import { defineOp, noAttributes } from '../../ir/op.js';
import { sizeOf, tensorOf, type Tensor } from '../../tensor/tensor.js';

const REMEDY = 'work on strings before the model, and feed it numbers';
const noStrings = (n: { opName: string }): never =>
  refuse(`${n.opName} works on strings, for which TensorFlow.js has no such op`, REMEDY);

const stringConcat = defineOp({
  name: 'StringConcat',
  summary: 'strings joined, broadcast',
  limits: 'of constants only',
  read: { 20: noAttributes },
  infer: (n) => [{ dtype: 'string', dims: broadcastDims(n.dims(0), n.dims(1), () => n.fresh()) ?? [] }],
  fold: (_, [x, y]) => {
    const { dims, each } = broadcastIndices([x.dims, y.dims]);
    const data = new Array<string>(sizeOf(dims));
    let length = 0;
    each(([i, j], k) => {
      data[k] = (x.data[i] as string) + (y.data[j] as string);
      length += data[k].length;
      if (length > LIMITS.textBytes)
        beyond(
          'tensor-too-large',
          `the strings that the model joins have more than ${LIMITS.textBytes} characters`,
          REMEDY,
        );
    });
    return [{ dtype: 'string', dims, data }];
  },
  graph: noStrings,
});

interface Split {
  /** Empty: at white space. */
  readonly delimiter: string;
  readonly most: number;
}

const stringSplit = defineOp<Split>({
  name: 'StringSplit',
  summary: 'strings cut at a delimiter, and the number of parts',
  limits: 'of constants only',
  read: {
    20: (n) => ({ delimiter: n.optString('delimiter') ?? '', most: n.optInt('maxsplit') ?? Number.POSITIVE_INFINITY }),
  },
  infer: (n) => [
    { dtype: 'string', dims: [...n.dims(0), n.fresh()] },
    { dtype: 'int64', dims: n.dims(0) },
  ],
  fold: (n, [x]) => {
    const parts = Array.from(x.data as readonly string[], (s) => pieces(s, n.attrs));
    const longest = parts.reduce((p, q) => Math.max(p, q.length), 0);
    const data = parts.flatMap((p) => [...p, ...new Array<string>(longest - p.length).fill('')]);
    return [
      { dtype: 'string', dims: [...x.dims, longest], data },
      tensorOf(
        'int64',
        x.dims,
        parts.map((p) => p.length),
      ),
    ];
  },
  graph: noStrings,
});

function pieces(text: string, { delimiter, most }: Split): string[] {
  const found: string[] = [];
  let rest = delimiter === '' ? text.trim() : text;
  if (delimiter === '' && rest === '') return [];
  while (found.length < most) {
    const at = delimiter === '' ? rest.search(/\s/) : rest.indexOf(delimiter);
    if (at < 0) break;
    found.push(rest.slice(0, at));
    rest = delimiter === '' ? rest.slice(at).trimStart() : rest.slice(at + delimiter.length);
  }
  return [...found, rest];
}

interface Normalizer {
  readonly action: string;
  readonly caseSensitive: boolean;
  readonly stopwords: readonly string[];
}

const stringNormalizer = defineOp<Normalizer>({
  name: 'StringNormalizer',
  summary: 'strings less stop words, in upper or lower case',
  limits: 'of constants only',
  read: {
    10: (n) => ({
      action: n.string('case_change_action'),
      caseSensitive: n.flag('is_case_sensitive'),
      stopwords: n.optStrings('stopwords') ?? [],
    }),
  },
  infer: (n) => [{ dtype: 'string', dims: [...n.dims(0).slice(0, -1), n.fresh()] }],
  fold: ({ attrs }, [x]): Tensor[] => {
    const key = (s: string) => (attrs.caseSensitive ? s : s.toLowerCase());
    const stop = new Set(attrs.stopwords.map(key));
    const kept = (x.data as readonly string[])
      .filter((s) => !stop.has(key(s)))
      .map((s) => (attrs.action === 'LOWER' ? s.toLowerCase() : attrs.action === 'UPPER' ? s.toUpperCase() : s));
    const data = kept.length > 0 ? kept : [''];
    return [{ dtype: 'string', dims: [...x.dims.slice(0, -1).map(() => 1), data.length], data }];
  },
  graph: noStrings,
});

const regexFullMatch = defineOp<{ pattern: string }>({
  name: 'RegexFullMatch',
  summary: 'whether strings match a regular expression',
  limits: 'of constants only',
  read: { 20: (n) => ({ pattern: n.string('pattern') }) },
  infer: (n) => [{ dtype: 'bool', dims: n.dims(0) }],
  fold: (n, [x]) => {
    const texts = x.data as readonly string[];
    const pattern = expression(n.attrs.pattern);
    if (!pattern || !texts.every((s) => PLAIN.test(s))) return undefined;
    // RE2 takes time by the length of the text; JavaScript goes back and tries again.
    const longest = texts.reduce((most, s) => Math.max(most, s.length), 1);
    if (longest ** repetitions(n.attrs.pattern) * texts.length > MOST_TRIES) return undefined;
    return [
      tensorOf(
        'bool',
        x.dims,
        texts.map((s) => pattern.test(s)),
      ),
    ];
  },
  graph: noStrings,
});

/** ONNX's expressions are RE2's: on printable ASCII they mean the same as JavaScript's, where both know them. */
const PLAIN = /^[ -~]*$/;
function expression(pattern: string): RegExp | undefined {
  // RE2 has no way to look around or back.
  if (/\(\?[=!<]|\\[1-9k]/.test(pattern) || !PLAIN.test(pattern)) return undefined;
  try {
    return new RegExp(`^(?:${pattern})$`, 'u');
  } catch {
    return undefined;
  }
}

const MOST_TRIES = 1e7;

/** In how many places an expression may match more or less of a text; infinite where such places are repeated themselves. */
function repetitions(pattern: string): number {
  let count = 0;
  // Of each open group: whether it can match in several ways.
  const open: boolean[] = [false];
  const plain = pattern.replace(/\\./g, 'x').replace(/\[[^\]]*\]/g, 'x');
  for (let i = 0; i < plain.length; i++) {
    const top = open.length - 1;
    if (plain[i] === '(') open.push(false);
    else if (plain[i] === '|') open[top] = true;
    else if (plain[i] === ')' && top > 0) {
      const several = open.pop() as boolean;
      if (several && /[*+{]/.test(plain[i + 1] ?? '')) return Number.POSITIVE_INFINITY;
      open[top - 1] ||= several;
    } else if (/[*+{?]/.test(plain[i] as string) && plain[i - 1] !== '(') {
      open[top] = true;
      count++;
    }
  }
  return count;
}

const imageDecoder = defineOp({
  name: 'ImageDecoder',
  summary: 'pixels of an encoded image',
  limits: 'refused',
  read: { 20: noAttributes },
  infer: (n) => [{ dtype: 'uint8', dims: [n.fresh(), n.fresh(), n.fresh()] }],
  graph: () =>
    refuse(
      'TensorFlow.js decodes no images within a model',
      'decode the image before the model (tf.browser.fromPixels), and feed it the pixels',
    ),
});

export default [stringConcat, stringSplit, stringNormalizer, regexFullMatch, imageDecoder];
