import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { notMeasured } from '../../diag/catalogue-quantize.js';
import { type Diagnostic, DiagnosticError } from '../../diag/diagnostic.js';
import type { QuantizationSearch } from '../../report/types.js';
import type { QuantizedType } from '../../tensor/quantization.js';
import { DEFAULT_TOLERANCE, type Figure, figure } from '../checks.js';
import { compare } from '../compare.js';
import { engineOf, isOwn } from '../engines/index.js';
import type { Engine } from '../engines/engine.js';
import { feedOf } from '../feed.js';
import { foldersOf, referencesFor, type VerifyRequest } from '../judge.js';
import type { ReferenceSet } from '../reference-set.js';
import { SecondOpinion } from '../source/opinion.js';
import type { TfTensor } from '../tftensor.js';
import { openModel, type WrittenModel } from '../written.js';
import { type Choice, Repacked, type Weight } from './packed.js';
import { type Found, type Measured, search } from './search.js';

/** A folder whose models have all their weights as float32, and how long may be looked for smaller ones. */
export interface StorageRequest extends VerifyRequest {
  milliseconds: number;
}

/** How the weights of one format are best stored. */
export interface FormatStorage {
  format: 'layers-model' | 'graph-model';
  /** The smallest first; each leaves more room than the one before, and the last is float32 throughout. */
  choices: { weights: Record<string, QuantizedType>; trial: number }[];
  search: Omit<QuantizationSearch, 'chosen' | 'weights'>;
  /** Weights that could be smaller, the largest first, and the share of the tolerance that each uses at its smallest. */
  weights: { name: string; elements: number; used?: Figure }[];
}

export interface StorageAnswer {
  formats: FormatStorage[];
  diagnostics: Diagnostic[];
  restart: boolean;
}

/** More data sets than this make each run long and say little more; the verdict is that of all. */
const MOST_SETS = 4;

/**
 * For each format in a folder, looks for the smallest storage of its weights with which every output stays within
 * tolerance, on stock TensorFlow.js in this process. Throws nothing for what is wrong with model or references: then there
 * is nothing to be found, and the judge will say why.
 */
export async function findStorage(
  request: StorageRequest,
  progress: (step: string) => void = () => {},
): Promise<StorageAnswer> {
  const answer: StorageAnswer = { formats: [], diagnostics: [], restart: false };
  const opinion = new SecondOpinion(request.model, request.relativePath, request.ranges ?? {}, progress);
  const folders = foldersOf(request.folder);
  const until = performance.now() + request.milliseconds;
  try {
    for (const [i, folder] of folders.entries()) {
      const share = (until - performance.now()) / (folders.length - i);
      try {
        await ofFolder(folder, { ...request, milliseconds: share }, opinion, answer, progress);
      } catch (e) {
        if (!(e instanceof DiagnosticError)) throw e;
        answer.diagnostics.push(notMeasured({ file: request.relativePath }, e.diagnostics[0]?.message ?? ''));
      }
    }
  } finally {
    await opinion.close();
  }
  return answer;
}

async function ofFolder(
  folder: string,
  request: StorageRequest,
  opinion: SecondOpinion,
  answer: StorageAnswer,
  progress: (step: string) => void,
): Promise<void> {
  // A Keras archive alone is nothing that TensorFlow.js loads.
  if (!existsSync(join(folder, 'model.json'))) return;
  const file = request.relativePath;
  const model = openModel(folder, file);
  const { sources } = await referencesFor(model, request, opinion);
  const sets: { kind: 'stored' | 'onnxruntime'; name: string; set: ReferenceSet }[] = [];
  for (const source of sources.slice(0, MOST_SETS)) {
    const { set, computed } = await source.load();
    if (set) sets.push({ kind: computed ? 'onnxruntime' : source.kind, name: source.name, set });
  }
  if (sets.length === 0) {
    answer.diagnostics.push(notMeasured({ file }, 'there is nothing to compare its outputs with'));
    return;
  }
  const engine = await engineOf(request.engines.find(isOwn) ?? 'wasm', request.enginePlaces);
  if (engine.maxWeightBytes !== undefined && model.weightBytes > engine.maxWeightBytes) {
    answer.diagnostics.push(notMeasured({ file }, `its weights are more than ${engine.name} can hold`));
    return;
  }
  const packed = new Repacked(model);
  const until = performance.now() + request.milliseconds;
  let runs = 0;
  const run = async (choice: Choice): Promise<Measured> => {
    progress(`measuring quantized weights, run ${++runs}`);
    return measure(engine, packed.as(choice), sets, request);
  };
  const found = await search(packed.weights, run, until);
  answer.restart ||= engine.damaged;
  answer.formats.push({
    format: model.format,
    choices: found.choices.map(({ choice, trial }) => ({ weights: Object.fromEntries(choice), trial })),
    search: {
      engine: engine.name,
      references: sets.map(({ kind, name }) => ({ kind, name })),
      curve: found.curve,
      ended: found.ended,
    },
    weights: weightRows(packed.weights, found),
  });
}

/** One run on all sets; what fails or can't be run is beyond all tolerance. */
async function measure(
  engine: Engine,
  model: WrittenModel,
  sets: readonly { name: string; set: ReferenceSet }[],
  { tolerance, outputs = {} }: VerifyRequest,
): Promise<Measured> {
  const beyond: Measured = { used: Number.POSITIVE_INFINITY, maxAbs: Number.POSITIVE_INFINITY, passes: false };
  try {
    const loaded = await engine.load(model);
    try {
      let worst: Measured = { used: 0, maxAbs: 0, passes: true };
      for (const { name, set } of sets) {
        const inputs = new Map<string, TfTensor>();
        for (const row of model.record.inputs) {
          const value = set.inputs.get(row.onnx.name);
          if (value) inputs.set(row.tfjs.name, feedOf(value, row, name));
        }
        const { outputs: computed, printed } = await loaded.run(inputs);
        if (printed.failures.length > 0) return beyond;
        for (const row of model.record.outputs) {
          const [expected, actual] = [set.outputs.get(row.onnx.name), computed.get(row.tfjs.name)];
          if (!expected || !actual) return beyond;
          const own = Object.hasOwn(outputs, row.onnx.name) ? outputs[row.onnx.name] : {};
          const { kind, figures } = compare(expected, actual, row, { ...DEFAULT_TOLERANCE, ...tolerance, ...own });
          worst = {
            used: Math.max(worst.used, numberOf(figures.used ?? (kind === 'pass' ? 0 : 'Infinity'))),
            maxAbs: Math.max(worst.maxAbs, numberOf(figures.maxAbs ?? 0)),
            passes: worst.passes && kind === 'pass',
          };
        }
      }
      return worst;
    } finally {
      await loaded.dispose();
    }
  } catch {
    // The judge will meet the same, and say what it is.
    return beyond;
  }
}

/** NaN is as bad as can be. */
const numberOf = (x: Figure): number => (Number.isNaN(Number(x)) ? Number.POSITIVE_INFINITY : Number(x));

function weightRows(weights: readonly Weight[], { sensitivity }: Found): FormatStorage['weights'] {
  return weights
    .filter((w) => w.rungs.length > 1)
    .map(({ name, rungs }) => {
      const used = sensitivity.get(name);
      return { name, elements: (rungs[0]?.bytes ?? 0) / 4, ...(used === undefined ? {} : { used: figure(used) }) };
    })
    .sort((a, b) => b.elements - a.elements || (a.name < b.name ? -1 : 1));
}
