/**
 * The shape of `report.json`: plain JSON, and everything that any report shows. Whoever runs models fills it; every
 * rendering (summary.md, index.html, junit.xml, annotations) is a pure function of it. `schema/report.schema.json` says
 * the same to outside tools and is tested against this file's fixtures.
 *
 * Conventions: sizes in bytes, times in milliseconds, paths with `/`. All names and messages are as the model has them:
 * hostile text until escaped (src/diag/escape.ts). What isn't known is left out, never null, unless said otherwise.
 */

/** From best to worst: the worst status of a run's models is the run's. */
export const STATUSES = ['pass', 'unverified', 'unsupported', 'mismatch', 'error'] as const;
/**
 * pass: converted, all outputs within tolerance. unverified: converted, nothing to compare with. unsupported: refused,
 * with the reason per node. mismatch: converted, outside tolerance. error: couldn't be read, or a limit was hit.
 */
export type Status = (typeof STATUSES)[number];

export type Format = 'layers-model' | 'graph-model' | 'keras';

/** What became of one ONNX node, as in conversion.json. */
export const FATES = ['layer', 'op', 'fused', 'folded', 'relabelled', 'unused'] as const;
export type Fate = (typeof FATES)[number];

/** A number that JSON can carry: NaN and the infinities as words. */
export type Figure = number | 'NaN' | 'Infinity' | '-Infinity';

/** One entry of a shape: a size, a symbol's name, or null where nothing is known. */
export type Dim = number | string | null;

/** Everything that one run found. */
export interface Report {
  schema: 1;
  tool: Tool;
  /** In the order of their paths. */
  models: ModelReport[];
  totals: Totals;
  /** Findings about the run and not about one model (no models found, a setting that had no effect …). */
  diagnostics?: Finding[];
  /** Which of the models that were found are here. */
  selection?: Selection;
  /** What was effectively applied, by the names of the action's inputs; for provenance and the reproduction command. */
  settings?: Record<string, string | number | boolean | string[]>;
  /** Versions of what the verdicts rest on: `tfjs`, `onnxruntime`, `node` … */
  versions?: Record<string, string>;
  timings?: Timings;
}

export interface Tool {
  name: string;
  version: string;
  /** The repository that the action came from, and what of it was asked for (a tag, a commit): for who wants to run it, too. */
  source?: { url: string; ref: string };
}

/** How the models of a run were chosen from those that were found. */
export interface Selection {
  found: number;
  /** The commit that the others are as in. */
  changedSince?: string;
  /** `1/4` */
  shard?: string;
}

/**
 * Milliseconds by stage (`import`, `convert`, `write`, `verify`, and finer ones after a dot: `verify.wasm.load`); `total`
 * is the whole. The only part that differs between two runs on the same input.
 */
export interface Timings {
  total?: number;
  [stage: string]: number | undefined;
}

/** One per status, and sums over the models. */
export interface Totals {
  models: number;
  pass: number;
  mismatch: number;
  unverified: number;
  unsupported: number;
  error: number;
  /** Bytes of all source files (external data included) and of everything written. */
  bytesIn: number;
  bytesOut: number;
  /** The largest absolute error of any check; absent where nothing was compared. */
  maxAbsError?: Figure;
}

/** A diagnostic (src/diag) as JSON. */
export interface Finding {
  code: string;
  severity: 'error' | 'mismatch' | 'unsupported' | 'unverified' | 'warning' | 'note';
  message: string;
  remedy: string;
  place: {
    file?: string;
    /** In a file of text, from 1. */
    line?: number;
    index?: number;
    node?: string;
    op?: string;
    domain?: string;
    opset?: number;
    tensor?: string;
  };
}

