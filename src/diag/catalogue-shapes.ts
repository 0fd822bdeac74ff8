import type { Diagnostic } from './diagnostic.js';

type Sizes = readonly (number | string | null)[];
const shape = (dims: Sizes): string => `[${dims.map((d) => d ?? '?').join(', ')}]`;
const q = (text: string): string => JSON.stringify(text);

function make(code: string, message: string, remedy: string, file: string, tensor: string): Diagnostic {
  return { code, severity: 'error', message, remedy, place: { file, tensor } };
}

/** The settings name an input that the model hasn't got. */
export function noSuchInput(file: string, name: string, known: readonly string[], nearest?: string): Diagnostic {
  const hint = nearest === undefined ? `it has ${known.map(q).join(', ') || 'none'}` : `is ${q(nearest)} meant?`;
  return make(
    'no-such-input',
    `the settings name the input ${q(name)}, which the model hasn't got; ${hint}`,
    'correct the name in the settings file',
    file,
    name,
  );
}

/** The settings name an output that the model hasn't got. */
export function noSuchOutput(file: string, name: string, known: readonly string[], nearest?: string): Diagnostic {
  const hint = nearest === undefined ? `it has ${known.map(q).join(', ') || 'none'}` : `is ${q(nearest)} meant?`;
  return make(
    'no-such-output',
    `the settings name the output ${q(name)}, which the model hasn't got; ${hint}`,
    'correct the name in the settings file',
    file,
    name,
  );
}

/** A shape of another rank than the file's. */
export function shapeOfOtherRank(file: string, name: string, given: Sizes, own: Sizes): Diagnostic {
  return make(
    'input-shape-rank',
    `the settings give ${q(name)} the shape ${shape(given)}, and the model's has rank ${own.length}: ${shape(own)}`,
    'correct the shape in the settings file',
    file,
    name,
  );
}

/** An order of axes that is no permutation of the input's. */
export function orderNoPermutation(file: string, name: string, order: readonly number[], rank: number): Diagnostic {
  return make(
    'input-order',
    `the settings give ${q(name)} the order [${order.slice(0, 32).join(', ')}], which is no order of its ${rank} axes`,
    `give each of 0 to ${rank - 1} once in the settings file`,
    file,
    name,
  );
}

/** A size that the file has fixed to something else. */
export function shapeNotTheFiles(file: string, name: string, given: Sizes, own: Sizes): Diagnostic {
  return make(
    'input-shape-fixed',
    `the settings give ${q(name)} the shape ${shape(given)} where the model has fixed ${shape(own)}`,
    'only sizes that the file leaves open can be given; export the model with the others',
    file,
    name,
  );
}

/** One symbol under two sizes. */
export function symbolOfTwoSizes(file: string, symbol: string, one: number, other: number): Diagnostic {
  return make(
    'input-shape-symbol',
    `the settings give the size ${q(symbol)} twice, as ${one} and as ${other}`,
    'give it one size in the settings file',
    file,
    symbol,
  );
}
