/**
 * A stand-in for GitHub's runner: starts the action as a step, with the environment and the files that a step has, and
 * reads what it prints as the runner does (actions/runner, src/Runner.Worker/ActionCommandManager.cs and
 * src/Runner.Common/ActionCommand.cs): commands in both forms, stop-commands, masks, limits on annotations and summary.
 */
import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parse } from 'yaml';
import { folder } from '../run/folders.js';
import { ACTION } from '../run/program.js';

const ROOT = path.join(import.meta.dirname, '../..');

export interface Command {
  name: string;
  properties: Record<string, string>;
  data: string;
}

export interface Annotation {
  level: 'error' | 'warning' | 'notice';
  file?: string;
  line?: string;
  title?: string;
  message: string;
}

export interface Step {
  conclusion: 'success' | 'failure';
  exitCode: number | null;
  /** What GitHub shows: ten of a level, their messages cut. */
  annotations: Annotation[];
  /** What it drops in silence. */
  dropped: Annotation[];
  /** Lines of the log that were no commands, masked. */
  log: string[];
  groups: { title: string; lines: string[] }[];
  masks: string[];
  commands: Command[];
  outputs: Record<string, string>;
  /** Empty where the step wrote more than GitHub takes. */
  summary: string;
  /** What the step would change for later ones; nothing, one hopes. */
  environment: string;
  path: string;
  stdout: string;
}

export interface StepRequest {
  workspace: string;
  /** What the workflow gives; the rest has action.yml's defaults. But models are taken one at a time: fewer children start. */
  with?: Record<string, string>;
  env?: Record<string, string>;
  /** Signal to send when it has printed something. */
  cancel?: NodeJS.Signals;
}

const COMMANDS = new Set([
  'set-env',
  'set-output',
  'save-state',
  'add-mask',
  'add-path',
  'add-matcher',
  'remove-matcher',
  'debug',
  'warning',
  'error',
  'notice',
  'group',
  'endgroup',
  'echo',
  'stop-commands',
]);
const PER_LEVEL = 10;
const MESSAGE_LENGTH = 4096;
const SUMMARY_BYTES = 2 ** 20;

/** A job's token, as the runner makes one. */
export const TOKEN = 'ghs_of-the-stand-in';

/** The workflow's expressions in action.yml's defaults. */
// biome-ignore lint/suspicious/noTemplateCurlyInString: the workflow's language
const filledIn = (text: string): string => text.replace('${{ github.token }}', TOKEN);

/** Runs the action to its end. Nothing of this process's environment but PATH and HOME gets in. */
export async function runStep(request: StepRequest): Promise<Step> {
  const temp = folder();
  const file = (name: string) => {
    const place = path.join(temp, '_runner_file_commands', name);
    mkdirSync(path.dirname(place), { recursive: true });
    writeFileSync(place, '');
    return place;
  };
  const files = {
    output: file('output'),
    summary: file('summary'),
    env: file('env'),
    path: file('path'),
    state: file('state'),
  };
  mkdirSync(path.join(temp, 'temp'));
  const { inputs } = parse(readFileSync(path.join(ROOT, 'action.yml'), 'utf8')) as {
    inputs: Record<string, { default?: string }>;
  };
  const given = {
    ...Object.fromEntries(Object.entries(inputs).map(([name, input]) => [name, filledIn(String(input.default ?? ''))])),
    concurrency: '1',
    ...request.with,
  };
  const env: Record<string, string> = {
    PATH: process.env.PATH ?? '',
    HOME: process.env.HOME ?? '',
    CI: 'true',
    GITHUB_ACTIONS: 'true',
    GITHUB_WORKSPACE: request.workspace,
    GITHUB_REPOSITORY: 'someone/models',
    GITHUB_RUN_ID: '4711',
    GITHUB_SERVER_URL: 'https://github.com',
    RUNNER_TEMP: path.join(temp, 'temp'),
    GITHUB_OUTPUT: files.output,
    GITHUB_STEP_SUMMARY: files.summary,
    GITHUB_ENV: files.env,
    GITHUB_PATH: files.path,
    GITHUB_STATE: files.state,
    ...Object.fromEntries(
      Object.entries(given).map(([name, value]) => [`INPUT_${name.replaceAll(' ', '_').toUpperCase()}`, value]),
    ),
    ...request.env,
  };
  const child = spawn(process.execPath, [ACTION], { cwd: request.workspace, env, stdio: ['ignore', 'pipe', 'pipe'] });
  const chunks: Buffer[] = [];
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => chunks.push(chunk));
  if (request.cancel) child.stdout.once('data', () => child.kill(request.cancel));
  const exitCode = await new Promise<number | null>((resolve) => child.on('close', resolve));

  const stdout = Buffer.concat(chunks).toString('utf8');
  const read = (name: string) => readFileSync(name, 'utf8');
  const summary = read(files.summary);
  return {
    ...readLog(stdout),
    conclusion: exitCode === 0 ? 'success' : 'failure',
    exitCode,
    outputs: readOutputs(read(files.output)),
    summary: Buffer.byteLength(summary) > SUMMARY_BYTES ? '' : summary,
    environment: read(files.env),
    path: read(files.path),
    stdout,
  };
}

