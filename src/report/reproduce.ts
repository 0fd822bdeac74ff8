import { INVISIBLE, visible } from '../diag/escape.js';
import type { Report, Tool } from './types.js';

/**
 * The settings that decide what is written and how it is judged, with their defaults: the command that gives the same
 * result again names those that were something else.
 */
export const DECIDING: Readonly<Record<string, string>> = {
  formats: 'auto',
  'change-ordering': 'true',
  'name-policy': 'keep',
  quantize: 'none',
  'shard-size': '4',
  target: 'any',
  verify: 'true',
  references: '',
  rtol: '0.001',
  atol: '0.00001',
  'range-tol': '0.00001',
  engines: 'wasm',
  'when-no-reference': 'onnxruntime',
  config: 'onnx2keras.yml',
};

/** The command line that converts and judges one model again, to be run at the root of the repository. */
export function reproductionCommand(report: Report, path: string): string {
  const flags = Object.entries(DECIDING).flatMap(([name, usual]) => flag(name, report.settings?.[name], usual));
  return [
    `${commandLine(report.tool)} convert`,
    quoted(path.startsWith('-') ? `./${path}` : path),
    '--out out',
    ...flags,
  ].join(' ');
}

/** How the command line is started: of a copy beside the reader's repository where it is known whose, see `fetching`. */
export function commandLine({ source }: Tool): string {
  return source === undefined ? 'node dist/cli.js' : `node ../${folderOf(source.url)}/dist/cli.js`;
}

/** How to get the very same program, a line each; nothing where nobody knows where it came from. */
export function fetching({ source }: Tool): string[] {
  if (source === undefined) return [];
  const folder = `../${folderOf(source.url)}`;
  return [`git clone --quiet ${source.url} ${folder}`, `git -C ${folder} checkout --quiet ${source.ref}`];
}

const folderOf = (url: string): string => quoted(url.slice(url.lastIndexOf('/') + 1));

function flag(name: string, value: string | number | boolean | string[] | undefined, usual: string): string[] {
  if (value === undefined || value === '') return [];
  if (typeof value === 'boolean') return String(value) === usual ? [] : [value ? `--${name}` : `--no-${name}`];
  if (typeof value === 'number') return value === Number(usual) ? [] : [`--${name} ${value}`];
  const text = Array.isArray(value) ? value.join(',') : value;
  return text === usual ? [] : [`--${name} ${quoted(text)}`];
}

/**
 * A word for a POSIX shell: as it is where nothing in it has a meaning there, else in single quotes; where it holds what
 * can't be seen, in bash's form that can spell it out, so that a command is one line and what it looks like.
 */
function quoted(word: string): string {
  if (/^[A-Za-z0-9_.,/@%+=:-]+$/.test(word)) return word;
  if (visible(word) === word) return `'${word.replaceAll("'", "'\\''")}'`;
  return `$'${word.replace(/[\\']/g, '\\$&').replace(INVISIBLE, spelt)}'`;
}

function spelt(char: string): string {
  return `\\U${(char.codePointAt(0) as number).toString(16).padStart(8, '0')}`;
}
