/** Reads a command line by the table of options; every mistake is a ConfigurationError with the nearest right word. */
import path from 'node:path';
import { parseArgs } from 'node:util';
import leven from 'leven';
import { visible } from '../diag/escape.js';
import { COMMANDS, type Command } from './help.js';
import {
  ConfigurationError,
  flagName,
  type Option,
  type OptionKey,
  optionsOf,
  readSettings,
  type Settings,
} from '../run/options.js';

export type Arguments =
  | { show: 'help'; command?: Command }
  | { show: 'version' }
  | { show: 'nothing'; command: Command; positionals: string[]; settings: Settings; modelsRoot?: string };

const HELP = { type: 'boolean', short: 'h' } as const;

export function readArguments(argv: readonly string[]): Arguments {
  const [first, ...rest] = argv;
  if (first === undefined || first === '--help' || first === '-h' || first === 'help') {
    const asked = first === 'help' ? rest[0] : undefined;
    return { show: 'help', command: asked === undefined ? undefined : commandNamed(asked) };
  }
  if (first === '--version' || first === '-V') return { show: 'version' };
  const command = commandNamed(first);
  return readCommand(command, rest);
}

function commandNamed(word: string): Command {
  if ((COMMANDS as readonly string[]).includes(word)) return word as Command;
  throw new ConfigurationError(
    `${quoted(word)} is not a command${suggestion(word, COMMANDS) || '; see onnx2keras --help'}`,
  );
}

function readCommand(command: Command, argv: readonly string[]): Arguments {
  const table = new Map(optionsOf(command).map(([key, option]) => [flagName(key), { key, option }]));
  const options: Record<string, { type: 'string' | 'boolean'; short?: string; multiple?: boolean }> = {
    help: HELP,
    version: { type: 'boolean' },
  };
  for (const [flag, { option }] of table) {
    options[flag] = {
      type: isSwitch(option) ? 'boolean' : 'string',
      multiple: true,
      ...(flag === 'out' ? { short: 'o' } : {}),
    };
    if (isSwitch(option)) options[`no-${flag}`] = { type: 'boolean' };
  }
  if (command === 'verify') options.models = { type: 'string' };

  // Not strict: its messages are for programmers, and it knows no nearest word.
  const { tokens } = parseArgs({ args: [...argv], options, strict: false, allowPositionals: true, tokens: true });
  const given: Partial<Record<OptionKey, string>> = {};
  const positionals: string[] = [];
  let modelsRoot: string | undefined;
  for (const token of tokens) {
    if (token.kind === 'positional') positionals.push(token.value);
    if (token.kind !== 'option') continue;
    const known = options[token.name];
    if (!known)
      throw new ConfigurationError(
        `${quoted(token.rawName)} is not an option of ${command}${suggestion(token.name, Object.keys(options), '--')}`,
      );
    if (token.name === 'help') return { show: 'help', command };
    if (token.name === 'version') return { show: 'version' };
    if (known.type === 'boolean') {
      if (token.inlineValue)
        throw new ConfigurationError(
          `--${token.name} takes no value: write --${token.name}, or --no-${token.name.replace(/^no-/, '')}`,
        );
      const off = token.name.startsWith('no-') && !table.has(token.name);
      given[(table.get(off ? token.name.slice(3) : token.name) as { key: OptionKey }).key] = String(!off);
      continue;
    }
    const value = token.value;
    if (value === undefined || (!token.inlineValue && value.startsWith('--')))
      throw new ConfigurationError(`--${token.name} needs a value`);
    if (token.name === 'models') {
      modelsRoot = path.resolve(value);
      continue;
    }
    const { key, option } = table.get(token.name) as { key: OptionKey; option: Option<unknown> };
    const before = given[key];
    given[key] = before !== undefined && option.separator ? `${before}${option.separator}${value}` : value;
  }
  const settings = readSettings(given, (key) => `--${flagName(key)}`);
  demand(command, positionals, settings);
  return { show: 'nothing', command, positionals, settings, modelsRoot };
}

/** What can't be left out. */
function demand(command: Command, positionals: readonly string[], settings: Settings): void {
  const wanted = {
    convert: 'a model, a folder or a glob',
    inspect: 'a model',
    verify: 'a converted folder',
    record: 'a model',
    serve: undefined,
    merge: 'a folder with reports',
  }[command];
  if (positionals.length === 0 && wanted !== undefined)
    throw new ConfigurationError(`${command} needs ${wanted}; see onnx2keras ${command} --help`);
  if ((command === 'inspect' || command === 'record') && positionals.length > 1)
    throw new ConfigurationError(`${command} takes one model at a time`);
  if (command === 'serve' && positionals.length > 1) throw new ConfigurationError('serve takes one folder');
  if ((command === 'convert' || command === 'merge') && settings.outputDirectory === '')
    throw new ConfigurationError(`${command} needs --out <folder>, where the models and the report are written`);
}

const isSwitch = (option: Option<unknown>): boolean => option.value === undefined;
const quoted = (word: string): string => `"${visible(word)}"`;

/** `; did you mean --formats?` for a word that is close enough to be a slip. */
function suggestion(word: string, words: readonly string[], dashes = ''): string {
  const nearest = words
    .map((known) => ({ known, distance: leven(word.toLowerCase().slice(0, 40), known) }))
    .sort((a, b) => a.distance - b.distance)[0];
  if (!nearest || nearest.distance > Math.max(2, nearest.known.length / 3)) return '';
  return `; did you mean ${dashes}${nearest.known}?`;
}