/** Everything about one model of the run. */
export interface ModelReport {
  /** Of the .onnx file, relative to its root: unique in the run, and its folder below the output directory. */
  path: string;
  /** Of the .onnx file, relative to the workspace or the current folder, where that isn't `path`. */
  file?: string;
  status: Status;
  /** The format of the model in the folder itself; absent where none was written. */
  format?: Format;
  diagnostics: Finding[];
  checks: Check[];
  /** What judged it. */
  engines?: EngineFacts[];
  artefacts: Artefact[];
  timings: Timings;
  /** It was taken over from an earlier run, since nothing that it rests on has changed. */
  cached?: true;
  source?: SourceFacts;
  conversion?: ConversionFacts;
  /** Where weights were to be stored narrower than float32: what came of it, for each format. */
  quantization?: QuantizationFacts[];
  /** The Keras summary of the layers-model, where there is one. */
  keras?: KerasSummary;
  /** The source's layers. */
  layers?: SourceSummary;
  /** The source and what it became, to be drawn side by side. */
  graphs?: Graphs;
  /** What is another than in the version that a pull request goes out from. */
  changes?: ModelChanges;
  /** The first node whose inputs agree with the source's and whose output doesn't, where it was looked for. */
  divergence?: Divergence;
  /** From the settings file: an outcome that is known. `holds`: it hasn't expired. */
  waiver?: { expect: 'unsupported' | 'mismatch'; reason: string; expires: string; holds: boolean };
}

/** One output of one written model, on one engine, against one reference. */
export interface Check extends Drawings {
  /** `wasm`, `cpu`, `tensorflow`, `chrome-webgl` … */
  engine: string;
  /** Of the model that was judged. */
  format: Format;
  /** Where the expected values come from: stored in the repository, or computed by running the source. */
  reference: { kind: 'stored' | 'onnxruntime'; name: string };
  /** ONNX's name of the output. Absent where the run failed as a whole. */
  output?: string;
  /** error: the model couldn't be loaded or run; then `reason` says why and there are no figures. */
  status: 'pass' | 'mismatch' | 'error';
  /** Why it isn't a pass, in one sentence. */
  reason?: string;
  /** True for a run that only explains (CPU kernels in the place of suspect ones): it never counts in the verdict. */
  guarded?: boolean;
  /** For a guarded run that passes: the kernels that were exchanged. */
  kernels?: string[];
  dtype?: { expected: string; actual: string };
  shape?: { expected: number[]; actual: number[] };
  elements?: number;
  maxAbs?: Figure;
  /** Largest |a-b| / |b| over the elements with b other than 0. */
  maxRel?: Figure;
  /** Largest share of the allowed error that one element takes: |a-b| / limit. At most 1 passes. */
  used?: Figure;
  /** Number of elements beyond tolerance. */
  beyond?: number;
  worst?: { index: number[]; expected: Figure | string; actual: Figure | string };
  nonFinite?: { expected: { nan: number; inf: number }; actual: { nan: number; inf: number } };
  /** Where asked for: the cosine, and the share of places with the same best classes. */
  agreement?: { cosine?: Figure; topK?: number; argMax?: number };
  /** Smallest and largest finite expected value. */
  expectedRange?: { min: number; max: number };
  tolerance?: Tolerance;
}

/** What of a comparison can be drawn. Only the first few of a model's checks have it, so that the report stays small. */
export interface Drawings {
  histogram?: ErrorHistogram;
  sample?: ValueSample;
  /** For an output of scores per class: the best of the first row of the batch. */
  top?: TopClasses;
  /** For an output that looks like maps, (N, C, H, W) with more than one place: the first of the batch. */
  maps?: ResponseMaps;
}

/** How the errors |a-b| of an output are spread. */
export interface ErrorHistogram {
  /** Elements that agree to the last bit; they are in no bin. */
  equal: number;
  /** Elements where one side isn't finite; they are in no bin either. */
  nonFinite: number;
  /** Bins of a decade. */
  perDecade: number;
  /** Bin i holds 10^((first+i)/perDecade) <= |a-b| < 10^((first+i+1)/perDecade); the first holds what is smaller, too. */
  first: number;
  counts: number[];
  /** Of those, the elements beyond tolerance. */
  beyond: number[];
}

