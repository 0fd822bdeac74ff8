/** `--help`: what each command does, its options from the table, and examples that can be pasted. */
import { flagName, type Option, type OptionKey, optionsOf } from '../run/options.js';
import { TOOL } from '../version.js';

export const COMMANDS = ['convert', 'inspect', 'verify', 'record', 'serve', 'merge'] as const;
export type Command = (typeof COMMANDS)[number];

interface Page {
  usage: string;
  summary: string;
  text: string;
  examples: [does: string, command: string][];
}

const PAGES: Record<Command, Page> = {
  convert: {
    usage: 'convert <file, folder or glob>… --out <folder> [options]',
    summary: 'convert ONNX models to TensorFlow.js and prove that they still compute the same',
    text: `Each model becomes a folder below --out, named as the model's path: a model.json with its
weights, which stock TensorFlow.js loads, and conversion.json, which says how its inputs,
outputs and nodes map to ONNX's. Each is then loaded again and compared with the outputs that
are stored beside the source (test_data_set_*/ as ONNX has them, <name>.reference.npz or
<name>.reference/). What was found is in <out>/report/. One bad model never stops the others.`,
    examples: [
      ['every model below a folder', 'convert models --out out'],
      [
        'all but the old ones, as graph-models',
        "convert 'models/**/*.onnx' '!models/old' --out out --formats graph-model",
      ],
      [
        "ONNX's own order of axes, judged on two backends",
        'convert fcn.onnx --out out --no-change-ordering --engines wasm,cpu',
      ],
    ],
  },
  inspect: {
    usage: 'inspect <model> [options]',
    summary: 'say what is in a model, which formats are possible, and what stands against the others',
    text: `Prints the opset, inputs, outputs, operators with their counts and the number of parameters;
then for each format whether the model can be written so, and if not, every node in the way
with the reason and the remedy. Nothing is written.`,
    examples: [['what is in this file', 'inspect fcn.onnx']],
  },
  verify: {
    usage: 'verify <converted folder>… [options]',
    summary: 'judge folders that were converted earlier',
    text: `Loads each written model with stock TensorFlow.js and compares it with the stored references.
A folder is one that convert wrote, or one that holds such. References are looked for beside
the source: below --models, at the path that conversion.json names (the current folder where
--models is left out), or where --references says.`,
    examples: [
      ['everything that was converted to out', 'verify out --models models'],
      ['one model on both backends', "verify out/fcn.onnx --references 'data/fcn/*.npz' --engines wasm,cpu"],
    ],
  },
  record: {
    usage: 'record <model> [options]',
    summary: 'make reference inputs and outputs for a model, by running it in onnxruntime',
    text: `Runs the ONNX model in onnxruntime-web and writes inputs and outputs beside it, where convert and
verify find them, with provenance.json: the hash of the model, the engine's version and the
seed. A later run reports a reference as stale where the model has changed since. Inputs are
seeded, in ranges that suit each input's type, name and first operators (two sets; of two
sizes where sizes are open; one set where they are large), or your own.`,
    examples: [
      ['seeded inputs, and what they give', 'record fcn.onnx'],
      ['your own picture, as one .npz', 'record fcn.onnx --inputs input_0.npy --form npz'],
    ],
  },
  serve: {
    usage: 'serve [folder] [options]',
    summary: 'show a report, and let its models run in the browser',
    text: `Serves the folder that convert wrote (--out), or a downloaded artifact, to browsers of this
machine alone. Open the address that it prints: the report, and behind "Try it" a page for each
model, on which it runs in your browser on the stored inputs, on the backend that you choose.
Ctrl-C ends it.`,
    examples: [['what was converted to out', 'serve out']],
  },
  merge: {
    usage: 'merge <folder or report.json>… --out <folder> [options]',
    summary: 'join the reports of several runs (convert --shard) into one',
    text: `Looks for report/report.json in the folders, joins what they say about their models, and takes the
converted models over that lie beside them. A shard that is missing is an error.`,
    examples: [['what four jobs found', 'merge shards --out all']],
  },
};

const WIDTH = 96;

/** The page of a command, or of the program. `colour` as picocolors' functions do it. */
export function helpOf(
  command: Command | undefined,
  bold: (text: string) => string,
  dim: (text: string) => string,
): string {
  if (!command) return overview(bold, dim);
  const page = PAGES[command];
  const rows: [string, string][] = optionsOf(command).map(([key, option]) => [
    signature(key, option),
    described(option),
  ]);
  if (command === 'verify')
    rows.unshift([
      '--models <folder>',
      'Root that the paths in conversion.json are relative to. Default: the current folder.',
    ]);
  rows.push(['-h, --help', 'This page.'], ['--version', 'The version.']);
  return [
    `${bold('Usage:')} onnx2keras ${page.usage}`,
    '',
    page.text,
    '',
    bold('Options'),
    ...rows.flatMap(([name, text]) => [`  ${name}`, ...wrapped(text).map((line) => dim(`      ${line}`))]),
    '',
    bold('Examples'),
    ...examples(page, dim),
    '',
    bold('Exit codes'),
    ...EXIT_CODES[command],
    '',
  ].join('\n');
}

const WRONG = '  2  the command line or the settings file is wrong';
const OF_A_RUN = ['  0  nothing at or above the severity that --fail-on names', '  1  something was', WRONG];

const EXIT_CODES: Record<Command, readonly string[]> = {
  convert: OF_A_RUN,
  inspect: ['  0  it can be written in one format at least', '  1  in none, or it could not be read', WRONG],
  verify: OF_A_RUN,
  record: ['  0  a reference was written', '  1  none was, for the reason given', WRONG],
  serve: ['  0  it was ended', WRONG],
  merge: OF_A_RUN,
};

function overview(bold: (text: string) => string, dim: (text: string) => string): string {
  return [
    `${bold('onnx2keras')} ${TOOL.version}: ONNX models to TensorFlow.js, with proof that they still compute the same.`,
    '',
    `${bold('Usage:')} onnx2keras <command> [options]`,
    '',
    bold('Commands'),
    ...COMMANDS.map((name) => `  ${name.padEnd(9)} ${PAGES[name].summary}`),
    '',
    bold('Examples'),
    ...COMMANDS.flatMap((name) => examples({ ...PAGES[name], examples: PAGES[name].examples.slice(0, 1) }, dim)),
    '',
    'onnx2keras <command> --help says more, with every option.',
    '',
  ].join('\n');
}

function examples(page: Page, dim: (text: string) => string): string[] {
  return page.examples.flatMap(([does, command]) => [dim(`  # ${does}`), `  onnx2keras ${command}`]);
}

function signature(key: OptionKey, option: Option<unknown>): string {
  const flag = flagName(key);
  if (option.value === undefined) return `--${flag}, --no-${flag}`;
  return `${key === 'outputDirectory' ? '-o, ' : ''}--${flag} ${option.value}`;
}

function described(option: Option<unknown>): string {
  const usual =
    option.value === undefined ? (option.default === 'true' ? 'on' : 'off') : (option.defaultDoc ?? option.default);
  return `${option.doc}${option.flag === 'out' || usual === '' || option.doc.includes('Default: ') ? '' : ` Default: ${usual}.`}`.replaceAll(
    '`',
    '',
  );
}

function wrapped(text: string): string[] {
  const lines = [''];
  for (const word of text.split(' ')) {
    const line = lines.at(-1) as string;
    if (line !== '' && line.length + word.length + 7 > WIDTH) lines.push(word);
    else lines[lines.length - 1] = line === '' ? word : `${line} ${word}`;
  }
  return lines;
}
