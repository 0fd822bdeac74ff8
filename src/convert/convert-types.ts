/** What is asked of a conversion and what it answers: plain JSON, since both go through the pool's channel. */
import type { Diagnostic } from '../diag/diagnostic.js';
import type {
  ConversionFacts,
  Format,
  Graphs,
  KerasSummary,
  QuantizationFacts,
  SourceFacts,
  SourceSummary,
} from '../report/types.js';
import type { QuantizedType } from '../tensor/quantization.js';

export interface ConvertLimits {
  /** Of the model, external data included. */
  maxModelBytes: number;
}

/** How weights are stored: all alike, or by format and name; what isn't named stays as it is. */
export type QuantizationPlan =
  | 'none'
  | QuantizedType
  | Readonly<Partial<Record<Format, Readonly<Record<string, QuantizedType>>>>>;

export interface ConvertRequest {
  /** The .onnx file, absolute. */
  path: string;
  /** Relative to its root, with `/`: what conversion.json names as the source, and diagnostics as the file. */
  relativePath: string;
  formats: ('auto' | Format)[];
  changeOrdering: boolean;
  namePolicy: 'keep' | 'short' | 'renumerate';
  /** By input name: order[i] is the ONNX axis that the fed tensor has at position i. Overrides `changeOrdering` there. */
  inputOrders?: Record<string, number[]>;
  /** Where a graph-model is to run: forms that win on WASM and cost elsewhere are for `wasm` alone. `any` where absent. */
  target?: 'any' | 'wasm' | 'webgl';
  /** Names of passes over the TensorFlow graph that are left out: for measuring what each is worth. */
  passesOff?: string[];
  /** By input name: the least and the greatest value that it is meant to be fed, where the user says so. */
  inputRanges?: Record<string, [number, number]>;
  /** By input name: sizes in ONNX's order, where the file leaves them open. */
  inputShapes?: Record<string, number[]>;
  /** Weights narrower than float32, where they can be and are worth it; none where absent. */
  quantize?: QuantizationPlan;
  /** Bytes of a shard at most; 4 MiB where absent. */
  shardBytes?: number;
  /** An empty folder that is there, into which `model.json`, its shards, `conversion.json` … are written. */
  outputFolder: string;
  limits: ConvertLimits;
}

export interface ConvertResult {
  status: 'converted' | 'unsupported' | 'error';
  /** Of the model in the folder itself; absent where none was written. */
  format?: Format;
  diagnostics: Diagnostic[];
  /** Every file written, relative to the output folder, with `/`. */
  artefacts: { path: string; bytes: number; sha256: string; format?: Format }[];
  source?: SourceFacts;
  conversion?: ConversionFacts;
  /** One for each format with weights that were to be stored narrower. */
  quantization?: QuantizationFacts[];
  keras?: KerasSummary;
  layers?: SourceSummary;
  graphs?: Graphs;
}

export interface InspectRequest {
  path: string;
  relativePath: string;
  limits: ConvertLimits;
}

export interface InspectResult {
  source: SourceFacts;
  /** Each format, and what stands against it: nothing, where it is possible. */
  formats: { format: Format; possible: boolean; obstacles: Diagnostic[] }[];
  diagnostics: Diagnostic[];
}