/** Some pairs of values, spread over the output, six digits each. The worst is among them. */
export interface ValueSample {
  expected: number[];
  actual: number[];
}

/** The classes with the largest scores, largest first. */
export interface TopClasses {
  /** `softmax`: the output's values went through one; `none`: they are probabilities already. */
  scores: 'softmax' | 'none';
  expected: ClassScore[];
  actual: ClassScore[];
}

export interface ClassScore {
  class: number;
  score: number;
  /** From the configuration. */
  label?: string;
}

/** Both sides' maps as pictures. */
export interface ResponseMaps {
  width: number;
  height: number;
  /** Only every so many-eth row and column is here; 1 where all are. */
  step: number;
  /** What `response` shows: the predicted class's score, or the output's value (the mean over channels where there are several). */
  shows: 'class score' | 'value';
  /** For class scores: the class with the largest score at any place. */
  predicted?: { expected: ClassScore; actual: ClassScore };
  /** For class scores: at each place the largest of all classes. */
  best?: MapPair;
  response: MapPair;
  /** The image that was fed, where one was. */
  image?: Picture;
}

/** A map of both sides. Each is base64 of a byte per place: 0 stands for `min`, 255 for `max`. */
export interface MapPair {
  min: number;
  max: number;
  expected: string;
  actual: string;
  /** |a-b|: 0 stands for 0, 255 for `maxDifference`. */
  difference: string;
  maxDifference: number;
}

/** Base64 of three bytes (red, green, blue) per pixel. */
export interface Picture {
  width: number;
  height: number;
  rgb: string;
}

/** An engine and what it ran on: SIMD, threads, the browser … */
export interface EngineFacts {
  name: string;
  version: string;
  details: Record<string, string>;
}

/** abs(a-b) <= atol + rtol*abs(b) + rangeTol*range, as applied. */
export interface Tolerance {
  rtol: number;
  atol: number;
  rangeTol: number;
  /** max(b)-min(b) of the expected values. */
  range?: number;
  /** What else was asked for or allowed: see the settings file. */
  ulp?: number;
  outliers?: number;
  cosine?: number;
  topK?: { k: number; axis: number; share: number };
  argMax?: { axis: number; share: number };
  nan?: 'equal' | 'forbid' | 'ignore';
  infinite?: 'equal' | 'forbid' | 'ignore';
}

/** One written file. */
export interface Artefact {
  /** Relative to the output directory. */
  path: string;
  bytes: number;
  sha256?: string;
  /** Of the model that the file belongs to; absent for conversion.json. */
  format?: Format;
}

/** One input or output: ONNX's view and, where converted, TensorFlow.js's. */
export interface TensorFact {
  name: string;
  dtype: string;
  shape?: Dim[];
  tfjs?: { name: string; dtype: string; shape: (number | null)[] };
  /** order[i] is the ONNX axis at position i of the TensorFlow.js tensor. */
  order?: number[];
  /** What the values of an output lie within, and those of an input are meant to; an end that isn't there is open. */
  range?: { min?: number; max?: number };
}

/** What the ONNX file says of itself. */
export interface SourceFacts {
  sha256?: string;
  /** External data included. */
  bytes: number;
  /** Files with weights, as the model names them: relative to its folder. */
  external?: string[];
  irVersion?: number;
  /** Domain to version; '' is ONNX's own. */
  opsets?: Record<string, number>;
  producer?: string;
  inputs?: TensorFact[];
  outputs?: TensorFact[];
  /** Operator (with its domain before a dot where it isn't ONNX's own) to number of nodes. */
  operators?: Record<string, number>;
  /** Number of elements of all weights. */
  parameters?: number;
  nodes?: number;
}

