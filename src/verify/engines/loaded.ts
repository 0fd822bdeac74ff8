import type { io, NamedTensorMap, Tensor } from '@tensorflow/tfjs-core';
import type { TfData, TfDType, TfTensor } from '../tftensor.js';
import type { WrittenModel } from '../written.js';
import { withConsoleHeard } from './console.js';
import type { LibraryOutput, Loaded, Outcome } from './engine.js';
import type { Runtime } from './tfjs.js';

/** One of TensorFlow.js's two kinds of model behind one face. */
interface Kind {
  inputNames: readonly string[];
  outputNames: readonly string[];
  /** The outputs of `fetch`, in its order. */
  run(inputs: ReadonlyMap<string, Tensor>, fetch: readonly string[]): Promise<Tensor[]>;
  /** Tensors that belong to the model: an output that is one of them must not be disposed. */
  owned(): Iterable<Tensor>;
  dispose(): void;
}

/**
 * Loads a written model with stock TensorFlow.js, on the backend that `activate` makes the current one. Throws what
 * TensorFlow.js throws.
 */
export async function loadModel(runtime: Runtime, model: WrittenModel, activate: () => Promise<void>): Promise<Loaded> {
  const { result, thrown, printed } = await withConsoleHeard(async () => {
    await activate();
    return model.format === 'graph-model' ? graphModel(runtime, model) : layersModel(runtime, model);
  });
  if (result === undefined) throw thrown;
  return {
    inputNames: result.inputNames,
    outputNames: result.outputNames,
    printed,
    async run(inputs, fetch = model.record.outputs.map((o) => o.tfjs.name)) {
      const outcome = await withConsoleHeard(async () => {
        await activate();
        return infer(runtime.core, result, inputs, fetch);
      });
      if (outcome.result === undefined) throw withPrinted(outcome.thrown, outcome.printed);
      return { outputs: outcome.result, printed: outcome.printed } satisfies Outcome;
    },
    async dispose() {
      await withConsoleHeard(async () => {
        await activate();
        result.dispose();
      });
    },
  };
}

/** XNNPACK's complaint is the cause of an exception that follows it, and says more than it does. */
function withPrinted(thrown: unknown, printed: LibraryOutput): unknown {
  if (printed.failures.length === 0) return thrown;
  return new Error(`${thrown instanceof Error ? thrown.message : String(thrown)} (${printed.failures[0]})`, {
    cause: thrown,
  });
}

/** What a page's http loader would hand over, from disk. */
async function artifacts({ core }: Runtime, model: WrittenModel): Promise<io.ModelArtifacts> {
  const json = model.json as unknown as io.ModelJSON;
  return core.io.getModelArtifactsForJSON(json, async (manifest) => [
    core.io.getWeightSpecs(manifest),
    model.readShards(),
  ]);
}

async function graphModel(runtime: Runtime, model: WrittenModel): Promise<Kind> {
  const { loadGraphModel } = await runtime.converter();
  const graph = await loadGraphModel({ load: () => artifacts(runtime, model) });
  // inputNodes and outputNodes know one name per node, and two outputs may be of one node: the signature has them all.
  const signature = (graph.modelSignature ?? {}) as { inputs?: object; outputs?: object };
  return {
    inputNames: signature.inputs ? Object.keys(signature.inputs) : graph.inputNodes,
    outputNames: signature.outputs ? Object.keys(signature.outputs) : graph.outputNodes,
    async run(inputs, fetch) {
      if (fetch.length === 0) return [];
      const feed: NamedTensorMap = Object.fromEntries(inputs);
      const given = model.record.async ? await graph.executeAsync(feed, [...fetch]) : graph.execute(feed, [...fetch]);
      return Array.isArray(given) ? given : [given];
    },
    *owned() {
      for (const tensors of Object.values(graph.weights)) yield* tensors;
    },
    dispose: () => graph.dispose(),
  };
}

async function layersModel(runtime: Runtime, model: WrittenModel): Promise<Kind> {
  const { loadLayersModel, model: modelOf } = await runtime.layers();
  const layers = await loadLayersModel({ load: () => artifacts(runtime, model) });
  return {
    inputNames: layers.inputNames,
    outputNames: layers.outputNames,
    async run(inputs, fetch) {
      const feed = layers.inputNames.map((name) => {
        const tensor = inputs.get(name);
        if (!tensor) throw new Error(`no value for the input ${JSON.stringify(name)}`);
        return tensor;
      });
      // What lies within is an output of a model that shares the layers.
      const inside = fetch.some((name) => !layers.outputNames.includes(name));
      const asked = inside
        ? modelOf({ inputs: layers.inputs, outputs: fetch.map((name) => firstOutput(layers.getLayer(name).output)) })
        : layers;
      const given = asked.predict(feed);
      const all = Array.isArray(given) ? given : [given];
      return fetch.map((name, i) => {
        const tensor = all[inside ? i : layers.outputNames.indexOf(name)];
        if (!tensor) throw new Error(`the model has no output ${JSON.stringify(name)}`);
        return tensor;
      });
    },
    *owned() {
      for (const weight of layers.weights) yield weight.read();
    },
    dispose: () => {
      layers.dispose();
    },
  };
}

const firstOutput = <T>(output: T | T[]): T => (Array.isArray(output) ? (output[0] as T) : output);

async function infer(
  core: Runtime['core'],
  kind: Kind,
  inputs: ReadonlyMap<string, TfTensor>,
  fetch: readonly string[],
): Promise<Map<string, TfTensor>> {
  const fed = new Map<string, Tensor>();
  let fetched: Tensor[] = [];
  try {
    for (const [name, value] of inputs) fed.set(name, tensorOf(core, value));
    fetched = await kind.run(fed, fetch);
    const outputs = new Map<string, TfTensor>();
    for (const [i, name] of fetch.entries()) {
      const tensor = fetched[i] as Tensor;
      const data = (await tensor.data()) as unknown as TfData;
      outputs.set(name, { dtype: tensor.dtype as TfDType, shape: [...tensor.shape], data });
    }
    return outputs;
  } finally {
    const owned = new Set<number>();
    for (const tensor of kind.owned()) owned.add(tensor.id);
    for (const tensor of new Set([...fetched, ...fed.values()]))
      if (!owned.has(tensor.id) && !tensor.isDisposed) tensor.dispose();
  }
}

function tensorOf(core: Runtime['core'], { dtype, shape, data }: TfTensor): Tensor {
  if (dtype !== 'complex64') return core.tensor(data as never, [...shape], dtype);
  const pairs = data as Float32Array;
  const real = core.tensor(
    pairs.filter((_, i) => i % 2 === 0),
    [...shape],
    'float32',
  );
  const imag = core.tensor(
    pairs.filter((_, i) => i % 2 === 1),
    [...shape],
    'float32',
  );
  const whole = core.complex(real, imag);
  core.dispose([real, imag]);
  return whole;
}
