/** The kinds of options: how the text of each is read, and what is said of a text that won't do. */
import { visible } from '../diag/escape.js';
import type { Shard } from './shard.js';

/** The user's mistake in the workflow or on the command line: shown as one short sentence, without a stack. */
export class ConfigurationError extends Error {
  /** Where in a file the (first) mistake is: absolute, and from 1. */
  readonly at: { readonly file: string; readonly line: number } | undefined;
  constructor(message: string, at?: { file: string; line: number }) {
    super(message);
    this.name = 'ConfigurationError';
    this.at = at;
  }
}

/** Where an option can be given. */
export type Edge = 'action' | 'convert' | 'inspect' | 'verify' | 'record' | 'merge' | 'serve';

export interface Option<T> {
  /** One or two sentences, for `--help`, action.yml and the README. */
  readonly doc: string;
  /** As text, read by `parse` like any other text; this is the default that action.yml shows. */
  readonly default: string;
  /** What an empty default stands for, in words. */
  readonly defaultDoc?: string;
  readonly on: readonly Edge[];
  /** The command line's name, where it isn't the input's. */
  readonly flag?: string;
  /** What `--help` writes for the value; absent for a switch (`--name`, `--no-name`). */
  readonly value?: string;
  /** More than one value may be given, separated by this sign or by giving the option again. */
  readonly separator?: ',' | '\n';
  /** The values allowed, where they can be listed. */
  readonly choices?: readonly string[];
  /** Text to value. Throws ConfigurationError with a sentence that starts after the option's name. */
  parse(text: string): T;
}

type Described = Pick<Option<unknown>, 'doc' | 'default' | 'on'> &
  Partial<Pick<Option<unknown>, 'defaultDoc' | 'flag' | 'value'>>;

export const quoted = (text: string): string => `"${visible(text)}"`;
const listed = (words: readonly string[]): string =>
  words.length === 1 ? (words[0] as string) : `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`;

/** YAML 1.2's words of the core schema, and no others: `yes` and `1` are mistakes worth hearing of. */
export function onOff(o: Described): Option<boolean> {
  return {
    ...o,
    choices: ['true', 'false'],
    parse(text) {
      if (/^(true|True|TRUE)$/.test(text)) return true;
      if (/^(false|False|FALSE)$/.test(text)) return false;
      throw new ConfigurationError(`must be true or false, not ${quoted(text)}`);
    },
  };
}

export function choice<const C extends readonly string[]>(choices: C, o: Described): Option<C[number]> {
  return {
    value: `<${choices.join('|')}>`,
    ...o,
    choices,
    parse(text) {
      if (!choices.includes(text)) throw new ConfigurationError(`must be ${listed(choices)}, not ${quoted(text)}`);
      return text;
    },
  };
}

/** A list without repetition; the words of `alone` stand by themselves. */
export function choices<const C extends readonly string[]>(
  words: C,
  o: Described,
  alone: readonly string[] = [],
): Option<C[number][]> {
  return {
    value: '<list>',
    ...o,
    choices: words,
    separator: ',',
    parse(text) {
      const given = [
        ...new Set(
          text
            .split(/[,\n]/)
            .map((word) => word.trim())
            .filter((word) => word !== ''),
        ),
      ];
      if (given.length === 0) throw new ConfigurationError(`must name at least one of ${words.join(', ')}`);
      for (const word of given) {
        if (!words.includes(word)) throw new ConfigurationError(`may hold ${words.join(', ')}, not ${quoted(word)}`);
        if (alone.includes(word) && given.length > 1)
          throw new ConfigurationError(`${quoted(word)} can't stand beside others`);
      }
      return given;
    },
  };
}

interface Range {
  min: number;
  max: number;
  whole?: boolean;
  /** For an empty text. */
  empty?: () => number;
}

export function figure(range: Range, o: Described): Option<number> {
  const what = `${range.whole ? 'a whole number' : 'a number'} ${
    range.max === Infinity ? `of at least ${range.min}` : `from ${range.min} to ${range.max}`
  }`;
  return {
    value: '<number>',
    ...o,
    parse(text) {
      if (text === '' && range.empty) return range.empty();
      const shape = range.whole ? /^\d{1,15}$/ : /^(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?$/;
      const value = Number(text);
      if (!shape.test(text) || !Number.isFinite(value) || value < range.min || value > range.max)
        throw new ConfigurationError(`must be ${what}, not ${quoted(text)}`);
      return value;
    },
  };
}

export function text(o: Described, check?: (text: string) => string | undefined): Option<string> {
  return {
    value: '<text>',
    ...o,
    parse(given) {
      const wrong = given.includes('\0') ? 'must not hold a NUL character' : check?.(given);
      if (wrong) throw new ConfigurationError(wrong);
      return given;
    },
  };
}

/** A token; none where nobody filled in the workflow's expression. */
export function secret(o: Described): Option<string> {
  return { value: '<token>', ...o, parse: (given) => (given.startsWith('${{') ? '' : given.trim()) };
}

export function lines(o: Described): Option<string[]> {
  return {
    ...o,
    separator: '\n',
    parse(given) {
      if (given.includes('\0')) throw new ConfigurationError('must not hold a NUL character');
      return given
        .split(/\r?\n/)
        .map((line) => line.trim())
        .filter((line) => line !== '');
    },
  };
}

/** `1/4`; nothing for all. */
export function shardOption(o: Described): Option<Shard | undefined> {
  return {
    value: '<text>',
    ...o,
    parse(given) {
      if (given === '') return undefined;
      const [index = 0, count = 0] = (/^(\d{1,4})\/(\d{1,4})$/.exec(given) ?? []).slice(1).map(Number);
      if (index < 1 || index > count) throw new ConfigurationError(`must be like 1/4, not ${quoted(given)}`);
      return { index, count };
    },
  };
}
