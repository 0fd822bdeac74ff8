/**
 * Shapes of a settings file: each reads a value, says what is wrong with it and where, and gives the JSON schema that says
 * the same to editors. So the two can't part.
 */
import { visible } from '../diag/escape.js';
import { nearestWord } from '../diag/nearest.js';

/** Keys and indices from the file's top. */
export type Place = readonly (string | number)[];

export interface Problem {
  readonly at: Place;
  /** A sentence without its subject: `must be true or false, not "yes"`. */
  readonly says: string;
}

export type JsonSchema = { readonly [key: string]: unknown };

export interface Shape<T> {
  readonly schema: JsonSchema;
  /** Undefined where there is a problem, which is then noted. */
  read(value: unknown, at: Place, problems: Problem[]): T | undefined;
}

export type Read<S> = S extends Shape<infer T> ? T : never;

const shown = (value: unknown): string => {
  const text = value === undefined ? 'nothing' : JSON.stringify(value);
  return visible(text.length > 60 ? `${text.slice(0, 60)}…` : text);
};

function simple<T>(schema: JsonSchema, what: string, is: (value: unknown) => value is T): Shape<T> {
  return {
    schema,
    read(value, at, problems) {
      if (is(value)) return value;
      problems.push({ at, says: `must be ${what}, not ${shown(value)}` });
      return undefined;
    },
  };
}

export const yesOrNo: Shape<boolean> = simple(
  { type: 'boolean' },
  'true or false',
  (v): v is boolean => typeof v === 'boolean',
);

export const words: Shape<string> = simple(
  { type: 'string', minLength: 1 },
  'a text',
  (v): v is string => typeof v === 'string' && v !== '' && !v.includes('\0'),
);

/** A number within bounds, both included. */
export function number(minimum: number, maximum = Infinity): Shape<number> {
  const bounds = maximum === Infinity ? `of at least ${minimum}` : `from ${minimum} to ${maximum}`;
  return simple(
    { type: 'number', minimum, ...(maximum === Infinity ? {} : { maximum }) },
    `a number ${bounds}`,
    (v): v is number => typeof v === 'number' && v >= minimum && v <= maximum && Number.isFinite(v),
  );
}

/** A whole number of at least `minimum`. */
export function whole(minimum: number): Shape<number> {
  return simple(
    { type: 'integer', minimum },
    `a whole number of at least ${minimum}`,
    (v): v is number => Number.isSafeInteger(v) && (v as number) >= minimum,
  );
}

export const anyWhole: Shape<number> = simple({ type: 'integer' }, 'a whole number', (v): v is number =>
  Number.isSafeInteger(v),
);

export const anyNumber: Shape<number> = simple(
  { type: 'number' },
  'a number',
  (v): v is number => typeof v === 'number' && Number.isFinite(v),
);

/** `2027-01-31` */
export const day: Shape<string> = simple(
  { type: 'string', pattern: '^\\d{4}-\\d{2}-\\d{2}$' },
  'a day as year-month-day',
  (v): v is string =>
    typeof v === 'string' && /^\d{4}-\d{2}-\d{2}$/.test(v) && new Date(`${v}T00:00:00Z`).toJSON()?.slice(0, 10) === v,
);

/** One of some words. */
export function oneOf<const C extends readonly string[]>(choices: C): Shape<C[number]> {
  return {
    schema: { enum: choices },
    read(value, at, problems) {
      if (typeof value === 'string' && choices.includes(value)) return value;
      const near = typeof value === 'string' ? nearestWord(value, choices) : undefined;
      const hint = near === undefined ? '' : `; did you mean ${near}?`;
      problems.push({ at, says: `must be ${listed(choices)}, not ${shown(value)}${hint}` });
      return undefined;
    },
  };
}

const listed = (choices: readonly string[]): string =>
  choices.length === 1 ? (choices[0] as string) : `${choices.slice(0, -1).join(', ')} or ${choices.at(-1)}`;