type Log = Pick<Step, 'annotations' | 'dropped' | 'log' | 'groups' | 'masks' | 'commands'>;

/** Each line in turn, as the runner takes them. */
export function readLog(stdout: string): Log {
  const result: Log = { annotations: [], dropped: [], log: [], groups: [], masks: [], commands: [] };
  let stopToken: string | undefined;
  let group: { title: string; lines: string[] } | undefined;
  const say = (line: string) => {
    const masked = result.masks.reduce((text, mask) => text.replaceAll(mask, '***'), line);
    result.log.push(masked);
    group?.lines.push(masked);
  };
  for (const line of stdout.split(/\r\n|\r|\n/)) {
    const command = commandIn(line, stopToken);
    if (!command) {
      say(line);
      continue;
    }
    if (stopToken !== undefined) {
      if (command.name === stopToken.toLowerCase()) stopToken = undefined;
      else say(line);
      continue;
    }
    result.commands.push(command);
    switch (command.name) {
      case 'stop-commands':
        stopToken = command.data;
        break;
      case 'add-mask':
        if (command.data.trim() !== '') result.masks.push(command.data);
        break;
      case 'group':
        group = { title: command.data, lines: [] };
        result.groups.push(group);
        break;
      case 'endgroup':
        group = undefined;
        break;
      case 'error':
      case 'warning':
      case 'notice': {
        const {
          name: level,
          properties: { file, line, title },
        } = command as Command & { name: Annotation['level'] };
        const annotation = { level, file, line, title, message: command.data.slice(0, MESSAGE_LENGTH) };
        const full = result.annotations.filter((a) => a.level === level).length >= PER_LEVEL;
        (full ? result.dropped : result.annotations).push(annotation);
        say(`${level}: ${command.data}`);
        break;
      }
    }
  }
  return result;
}

/** `::name key=value,…::data` at the start of a line, or `##[name key=value;…]data` anywhere in it. */
function commandIn(line: string, stopToken: string | undefined): Command | undefined {
  const known = (name: string) => COMMANDS.has(name.toLowerCase()) || name.toLowerCase() === stopToken?.toLowerCase();
  const trimmed = line.trimStart();
  if (trimmed.startsWith('::')) {
    const end = trimmed.indexOf('::', 2);
    if (end >= 0) {
      const command = parts(trimmed.slice(2, end), ',', trimmed.slice(end + 2), unescapeData, unescapeProperty);
      if (known(command.name)) return command;
    }
  }
  const start = line.indexOf('##[');
  const end = start < 0 ? -1 : line.indexOf(']', start);
  if (end < 0) return undefined;
  const command = parts(line.slice(start + 3, end), ';', line.slice(end + 1), unescapeOld, unescapeOld);
  return known(command.name) ? command : undefined;
}

type Unescape = (text: string) => string;
function parts(head: string, separator: string, data: string, ofData: Unescape, ofProperty: Unescape): Command {
  const space = head.indexOf(' ');
  const name = (space < 0 ? head : head.slice(0, space)).toLowerCase();
  const pairs =
    space < 0
      ? []
      : head
          .slice(space + 1)
          .trim()
          .split(separator)
          .filter((pair) => pair.includes('='));
  const properties = Object.fromEntries(
    pairs.map((pair) => [pair.slice(0, pair.indexOf('=')).trim(), ofProperty(pair.slice(pair.indexOf('=') + 1))]),
  );
  return { name, properties, data: ofData(data) };
}

const unescapeData: Unescape = (text) => text.replaceAll('%0D', '\r').replaceAll('%0A', '\n').replaceAll('%25', '%');
const unescapeProperty: Unescape = (text) => unescapeData(text.replaceAll('%3A', ':').replaceAll('%2C', ','));
const unescapeOld: Unescape = (text) =>
  text
    .replaceAll('%3B', ';')
    .replaceAll('%0D', '\r')
    .replaceAll('%0A', '\n')
    .replaceAll('%5D', ']')
    .replaceAll('%25', '%');

/** GITHUB_OUTPUT: `name=value`, or `name<<delimiter`, lines, `delimiter`. */
function readOutputs(text: string): Record<string, string> {
  const outputs: Record<string, string> = {};
  const lines = text.split(/\r?\n/);
  for (let i = 0; i < lines.length; i += 1) {
    const line = lines[i] as string;
    const [equals, heredoc] = [line.indexOf('='), line.indexOf('<<')];
    if (heredoc >= 0 && (equals < 0 || heredoc < equals)) {
      const delimiter = line.slice(heredoc + 2);
      const end = lines.indexOf(delimiter, i + 1);
      if (end < 0) throw new Error(`GITHUB_OUTPUT: ${delimiter} is never closed`);
      outputs[line.slice(0, heredoc)] = lines.slice(i + 1, end).join('\n');
      i = end;
    } else if (equals >= 0) {
      outputs[line.slice(0, equals)] = line.slice(equals + 1);
    }
  }
  return outputs;
}
