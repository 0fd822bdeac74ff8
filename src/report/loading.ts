import { visible } from '../diag/escape.js';
import type { Format, TensorFact } from './types.js';

/** What a program needs to know of a written model. */
export interface Interface {
  format: Format;
  /** `executeAsync` must be used. */
  async?: boolean;
  inputs: readonly TensorFact[];
  outputs: readonly TensorFact[];
}

/** Sizes that are fed where the model leaves them open: something for an image, and something for a sequence. */
const OPEN_IMAGE = 64;
const OPEN_OTHER = 16;

/**
 * A program that loads the model and runs it once on zeros, to be pasted: a module of JavaScript for stock TensorFlow.js,
 * or of Python where the model is a Keras archive. Undefined where a name isn't known.
 * @param path of the model's file, from where the program runs
 * @param typed TypeScript instead, with the types of model.d.ts
 */
export function loadingProgram(face: Interface, path: string, typed = false): string | undefined {
  if ([...face.inputs, ...face.outputs].some((t) => t.tfjs === undefined)) return undefined;
  if (face.format === 'keras') return python(face, path);
  const layers = face.format === 'layers-model';
  const keys = face.outputs.map((t) => key(t));
  const feed = face.inputs.map((t) => `  // ${described(t)}\n  ${property(key(t))}: ${zeros(t)},\n`).join('');
  const cast = !typed
    ? ''
    : keys.length === 1
      ? ` as Outputs[${quoted(keys[0] as string)}]`
      : ` as [${keys.map((k) => `Outputs[${quoted(k)}]`).join(', ')}]`;
  const fed = face.inputs.map((t) => `inputs${access(key(t))}`);
  const run = layers
    ? `model.predict(${fed.length === 1 ? fed[0] : `[${fed.join(', ')}]`})`
    : `${face.async ? 'await model.executeAsync' : 'model.execute'}(inputs, [${keys.map(quoted).join(', ')}])`;
  const results = face.outputs.map((t) => `// ${described(t)}\n`).join('');
  return [
    `import * as tf from '@tensorflow/tfjs';\n`,
    typed ? `import type { Inputs, Outputs } from './model.js';\n` : '',
    `\nconst model = await tf.${layers ? 'loadLayersModel' : 'loadGraphModel'}(${quoted(path)});\n`,
    `const inputs${typed ? ': Inputs' : ''} = {\n${feed}};\n`,
    results,
    `const ${keys.length === 1 ? 'output' : `[${keys.map((_, i) => `output${i}`).join(', ')}]`} = ${run}${cast};`,
  ].join('');
}

/** `input_0: float32 [batch, 725, 1920, 3], ONNX's axes 0, 2, 3, 1, values from 0 to 1` */
function described(t: TensorFact): string {
  const order = orderText(t);
  const range = rangeText(t);
  return `${key(t)}: ${t.tfjs?.dtype} ${sizes(t)}${order === '' ? '' : `, ${order}`}${range === '' ? '' : `, ${range}`}`;
}

/** Sizes, an open one by its name in ONNX where it has one. */
export function sizes({ tfjs, shape, order }: TensorFact): string {
  const names = tfjs?.shape.map((d, i) => {
    const onnx = shape?.[order?.[i] ?? i];
    return (
      d ?? (i === 0 && (typeof onnx !== 'string' || onnx === '') ? 'batch' : typeof onnx === 'string' ? onnx : '?')
    );
  });
  return visible(`[${(names ?? []).join(', ')}]`);
}

/** Which of ONNX's axes stand where; empty where none has moved. */
export function orderText({ order }: TensorFact): string {
  if (!order?.some((axis, i) => axis !== i)) return '';
  const last =
    order.length > 2 && order[order.length - 1] === 1 && order.every((a, i) => i === 0 || a === i + 1 || a === 1);
  return `ONNX's axes ${order.join(', ')}${last ? ' (channels last)' : ''}`;
}

/** What is known of the values; empty where nothing is. */
export function rangeText({ range }: TensorFact): string {
  if (range === undefined) return '';
  const { min, max } = range;
  return min === undefined
    ? `values of at most ${max}`
    : max === undefined
      ? `values of at least ${min}`
      : `values from ${min} to ${max}`;
}

const key = (t: TensorFact): string => t.tfjs?.name ?? t.name;

/** A string literal of JavaScript and of Python in ASCII: what is outside is spelt out. */
export function quoted(text: string): string {
  const inside = JSON.stringify(text)
    .slice(1, -1)
    .replaceAll('\\"', '"')
    .replaceAll("'", "\\'")
    .replace(/[^\x20-\x7e]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`);
  return `'${inside}'`;
}

const isIdentifier = (name: string): boolean => /^[A-Za-z_$][\w$]*$/.test(name) && name !== '__proto__';

/** The name as a property in an object or a type. */
export const property = (name: string): string =>
  isIdentifier(name) ? name : name === '__proto__' ? "['__proto__']" : quoted(name);

const access = (name: string): string => (isIdentifier(name) ? `.${name}` : `[${quoted(name)}]`);

function exampleSizes(t: TensorFact): number[] {
  const dims = t.tfjs?.shape ?? [];
  return dims.map((d, i) => d ?? (i === 0 ? 1 : dims.length >= 4 ? OPEN_IMAGE : OPEN_OTHER));
}

function zeros(t: TensorFact): string {
  const dims = `[${exampleSizes(t).join(', ')}]`;
  switch (t.tfjs?.dtype) {
    case 'float32':
      return `tf.zeros(${dims})`;
    case 'string':
      return `tf.fill(${dims}, '', 'string')`;
    case 'complex64':
      return `tf.complex(tf.zeros(${dims}), tf.zeros(${dims}))`;
    default:
      return `tf.zeros(${dims}, '${t.tfjs?.dtype}')`;
  }
}

function python({ inputs, outputs }: Interface, path: string): string {
  const feed = inputs.map(
    (t) => `    # ${described(t)}\n    np.zeros((${exampleSizes(t).join(', ')},), '${t.tfjs?.dtype}'),\n`,
  );
  return [
    'import keras\nimport numpy as np\n\n',
    `model = keras.models.load_model(${quoted(path)})\n`,
    `inputs = [\n${feed.join('')}]\n`,
    ...outputs.map((t) => `# ${described(t)}\n`),
    `${outputs.length === 1 ? 'output' : outputs.map((_, i) => `output${i}`).join(', ')} = model.predict(inputs${inputs.length === 1 ? '[0]' : ''})`,
  ].join('');
}