/** A list of at least `least` and at most `most`. */
export function listOf<T>(shape: Shape<T>, least = 1, most = Infinity): Shape<T[]> {
  return {
    schema: {
      type: 'array',
      items: shape.schema,
      ...(least > 0 ? { minItems: least } : {}),
      ...(most < Infinity ? { maxItems: most } : {}),
    },
    read(value, at, problems) {
      const size = least === most ? `${least}` : most < Infinity ? `${least} to ${most}` : `at least ${least}`;
      if (!Array.isArray(value) || value.length < least || value.length > most) {
        problems.push({ at, says: `must be a list of ${size}, not ${shown(value)}` });
        return undefined;
      }
      const items = value.map((item, i) => shape.read(item, [...at, i], problems));
      return items.includes(undefined) ? undefined : (items as T[]);
    },
  };
}

/** One alone may stand for a list of one. */
export function oneOrMore<T>(shape: Shape<T>): Shape<T[]> {
  const list = listOf(shape);
  return {
    schema: { oneOf: [shape.schema, list.schema] },
    read(value, at, problems) {
      if (Array.isArray(value)) return list.read(value, at, problems);
      const one = shape.read(value, at, problems);
      return one === undefined ? undefined : [one];
    },
  };
}

/** Something short that stands for something long. */
export function shortFor<S, T>(
  short: Shape<S>,
  is: (value: unknown) => boolean,
  long: Shape<T>,
  whole: (s: S) => T,
): Shape<T> {
  return {
    schema: { oneOf: [short.schema, long.schema] },
    read(value, at, problems) {
      if (!is(value)) return long.read(value, at, problems);
      const given = short.read(value, at, problems);
      return given === undefined ? undefined : whole(given);
    },
  };
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Any keys, each with a value of one shape: names of a model's inputs, globs … In the file's order. */
export function mapOf<T>(shape: Shape<T>): Shape<[key: string, value: T][]> {
  return {
    schema: { type: 'object', additionalProperties: shape.schema },
    read(value, at, problems) {
      if (!isObject(value)) {
        problems.push({ at, says: `must be a map, not ${shown(value)}` });
        return undefined;
      }
      const entries = Object.entries(value).map(([key, v]) => [key, shape.read(v, [...at, key], problems)] as const);
      return entries.some(([, v]) => v === undefined) ? undefined : (entries as [string, T][]);
    },
  };
}

/** A setting of a section, and what it means. */
export interface Setting<T> {
  readonly shape: Shape<T>;
  readonly doc: string;
}
type Settings = Record<string, Setting<unknown>>;
export type Section<S extends Settings> = { [K in keyof S]?: S[K] extends Setting<infer T> ? T : never };

/** Known keys, all optional but for `needed`; any other is a problem, with the nearest known one. */
export function section<S extends Settings>(
  settings: S,
  needed: readonly (keyof S & string)[] = [],
): Shape<Section<S>> {
  const known = Object.keys(settings);
  return {
    schema: {
      type: 'object',
      properties: Object.fromEntries(
        Object.entries(settings).map(([key, { shape, doc }]) => [key, { description: doc, ...shape.schema }]),
      ),
      ...(needed.length > 0 ? { required: needed } : {}),
      additionalProperties: false,
    },
    read(value, at, problems) {
      // An empty section of YAML is null.
      const given = value === null ? {} : value;
      if (!isObject(given)) {
        problems.push({ at, says: `must be a map of settings, not ${shown(value)}` });
        return undefined;
      }
      const found: Record<string, unknown> = {};
      for (const [key, inner] of Object.entries(given)) {
        const setting = Object.hasOwn(settings, key) ? settings[key] : undefined;
        if (setting) found[key] = setting.shape.read(inner, [...at, key], problems);
        else problems.push({ at: [...at, key], says: `is not a setting${didYouMean(key, known)}` });
      }
      for (const key of needed) if (!Object.hasOwn(given, key)) problems.push({ at, says: `needs ${key}` });
      return found as Section<S>;
    },
  };
}

function didYouMean(key: string, known: readonly string[]): string {
  const near = nearestWord(key, known);
  return near === undefined ? `; known are ${known.join(', ')}` : `; did you mean ${near}?`;
}
