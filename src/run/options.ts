/**
 * Every setting of a run, once: name, meaning, default and how its text is read. The action's inputs (action.yml), the
 * command line, `--help` and the README's table are all drawn from here.
 */
import { availableParallelism } from 'node:os';
import {
  choice,
  choices,
  ConfigurationError,
  type Edge,
  figure,
  lines,
  onOff,
  type Option,
  quoted,
  secret,
  shardOption,
  text,
} from './option-kinds.js';

export { ConfigurationError, type Edge, type Option };

/** The settings file, where none is named. */
export const CONFIG_FILE = 'onnx2keras.yml';

/** The file systems' and the artifact service's forbidden signs together. */
function artifactName(name: string): string | undefined {
  if (name === '') return 'must not be empty';
  const bad = /[":<>|*?\r\n\\/]/.exec(name);
  return bad ? `must not hold ${quoted(bad[0])}: GitHub forbids it in an artifact's name` : undefined;
}

const CONVERTING = ['action', 'convert'] as const;
const JUDGING = ['action', 'convert', 'verify'] as const;
const ACTION = ['action'] as const;
const RECORDING = ['record'] as const;

export const OPTIONS = {
  models: lines({
    doc: 'Which models: globs, one a line, `!` excludes. `node_modules` and `.git` are never searched, and symbolic links not followed.',
    default: '**/*.onnx',
    on: ACTION,
  }),
  workingDirectory: text({ doc: 'Base of the globs, inside the workspace.', default: '.', on: ACTION }),
  outputDirectory: text({
    doc: 'Where the models and the reports are written.',
    defaultDoc: '`onnx2keras` under `RUNNER_TEMP`',
    default: '',
    on: [...CONVERTING, 'merge'],
    flag: 'out',
    value: '<folder>',
  }),
  config: text({
    doc: 'A file with settings of single models: formats, input shapes, references, tolerances, waivers.',
    defaultDoc: `\`${CONFIG_FILE}\`, where that is there`,
    default: '',
    on: [...JUDGING, 'record'],
    value: '<file>',
  }),
  formats: choices(
    ['auto', 'layers-model', 'graph-model', 'keras'],
    {
      doc: 'What to write: `auto` (layers-model where every node has a stock Keras layer, else graph-model), or a list of `layers-model`, `graph-model`, `keras`.',
      default: 'auto',
      on: CONVERTING,
    },
    ['auto'],
  ),
  changeOrdering: onOff({
    doc: "Image-like inputs and outputs channels-last, as onnx2keras's change_ordering; `false` keeps ONNX's order.",
    default: 'true',
    on: CONVERTING,
  }),
  namePolicy: choice(['keep', 'short', 'renumerate'], {
    doc: "Names of layers and tensors, as onnx2keras's name_policy, made legal with a reversible map.",
    default: 'keep',
    on: CONVERTING,
  }),
  quantize: choice(['none', 'float16', 'uint16', 'uint8', 'auto'], {
    doc: "Store weights narrower than float32, in TensorFlow.js's own form: `float16`, `uint16`, `uint8`, or `auto`, which looks for the smallest storage of each weight with which every output stays within tolerance. The verdict is that of the quantized model.",
    default: 'none',
    on: CONVERTING,
  }),
  shardSize: figure(
    { min: 0.001, max: 1024 },
    {
      doc: 'Largest size in MB of one file of weights.',
      default: '4',
      on: CONVERTING,
      value: '<MB>',
    },
  ),
  target: choice(['any', 'wasm', 'webgl'], {
    doc: 'Where a graph-model is to run fastest: `wasm`, `webgl` (WebGPU as well), or `any`: what is fast on one and costs little on the other.',
    default: 'any',
    on: CONVERTING,
  }),
  verify: onOff({ doc: 'Compare with the stored references after converting.', default: 'true', on: ['convert'] }),
  references: text({
    doc: "Glob template of stored inputs and outputs; `{dir}` is the model's folder, `{name}` its name without `.onnx`, for example `{dir}/{name}.reference/*`.",
    defaultDoc: "the places that ONNX's convention and this project's give: see References",
    default: '',
    on: JUDGING,
    value: '<glob>',
  }),
  rtol: figure(
    { min: 0, max: Infinity },
    {
      doc: 'Relative part of the tolerance: `abs(a-b) <= atol + rtol*abs(b) + range-tol*(max(b)-min(b))`.',
      default: '1e-3',
      on: JUDGING,
    },
  ),
  atol: figure({ min: 0, max: Infinity }, { doc: 'Absolute part of the tolerance.', default: '1e-5', on: JUDGING }),
  rangeTol: figure(
    { min: 0, max: Infinity },
    {
      doc: "Part of the tolerance relative to the expected values' range.",
      default: '1e-5',
      on: JUDGING,
    },
  ),
  engines: choices(['wasm', 'cpu', 'tensorflow', 'chrome-webgl', 'chrome-webgpu', 'chrome-wasm'], {
    doc: "Backends of stock TensorFlow.js to judge on: a list of `wasm`, `cpu`, `tensorflow` (@tensorflow/tfjs-node, which your repository installs), `chrome-webgl`, `chrome-webgpu`, `chrome-wasm` (the machine's Chrome or Chromium). One that isn't there is said, and is no failure.",
    default: 'wasm',
    on: JUDGING,
  }),
  tfjsNode: text({
    doc: 'For the engine `tensorflow`: the folder of @tensorflow/tfjs-node, or one that it is installed in.',
    defaultDoc: 'looked for from the working directory upwards',
    default: '',
    on: JUDGING,
    value: '<folder>',
  }),
  chrome: text({
    doc: "For the engines `chrome-…`: Chrome's or Chromium's program.",
    defaultDoc: 'what `CHROME_PATH` or `CHROME_BIN` name, else the usual places',
    default: '',
    on: JUDGING,
    value: '<file>',
  }),
  whenNoReference: choice(['onnxruntime', 'skip', 'fail'], {
    doc: 'Without a stored reference: `onnxruntime` (run the source in the bundled onnxruntime-web on seeded inputs, and compare with what it computes), `skip` (the model is `unverified`) or `fail`.',
    default: 'onnxruntime',
    on: JUDGING,
  }),
  failOn: choice(['error', 'mismatch', 'unsupported', 'unverified', 'warning', 'never'], {
    doc: 'Fail at this severity or above (`error` > `mismatch` > `unsupported` > `unverified` > `warning`), or `never`.',
    default: 'unsupported',
    on: [...JUDGING, 'merge'],
  }),
  ifNoModelsFound: choice(['warn', 'error', 'ignore'], {
    doc: 'What to do where the globs match nothing.',
    default: 'warn',
    on: CONVERTING,
  }),
  timeoutPerModel: figure(
    { min: 1, max: 86400, whole: true },
    {
      doc: 'Seconds that converting and judging one model may take.',
      default: '600',
      on: [...JUDGING, 'inspect', 'record'],
      value: '<seconds>',
    },
  ),
  maxModelSize: figure(
    { min: 1, max: 1048576, whole: true },
    {
      doc: 'Size in MB above which a model is refused, external data included.',
      default: '2048',
      on: [...CONVERTING, 'inspect'],
      value: '<MB>',
    },
  ),
  concurrency: figure(
    { min: 1, max: 256, whole: true, empty: () => availableParallelism() },
    {
      doc: 'How many models at a time, each in a process of its own.',
      defaultDoc: 'the number of cores',
      default: '',
      on: JUDGING,
    },
  ),
  inputs: lines({
    doc: "Files with your own inputs (`.npy`, `.npz`, `.pb`, `.json`, `.png`, `.jpg`), named as the model's inputs; may be given more than once.",
    defaultDoc: 'seeded inputs',
    default: '',
    on: RECORDING,
    value: '<file>',
  }),
  seed: text({ doc: 'Any text; the same seed gives the same inputs on every machine.', default: '0', on: RECORDING }),
  form: choice(['test_data_set', 'npz'], {
    doc: "What to write: `test_data_set` (ONNX's own layout, in `<name>.reference/`) or `npz` (`<name>.reference.npz`, one set).",
    default: 'test_data_set',
    on: RECORDING,
  }),
  replace: onOff({ doc: 'Replace a reference that is there already.', default: 'false', on: RECORDING }),
  onlyChanged: choice(['auto', 'true', 'false'], {
    doc: 'Convert only models whose bytes, external data or references a change concerns; all where the configuration or the workflow changed, or where the checkout is too shallow to tell. `auto`: on pull requests and in merge queues.',
    default: 'auto',
    on: ACTION,
  }),
  shard: shardOption({
    doc: 'Convert a part of the models, such as `1/4`: the parts cost about the same, and the same models give the same parts in every job. The shard is added to the name of the artifact.',
    default: '',
    on: CONVERTING,
    value: '<i/n>',
  }),
  plan: figure(
    { min: 0, max: 256, whole: true },
    {
      doc: 'Convert nothing, only set the output `matrix`: the models in at most so many shards, for `strategy.matrix`. 0 converts.',
      default: '0',
      on: ACTION,
    },
  ),
  mergeReports: lines({
    doc: "Convert nothing, but join the reports of shards: folders into which an earlier job's artifacts were downloaded, or paths of their report.json, one a line.",
    default: '',
    on: ACTION,
  }),
  cacheDir: text({
    doc: 'Folder in which finished models are kept, for `actions/cache`: one that rests on the same bytes (model, external data, references, settings, this program) is taken over, after its files were held against their hashes.',
    defaultDoc: 'nothing is kept',
    default: '',
    on: CONVERTING,
    value: '<folder>',
  }),
  tryIt: onOff({
    doc: "Write a page beside the report for each converted model, on which it runs in the reader's browser on the stored inputs (`onnx2keras serve <folder>`).",
    default: 'true',
    on: CONVERTING,
  }),
  port: figure(
    { min: 0, max: 65535, whole: true },
    { doc: 'Port to serve on; 0 for any that is free.', default: '0', on: ['serve'] },
  ),
  upload: choice(['all', 'models', 'report', 'none'], {
    doc: 'What to upload as an artifact.',
    default: 'all',
    on: ACTION,
  }),
  artifactName: text({ doc: "The artifact's name.", default: 'onnx2keras', on: ACTION }, artifactName),
  artifactPerModel: onOff({
    doc: 'One artifact per model, and one for the report, instead of one for all.',
    default: 'false',
    on: ACTION,
  }),
  retentionDays: figure(
    { min: 0, max: 400, whole: true },
    {
      doc: "Days to keep the artifact; 0 for the repository's own setting.",
      default: '0',
      on: ACTION,
    },
  ),
  compressionLevel: figure(
    { min: 0, max: 9, whole: true },
    {
      doc: 'Compression of the artifact, 0 to 9; weights hardly shrink, so 0 is fastest and about as small.',
      default: '0',
      on: ACTION,
    },
  ),
  overwrite: onOff({
    doc: 'Replace an artifact of the same name, or an asset of the release.',
    default: 'false',
    on: ACTION,
  }),
  annotations: onOff({ doc: 'Annotate each failing model on its path.', default: 'true', on: ACTION }),
  jobSummary: onOff({ doc: 'Write the job summary.', default: 'true', on: ACTION }),
  checkRun: onOff({
    doc: 'Write a check run with every finding; needs `permissions: checks: write`, and is left out with a warning where the token may not.',
    default: 'false',
    on: ACTION,
  }),
  releaseTag: text({
    doc: 'Attach a zip per model, and one with the report, to the release or draft of this tag, if the run did not fail; needs `permissions: contents: write`. An asset of the same name is replaced only with `overwrite`.',
    default: '',
    on: ACTION,
  }),
  token: secret({
    doc: 'For `check-run`, `release-tag`, and the files that a pull request changes.',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the workflow's language, filled in by the runner
    default: '${{ github.token }}',
    on: ACTION,
  }),
};

export type OptionKey = keyof typeof OPTIONS;
export type Settings = { [K in OptionKey]: ReturnType<(typeof OPTIONS)[K]['parse']> };

/** `changeOrdering` to `change-ordering`: the action's input. */
export function inputName(key: OptionKey): string {
  return key.replace(/[A-Z]/g, (c) => `-${c.toLowerCase()}`);
}

/** The command line's name of an option, without the dashes. */
export function flagName(key: OptionKey): string {
  return (OPTIONS[key] as Option<unknown>).flag ?? inputName(key);
}

/** The options of one edge, in the table's order. */
export function optionsOf(edge: Edge): [OptionKey, Option<unknown>][] {
  return (Object.entries(OPTIONS) as [OptionKey, Option<unknown>][]).filter(([, option]) => option.on.includes(edge));
}

/**
 * Reads what an edge was given; what it wasn't has its default. `shown` is how the edge writes an option's name in a
 * message. Throws ConfigurationError for the first value that won't do.
 */
export function readSettings(given: Partial<Record<OptionKey, string>>, shown: (key: OptionKey) => string): Settings {
  const settings: Partial<Record<OptionKey, unknown>> = {};
  for (const [key, option] of Object.entries(OPTIONS) as [OptionKey, Option<unknown>][])
    try {
      settings[key] = option.parse(given[key] ?? option.default);
    } catch (e) {
      if (e instanceof ConfigurationError) throw new ConfigurationError(`${shown(key)} ${e.message}`);
      throw e;
    }
  return settings as Settings;
}

type Setting = string | number | boolean | string[];

/** What decides the result, by the inputs' names, for the report: the machine's part (folders, concurrency) is left out. */
export function effectiveSettings(settings: Settings, edge: Edge): Record<string, Setting> {
  const machine: OptionKey[] = [
    'outputDirectory',
    'concurrency',
    'timeoutPerModel',
    'config',
    'tfjsNode',
    'chrome',
    'shard',
    'cacheDir',
  ];
  const told = optionsOf(edge).filter(([key]) => !machine.includes(key));
  return Object.fromEntries(told.map(([key]) => [inputName(key), settings[key] as Setting]));
}
