/** The text of a settings file: what may stand in it, and its reading. An unknown key is an error with the nearest known one. */
import { isMap, isScalar, LineCounter, parseDocument, visit } from 'yaml';
import {
  anyNumber,
  anyWhole,
  day,
  type JsonSchema,
  listOf,
  mapOf,
  number,
  oneOf,
  oneOrMore,
  type Place,
  type Problem,
  type Section,
  section,
  shortFor,
  whole,
  words,
  yesOrNo,
} from './config-shape.js';
import { visible } from '../diag/escape.js';
import { CONFIG_FILE, ConfigurationError, OPTIONS } from './options.js';
import type { PictureSettings } from '../verify/pictures/preprocess.js';

const share = number(0, 1);
const nonFinite = oneOf(['equal', 'forbid', 'ignore']);

const TOLERANCE = {
  rtol: { shape: number(0), doc: OPTIONS.rtol.doc },
  atol: { shape: number(0), doc: OPTIONS.atol.doc },
  'range-tol': { shape: number(0), doc: OPTIONS.rangeTol.doc },
  'integer-atol': { shape: number(0), doc: 'Absolute difference allowed in integer outputs; 0 unless said.' },
  ulp: { shape: number(0), doc: 'Elements within so many units in the last place (float32) agree as well.' },
  outliers: { shape: share, doc: 'Share of the elements that may be beyond tolerance, for example 0.001.' },
  cosine: {
    shape: number(-1, 1),
    doc: 'Smallest cosine of the angle between both outputs, all elements as one vector.',
  },
  'top-k': {
    shape: shortFor(
      whole(1),
      (v) => typeof v === 'number',
      section(
        {
          k: { shape: whole(1), doc: 'How many classes.' },
          axis: { shape: anyWhole, doc: 'The axis of the classes, in ONNX’s order; 1 unless said.' },
          share: { shape: share, doc: 'At how many of the places; 1, which is all, unless said.' },
        },
        ['k'],
      ),
      (k) => ({ k }),
    ),
    doc: 'The k best classes have to be the same on both sides.',
  },
  'arg-max': {
    shape: shortFor(
      share,
      (v) => typeof v === 'number',
      section({
        axis: { shape: anyWhole, doc: 'The axis of the classes, in ONNX’s order; 1 unless said.' },
        share: { shape: share, doc: 'At how many of the places; 1, which is all, unless said.' },
      }),
      (given) => ({ share: given }),
    ),
    doc: 'Share of the places (pixels of a map, items of a batch) at which the best class has to be the same.',
  },
  nan: {
    shape: nonFinite,
    doc: 'NaN: `equal` (it has to meet NaN), `forbid` (it fails wherever it is) or `ignore` (where it is expected, anything will do).',
  },
  infinite: { shape: nonFinite, doc: 'Infinities: as `nan`.' },
};

const PREPROCESS = {
  size: {
    shape: listOf(whole(1), 2, 2),
    doc: 'Height and width that a picture is resized to, as Pillow’s BILINEAR does; as it is unless said.',
  },
  mean: {
    shape: oneOrMore(anyNumber),
    doc: 'Subtracted from each channel after scaling to 0…1: one number, or one a channel in their order.',
  },
  std: { shape: oneOrMore(number(1e-12)), doc: 'What each channel is divided by afterwards.' },
  scale: { shape: anyNumber, doc: 'What 0…255 is multiplied by first; divided by 255 unless said.' },
  order: { shape: oneOf(['rgb', 'bgr', 'gray']), doc: 'The order of the channels; rgb unless said.' },
};

const INPUT = {
  shape: {
    shape: listOf(whole(0), 0),
    doc: 'Sizes that the input is given when converting, in ONNX’s order, where the file leaves them open.',
  },
  order: {
    shape: listOf(whole(0)),
    doc: 'The order of axes in which the converted model takes it: at each place the ONNX axis; overrides change-ordering.',
  },
  range: {
    shape: listOf(anyNumber, 2, 2),
    doc: 'Smallest and largest value that it is fed: of seeded inputs, and in model.d.ts.',
  },
  preprocess: { shape: section(PREPROCESS), doc: 'How a PNG or JPEG among the references becomes the input.' },
};