/** How the conversion went. */
export interface ConversionFacts {
  /** `executeAsync` must be used. */
  async?: boolean;
  /** Number of ONNX nodes by what became of them. */
  fates: Partial<Record<Fate, number>>;
  /** Transposes that had to be inserted because layouts disagreed. */
  relayouts?: number;
  /** Where `auto` chose a graph-model: each node without a stock Keras layer, why, and what else than a graph-model would do. */
  notLayers?: { node: string; op: string; reason: string; remedy?: string }[];
}

/** How weights can be stored; all are float32 again where the model is loaded. */
export const STORAGES = ['float32', 'float16', 'uint16', 'uint8'] as const;
export type Storage = (typeof STORAGES)[number];

/** Weights of one written format that are stored narrower than float32. */
export interface QuantizationFacts {
  format: Format;
  mode: 'float16' | 'uint16' | 'uint8' | 'auto';
  /** Bytes that all float weights would take as float32, and that they take. */
  float32Bytes: number;
  bytes: number;
  /** How the float weights are stored: tensors and bytes of each kind. */
  stored: Partial<Record<Storage, { tensors: number; bytes: number }>>;
  /** For `auto`: how it was found. */
  search?: QuantizationSearch;
}

/** How the smallest storage within tolerance was looked for: by runs on stock TensorFlow.js, each with its own storage. */
export interface QuantizationSearch {
  engine: string;
  /** The data sets of the runs. */
  references: { kind: 'stored' | 'onnxruntime'; name: string }[];
  /** In the order of the runs; the first has all weights as float32. */
  curve: QuantizationTrial[];
  /** In the curve: what was written. */
  chosen: number;
  /** `time`: it took too long, and what was best until then was taken. `float32`: even that isn't within tolerance. */
  ended: 'complete' | 'time' | 'float32';
  /** Weights that could be smaller, the largest first. */
  weights: { name: string; stored: Storage; bytes: number; used?: Figure }[];
}

/** One run: size of the float weights against error. */
export interface QuantizationTrial {
  /** Which weights were how small, in a few words. */
  what: string;
  bytes: number;
  /** The worst of all outputs and data sets. */
  used: Figure;
  maxAbs: Figure;
  passes: boolean;
}

/** The rows of `model.summary()`, in the model's order of layers. */
export interface KerasSummary {
  /** The model's name, as in `Model: "model"`. */
  name: string;
  rows: LayerRow[];
  trainable: number;
  nonTrainable: number;
  /** Why Keras counts other parameters than the source: its total is the source's and these together. Empty where they are the same. */
  differences?: ParameterDifference[];
}

/**
 * statistics: running means and variances of BatchNormalization, which torch has as buffers. zeros: those of kernels that
 * stand for groups, a dilation or another number of dimensions. constants: what layers compute with that the source has no
 * parameters for. biases: of two that the source adds, a recurrent layer has one. configuration: weights of the source that
 * layers hold in their configuration. merged: weights that were computed into others. copies: weights that several layers
 * hold, each its own.
 */
export interface ParameterDifference {
  reason: 'statistics' | 'zeros' | 'constants' | 'biases' | 'configuration' | 'merged' | 'copies';
  /** How many more Keras counts; below zero where the source counts more. */
  parameters: number;
  /** Layers that it comes from. */
  layers: number;
}

/** One layer of the written layers-model. */
export interface LayerRow {
  name: string;
  className: string;
  /** One shape per output; axis 0 is the batch (null). */
  outputShapes: (number | null)[][];
  params: number;
  /** As Keras writes them: `LAYER_0_pad[0][0]`. */
  connectedTo: string[];
  /** `number` of the source row that this layer stands for, alone or as a helper of it (`_pad`). */
  source?: number;
}

/** The source's layers, as torchsummary would list them. */
export interface SourceSummary {
  rows: SourceRow[];
  /** Element counts per input; absent where a size other than the batch isn't known. */
  inputElements?: number[];
}