const RULE = {
  formats: { shape: oneOrMore(oneOf(['auto', 'layers-model', 'graph-model', 'keras'])), doc: OPTIONS.formats.doc },
  'change-ordering': { shape: yesOrNo, doc: OPTIONS.changeOrdering.doc },
  'name-policy': { shape: oneOf(['keep', 'short', 'renumerate']), doc: OPTIONS.namePolicy.doc },
  quantize: { shape: oneOf(['none', 'float16', 'uint16', 'uint8', 'auto']), doc: OPTIONS.quantize.doc },
  'shard-size': { shape: number(0.001, 1024), doc: OPTIONS.shardSize.doc },
  target: { shape: oneOf(['any', 'wasm', 'webgl']), doc: OPTIONS.target.doc },
  references: { shape: oneOrMore(words), doc: OPTIONS.references.doc },
  engines: {
    shape: oneOrMore(oneOf(['wasm', 'cpu', 'tensorflow', 'chrome-webgl', 'chrome-webgpu', 'chrome-wasm'])),
    doc: OPTIONS.engines.doc,
  },
  'when-no-reference': { shape: oneOf(['onnxruntime', 'skip', 'fail']), doc: OPTIONS.whenNoReference.doc },
  'timeout-per-model': { shape: whole(1), doc: OPTIONS.timeoutPerModel.doc },
  tolerance: { shape: section(TOLERANCE), doc: 'How far all outputs may be from their references.' },
  inputs: { shape: mapOf(section(INPUT)), doc: 'By ONNX’s name of the input.' },
  outputs: {
    shape: mapOf(section(TOLERANCE)),
    doc: 'By ONNX’s name of the output: what differs from `tolerance` there.',
  },
  labels: {
    shape: words,
    doc: 'A file with the names of the classes, for the report: one a line, the first that of class 0, or a JSON list; relative to this file.',
  },
  expect: {
    shape: oneOf(['unsupported', 'mismatch']),
    doc: 'A waiver: this outcome is known and does not let the run fail; needs reason and expires.',
  },
  reason: { shape: words, doc: 'Why the outcome is accepted.' },
  expires: { shape: day, doc: 'The last day on which the waiver holds, as 2027-01-31.' },
};

const FILE = section({
  $schema: { shape: words, doc: 'For editors.' },
  defaults: { shape: section(RULE), doc: 'What holds for all models.' },
  models: {
    shape: mapOf(section(RULE)),
    doc: 'By glob of the model’s path, relative to this file: what holds for those that match; later ones go before earlier ones.',
  },
});

/** What holds for some models. */
export type Rule = Section<typeof RULE>;
/** What holds for an input. */
export type InputRule = Section<typeof INPUT>;
export type ToleranceRule = Section<typeof TOLERANCE>;

/** schema/config.schema.json. */
export const CONFIG_SCHEMA: JsonSchema = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  title: `onnx2keras-action: ${CONFIG_FILE}`,
  description: 'Settings of all models, and of single ones.',
  ...FILE.schema,
};

/** A settings file's contents. */
export interface Parts {
  defaults: Rule;
  models: [glob: string, rule: Rule][];
  /** Where the key of a place stands, from 1. */
  lineOf(at: Place): number;
  /** What is wrong at a place, in words, as an error that names the file and the line. */
  mistake(at: Place, says: string): ConfigurationError;
}