/** One ONNX node of the source. */
export interface SourceRow {
  /** From 1, in file order: the N of `Conv2d-N`. */
  number: number;
  /** ONNX's operator. */
  op: string;
  /** ONNX's node name, or its first output's where it has none. */
  name: string;
  /** Of the first output; absent where inference couldn't tell. Axis 0 is shown as -1 where it is the batch. */
  outputShape?: Dim[];
  /** Elements of the weights that torch calls parameters: without a BatchNormalization's running mean and variance. */
  params: number;
  /** Elements of a BatchNormalization's running mean and variance. */
  buffers?: number;
  became?: Fate;
  /** Names in the written model: layers, or nodes of the graph. */
  tfjs?: string[];
}

/** What is another in a model than in an earlier version of it. */
export interface ModelChanges {
  /** The commit of the earlier version. */
  since: string;
  /** The file's own bytes are the same: only its external data, its references or nothing has changed. */
  isSame: boolean;
  /** The largest error then and now, and the share of the tolerance that it took. */
  error: { before?: { maxAbs: Figure; used?: Figure }; now?: { maxAbs: Figure; used?: Figure } };
  /** Only what differs. */
  facts: { name: string; before?: string | number; now?: string | number }[];
  /** Inputs and outputs that were added, removed or changed. */
  tensors: { kind: 'input' | 'output'; name: string; before?: string; now?: string }[];
  layers: LayerChanges;
}

/** Of the source's layers, by ONNX's names and operators. */
export interface LayerChanges {
  added: { op: string; name: string }[];
  removed: { op: string; name: string }[];
  renamed: { op: string; from: string; to: string }[];
  changed: {
    op: string;
    name: string;
    shape?: { before: string; now: string };
    params?: { before: number; now: number };
  }[];
}

/** Two graphs whose nodes belong together by the places of ONNX nodes in the file. */
export interface Graphs {
  source: Net;
  /** Of the model in the folder itself; absent where none was written. */
  written?: Net;
}

/** A graph to be drawn. Constants are no nodes of it, but weights of the nodes that read them. */
export interface Net {
  nodes: NetNode[];
  /** Who gives and who reads, as places in `nodes`, from 0; each pair once. */
  edges: [number, number][];
}

/** What is fed, done or fetched. */
export interface NetNode {
  kind: 'input' | 'node' | 'output';
  /** The operator or the layer's class, with its domain before a dot where it isn't the usual one; empty for what is fed or fetched. */
  op: string;
  name: string;
  /** Of the source: the node's place in the file, from 0. Of the written model: the places of the nodes it stands for. */
  onnx: number[];
  became?: Fate;
  /** `number` of the source row, where there is one. */
  number?: number;
  /** Of the first output. */
  shape?: Dim[];
  weights?: { name: string; shape: number[] }[];
}

/** The first diverging node. */
export interface Divergence {
  /** `number` of the source row. */
  source?: number;
  node: string;
  op: string;
  maxAbs?: Figure;
  message?: string;
  /** The node's index in the file. */
  index?: number;
  /** ONNX's name of the value that differs. */
  output?: string;
  /** The node's attributes, in words. */
  attributes?: Record<string, string>;
  /** Where the written model holds several nodes in one: all that the difference may come from, in file order. */
  group?: { index: number; node: string; op: string }[];
  /** What in the written model does its work: layers, or nodes of the graph. */
  tfjs?: string[];
  engine?: string;
  format?: Format;
  /** How many runs the search took, and how many values it compared. */
  runs?: number;
  compared?: number;
  /**
   * The values inside that were compared, in file order: the node's index, ONNX's name of the value, the largest |a-b| beside
   * the value's usual size, and the largest |a-b|.
   */
  curve?: { index: number; output: string; share: Figure; maxAbs: Figure }[];
  /** A folder with a model of the node alone and its inputs, relative to the output directory. */
  artefact?: string;
}