/** The parts of a settings file's text. `name`: how messages name it; `file`: where it is. */
export function parse(text: string, name: string, file = name): Parts {
  const lines = new LineCounter();
  const document = guarded(name, () =>
    parseDocument(text, { lineCounter: lines, prettyErrors: false, logLevel: 'error' }),
  );
  const lineAt = (offset: number | undefined): number => (offset === undefined ? 1 : lines.linePos(offset).line);
  const lineOf = (at: Place): number => lineAt(offsetOf(document, at));
  const told = (line: number, says: string): string => `${visible(name)}:${line}: ${says}`;
  const mistake = (line: number, says: string) => new ConfigurationError(told(line, says), { file, line });
  const [broken] = document.errors;
  if (broken) throw mistake(lineAt(broken.pos[0]), visible(broken.message));
  const odd = guarded(name, () => oddKey(document));
  if (odd) throw mistake(lineAt(odd.at), odd.says);
  // Aliases may be made to grow without end; nobody needs many.
  const content: unknown = guarded(name, () => document.toJS({ maxAliasCount: 50 }));
  const problems: Problem[] = [];
  const read = FILE.read(content ?? {}, [], problems) ?? {};
  for (const [rule, at] of [
    [read.defaults, ['defaults']],
    ...(read.models ?? []).map(([glob, rule]) => [rule, ['models', glob]] as const),
  ] as [Rule | undefined, Place][])
    if (rule) {
      problems.push(...waiverProblems(rule, at));
      for (const [input, { preprocess }] of rule.inputs ?? []) {
        const where = [...at, 'inputs', input, 'preprocess'];
        if (!preprocess) continue;
        problems.push(...preprocessProblems(preprocess, where));
        Object.assign(preprocess, { at: `${name}:${lineOf(where)}` } satisfies PictureSettings);
      }
    }
  const [first] = problems;
  if (first)
    throw new ConfigurationError(problems.map(({ at, says }) => told(lineOf(at), `${pathOf(at)} ${says}`)).join('\n'), {
      file,
      line: lineOf(first.at),
    });
  return {
    defaults: read.defaults ?? {},
    models: read.models ?? [],
    lineOf,
    mistake: (at, says) => mistake(lineOf(at), says),
  };
}

/** Lists and sections within one another. */
const MOST_NESTING = 32;

/** What the settings never hold, and the library needs memory without measure for: keys that aren't words, deep nesting. */
function oddKey(document: ReturnType<typeof parseDocument>): { at: number | undefined; says: string } | undefined {
  let odd: ReturnType<typeof oddKey>;
  const rangeOf = (node: unknown) => (node as { range?: [number, number, number] } | null)?.range?.[0];
  visit(document, (key, node, way) => {
    if (key === 'key' && node !== null && !isScalar(node)) odd = { at: rangeOf(node), says: 'a key is no word' };
    else if (way.length > 2 * MOST_NESTING) odd = { at: rangeOf(node), says: `it nests deeper than ${MOST_NESTING}` };
    return odd && visit.BREAK;
  });
  return odd;
}

/** The library throws for aliases that grow without end, and where lists nest beyond the stack. */
function guarded<T>(name: string, part: () => T): T {
  try {
    return part();
  } catch (e) {
    if (e instanceof ReferenceError || e instanceof RangeError)
      throw new ConfigurationError(`${visible(name)}: ${visible(e.message)}`);
    throw e;
  }
}

function waiverProblems({ expect, reason, expires }: Rule, at: Place): Problem[] {
  if (expect === undefined) {
    const alone = reason !== undefined ? 'reason' : expires !== undefined ? 'expires' : undefined;
    return alone === undefined ? [] : [{ at: [...at, alone], says: 'belongs to expect, which is not there' }];
  }
  return (['reason', 'expires'] as const)
    .filter((key) => ({ reason, expires })[key] === undefined)
    .map((key) => ({ at: [...at, 'expect'], says: `needs ${key} beside it` }));
}

function preprocessProblems({ order = 'rgb', ...lists }: Section<typeof PREPROCESS>, at: Place): Problem[] {
  const channels = order === 'gray' ? 1 : 3;
  return (['mean', 'std'] as const).flatMap((key) => {
    const { length } = lists[key] ?? [0];
    if (length === 1 || length === channels) return [];
    const one = channels === 1 ? 'one number' : 'one number or three';
    return [{ at: [...at, key], says: `needs ${one}, since the order is ${order}, and has ${length}` }];
  });
}

const pathOf = (at: Place): string =>
  at.length === 0
    ? 'the file'
    : at.map((key) => (/^[\w$-]+$/.test(String(key)) ? key : JSON.stringify(visible(String(key))))).join('.');

/** Where the key of a place stands in the text. */
function offsetOf(document: ReturnType<typeof parseDocument>, at: Place): number | undefined {
  for (let length = at.length; length > 0; length--) {
    const parent = length === 1 ? document.contents : document.getIn(at.slice(0, length - 1), true);
    const key = at[length - 1];
    const pair = isMap(parent) ? parent.items.find((item) => String(item.key) === String(key)) : undefined;
    const range = (pair?.key as { range?: [number, number, number] } | undefined)?.range;
    if (range) return range[0];
  }
  return undefined;
}
