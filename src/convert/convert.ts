import { writeFileSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { ConvertRequest, ConvertResult, InspectRequest, InspectResult } from './convert-types.js';
import {
  becameGraphModel,
  narrowedIntegers,
  ourBug,
  refusedNode,
  unsignedDifference,
} from '../diag/catalogue-convert.js';
import { cannotWrite } from '../diag/catalogue-run.js';
import { beyond, DiagnosticError, Refusal, refuse, type Diagnostic, type Place } from '../diag/diagnostic.js';
import { declaration } from './declaration.js';
import { LIMITS } from '../diag/limits.js';
import { conversionJson, fatesOf, type FaceRow, type Fates } from './fates.js';
import { sourceFacts, kerasSummary, sourceNumbers, sourceSummary } from './facts.js';
import { layersNet, sourceNet, tfNet } from './graphs.js';
import { importModel, type Imported } from '../import/import.js';
import type { Graph, Node, Value } from '../ir/graph.js';
import { Names } from '../ir/names.js';
import { lowerToKeras, type LoweredKeras, type Own } from '../keras/lower.js';
import { writeKerasArchive } from '../keras/writer-keras3.js';
import { layersModelJson, type LayersModelJson } from '../keras/writer-tfjs.js';
import { checkInputOrders, withInputShapes } from '../onnx/fix-shapes.js';
import type { OnnxModel } from '../onnx/model.js';
import { readModel, readModelHashing } from '../onnx/read.js';
import { groupNorms } from '../passes/group-norm.js';
import { assignLayouts, type LaidOut } from '../passes/layout.js';
import { moveRows } from '../passes/move-rows.js';
import { pruneGraph } from '../passes/prune.js';
import { isArithmetic, narrowedNodes } from '../passes/narrowed.js';
import { knownRanges, type Range } from '../passes/ranges.js';
import { unmergeBatch } from '../passes/unmerge.js';
import { recompose } from '../passes/recompose.js';
import { quantizationOf, storageOf } from './quantization.js';
import type { ConversionFacts, Format, TensorFact } from '../report/types.js';
import { lowerToTf, type TfGraph } from '../tf/lower.js';
import { optimize } from '../tf/passes/index.js';
import { graphModelJson, type GraphModelJson } from '../tf/writer.js';
import { sizeOf } from '../tensor/tensor.js';
import { TOOL } from '../version.js';
import {
  type ShardSettings,
  writeShards,
  type WeightEntry,
  type WeightSpec,
  type WrittenFile,
} from '../write/shards.js';

type Settings = Pick<ConvertRequest, 'changeOrdering' | 'namePolicy' | 'inputOrders' | 'target' | 'passesOff'>;

/** A model as one format holds it, not yet written. */
type Prepared =
  | { readonly format: 'graph-model'; readonly laid: LaidOut; readonly tf: TfGraph; readonly json: GraphModelJson }
  | { readonly format: 'layers-model' | 'keras'; readonly laid: LaidOut; readonly keras: LoweredKeras };

/**
 * Converts one model and writes the result into `request.outputFolder`. Never throws for a fault of the model: what
 * stands against it is in the result's diagnostics, all of it.
 */
export function convertModel(request: ConvertRequest): ConvertResult {
  const read = guarded(request.relativePath, () =>
    readModelHashing(request.path, { maxBytes: request.limits.maxModelBytes }, request.relativePath),
  );
  if ('problems' in read) return failed(read.problems);
  const model = read.value;
  // Its hash is waited for when all else is done; the file may have been changed meanwhile.
  const facts = (imported?: Imported) => {
    const source = guarded(request.relativePath, () => sourceFacts(model, imported));
    return 'value' in source ? { source: source.value } : {};
  };
  const importing = guarded(request.relativePath, () => {
    checkInputOrders(model, request.inputOrders ?? {});
    return importModel(withInputShapes(model, request.inputShapes ?? {}));
  });
  if ('problems' in importing)
    return {
      ...failed([...model.diagnostics, ...importing.problems]),
      ...facts(),
      graphs: { source: sourceNet(model) },
    };
  const imported = importing.value;
  const diagnostics: Diagnostic[] = [...model.diagnostics, ...imported.diagnostics];
  const graph = pruneGraph(imported.graph);
  diagnostics.push(...integerFindings(graph, placer(model)));

  const chosen: Prepared[] = [];
  const problems: Diagnostic[] = [];
  let notLayers: ConversionFacts['notLayers'];
  for (const format of request.formats) {
    if (format === 'auto') {
      const layers = guarded(request.relativePath, () =>
        prepareLayers(model, imported, graph, request, 'layers-model'),
      );
      if ('value' in layers) {
        chosen.push(layers.value);
        continue;
      }
      notLayers = layers.problems.map((d) => ({
        node: d.place.node ?? d.place.tensor ?? '',
        op: d.place.op ?? '',
        reason: d.message,
        ...(isGraphModel(d.remedy) ? {} : { remedy: d.remedy }),
      }));
      const bugs = layers.problems.filter((d) => d.code === 'internal-error');
      diagnostics.push(...bugs, becameGraphModel({ file: request.relativePath }, layers.problems.length));
    }
    const prepared = guarded(request.relativePath, (): Prepared => {
      switch (format) {
        case 'layers-model':
        case 'keras':
          return prepareLayers(model, imported, graph, request, format);
        case 'auto':
        case 'graph-model':
          return prepareGraph(model, graph, request);
      }
    });
    if ('value' in prepared) chosen.push(prepared.value);
    else problems.push(...prepared.problems);
  }
  if (problems.length > 0)
    return {
      ...failed([...diagnostics, ...problems]),
      ...facts(imported),
      graphs: { source: sourceNet(model, { imported }) },
    };

  // What stands in the folder itself is the first that TensorFlow.js loads; a Keras archive stands beside it.
  const first = chosen.find((p) => p.format !== 'keras') ?? chosen[0];
  const ranges = rangesByName(model, graph, request.inputRanges ?? {});
  const written = guarded(request.relativePath, () =>
    onDisk({ file: request.relativePath }, () =>
      chosen.map((p) =>
        writePrepared(
          p,
          model,
          imported,
          request,
          ranges,
          p === first || p.format === 'keras' ? '' : p.format,
          p === first,
        ),
      ),
    ),
  );
  if ('problems' in written) return { ...failed([...diagnostics, ...written.problems]), ...facts(imported) };
  const { fates, face } = written.value[chosen.indexOf(first)];
  const layers = sourceSummary(imported, graph, fates);
  const quantization = written.value.flatMap((w) => w.quantization.facts ?? []);
  return {
    status: 'converted',
    format: first.format,
    diagnostics: [...diagnostics, ...written.value.flatMap((w) => w.quantization.diagnostics)],
    artefacts: written.value.flatMap((w) => w.files),
    source: { ...sourceFacts(model, imported), ...face },
    conversion: {
      fates: fates.counts,
      relayouts: first.laid.relayouts,
      ...(first.format === 'graph-model' && first.json.async ? { async: true } : {}),
      ...(notLayers ? { notLayers } : {}),
    },
    ...(quantization.length > 0 ? { quantization } : {}),
    ...(first.format !== 'graph-model' ? { keras: kerasSummary(first.keras.model, graph, layers) } : {}),
    layers,
    graphs: {
      source: sourceNet(model, { imported, fates, numbers: sourceNumbers(graph) }),
      written: first.format === 'graph-model' ? tfNet(first.tf, first.json.fetchName) : layersNet(first.keras.model),
    },
  };
}

function tensorFact({ onnx, tfjs, order }: FaceRow, range: Range | undefined): TensorFact {
  return {
    name: onnx.name,
    dtype: onnx.dtype,
    shape: [...onnx.shape],
    tfjs: { ...tfjs, shape: [...tfjs.shape] },
    order: [...order],
    ...(range ? { range } : {}),
  };
}

/** What is known of the values of inputs and outputs, by ONNX's names. */
interface Ranges {
  readonly inputs: ReadonlyMap<string, Range | undefined>;
  readonly outputs: ReadonlyMap<string, Range | undefined>;
}

function rangesByName(model: OnnxModel, graph: Graph, own: Readonly<Record<string, [number, number]>>): Ranges {
  const { fed, given } = knownRanges(model, graph);
  return {
    inputs: new Map(
      graph.inputs.map((v) => {
        const [min, max] = (Object.hasOwn(own, v.name) && own[v.name]) || [];
        return [v.name, min === undefined || max === undefined ? fed(v) : { min, max }];
      }),
    ),
    outputs: new Map(graph.outputs.map((o) => [o.name, given(o.value)])),
  };
}

/** What is in a model, and which formats can hold it: everything short of writing. Never throws for the model. */
export function inspectModel(request: InspectRequest): InspectResult {
  const opened = guarded(request.relativePath, () =>
    readModel(request.path, { maxBytes: request.limits.maxModelBytes }, request.relativePath),
  );
  if ('problems' in opened) return { source: { bytes: 0 }, formats: [], diagnostics: opened.problems };
  const model = opened.value;
  const read = guarded(request.relativePath, () => importModel(model));
  if ('problems' in read) {
    const none = (format: Format) => ({ format, possible: false, obstacles: read.problems });
    return {
      source: sourceFacts(model),
      formats: [none('layers-model'), none('graph-model')],
      diagnostics: [...model.diagnostics],
    };
  }
  const graph = pruneGraph(read.value.graph);
  const settings: Settings = { changeOrdering: true, namePolicy: 'keep' };
  const formats = (['layers-model', 'graph-model'] as const).map((format) => {
    const prepared = guarded(request.relativePath, () =>
      format === 'layers-model'
        ? prepareLayers(model, read.value, graph, settings, format)
        : prepareGraph(model, graph, settings),
    );
    return { format, possible: 'value' in prepared, obstacles: 'value' in prepared ? [] : prepared.problems };
  });
  return {
    source: sourceFacts(model, read.value),
    formats,
    diagnostics: [...model.diagnostics, ...read.value.diagnostics, ...integerFindings(graph, placer(model))],
  };
}

/** What is to be said of integers that TensorFlow.js computes in 32 bits. */
function integerFindings(graph: Graph, placeOf: (node: Node) => Place): Diagnostic[] {
  const narrowed = narrowedNodes(graph);
  const placesOf = (nodes: readonly Node[]) =>
    nodes.map(placeOf).filter((p) => p.op === undefined || isArithmetic(p.op));
  const [belowZero, overflowing] = [placesOf(narrowed.belowZero), placesOf(narrowed.overflowing)];
  return [
    ...(belowZero.length > 0 ? [unsignedDifference(belowZero[0], belowZero.length)] : []),
    ...(overflowing.length > 0 ? [narrowedIntegers(overflowing[0], overflowing.length)] : []),
  ];
}

/** A remedy that `auto` has followed already. */
const isGraphModel = (remedy: string): boolean => /^(convert to a graph-model( \(.*\))?)?$/.test(remedy);

function failed(diagnostics: Diagnostic[]): ConvertResult {
  return {
    status: diagnostics.some((d) => d.severity === 'error') ? 'error' : 'unsupported',
    diagnostics,
    artefacts: [],
  };
}

/** Runs a stage; what it throws becomes diagnostics. */
function guarded<T>(file: string, stage: () => T): { value: T } | { problems: Diagnostic[] } {
  try {
    return { value: stage() };
  } catch (error) {
    if (error instanceof DiagnosticError) return { problems: [...error.diagnostics] };
    if (error instanceof Refusal) return { problems: [refusedNode({ file }, error)] };
    return { problems: [ourBug({ file }, error)] };
  }
}

/** Writes; what the file system has against it (no space, no permission) is told as such. Throws DiagnosticError. */
function onDisk<T>(place: Place, write: () => T): T {
  try {
    return write();
  } catch (error) {
    const { code, syscall, message } = error as NodeJS.ErrnoException;
    if (typeof code === 'string' && syscall !== undefined) throw new DiagnosticError([cannotWrite(place, message)]);
    throw error;
  }
}

/** Where an IR node stands in the file: the ONNX node that it stands for. */
function placer(model: OnnxModel): (node: Pick<Node, 'origin'>) => Place {
  return ({ origin }) => {
    const index = origin[0];
    const node = index === undefined ? undefined : model.graph.nodes[index];
    if (!node) return { file: model.file };
    return {
      file: model.file,
      index,
      node: node.name || node.outputs.find((o) => o !== '') || '',
      op: node.op,
      ...(node.domain === '' ? {} : { domain: node.domain }),
      opset: model.opsets.get(node.domain) ?? 1,
    };
  };
}

function prepareGraph(model: OnnxModel, graph: Graph, settings: Settings): Prepared & { format: 'graph-model' } {
  const laid = moveRows(
    assignLayouts(groupNorms(graph), {
      changeOrdering: settings.changeOrdering,
      images: 'channels-last',
      relabel: true,
      inputOrders: settings.inputOrders,
    }),
  );
  const tf = optimize(lowerToTf(laid.graph, new Names(settings.namePolicy), placer(model)), {
    target: settings.target,
    off: new Set(settings.passesOff),
  });
  return { format: 'graph-model', laid, tf, json: graphModelJson(tf) };
}

function prepareLayers(
  model: OnnxModel,
  imported: Imported,
  graph: Graph,
  settings: Settings,
  format: 'layers-model' | 'keras',
): Prepared & { keras: LoweredKeras } {
  const laid = assignLayouts(recompose(unmergeBatch(graph, settings.inputOrders)), {
    changeOrdering: settings.changeOrdering,
    images: settings.changeOrdering ? 'channels-last' : 'onnx',
    relabel: false,
    batchFirst: true,
    inputOrders: settings.inputOrders,
  });
  const own = ownValues(imported, laid, model);
  return {
    format,
    laid,
    keras: lowerToKeras(
      laid.graph,
      new Names(settings.namePolicy),
      format === 'keras' ? 'keras3' : 'tfjs',
      placer(model),
      own,
      laid.lost,
    ),
  };
}

/** What the nodes of the file give, where an alias doesn't stand for it already. */
export function ownValues(imported: Imported, laid: LaidOut, model: OnnxModel): Map<Value, Own> {
  const own = new Map<Value, Own>();
  imported.results.forEach((values, index) => {
    values.forEach((v, output) => {
      const now = v && (laid.values.get(v) ?? v);
      if (now && !own.has(now)) own.set(now, { output, outputs: model.graph.nodes[index].outputs.length });
    });
  });
  return own;
}

interface Written {
  readonly files: { path: string; bytes: number; sha256: string; format?: Format }[];
  readonly fates: Fates;
  /** Inputs and outputs as they were written. */
  readonly face: { readonly inputs: TensorFact[]; readonly outputs: TensorFact[] };
  readonly quantization: ReturnType<typeof quantizationOf>;
}

/** @param own whether the folder's conversion.json is about this model */
function writePrepared(
  p: Prepared,
  model: OnnxModel,
  imported: Imported,
  request: ConvertRequest,
  ranges: Ranges,
  folder: string,
  own: boolean,
): Written {
  const target = join(request.outputFolder, folder);
  checkOutput(p, model);
  // Never the output folder itself: a run that was ended has its folder taken away from under its children.
  if (folder !== '') mkdirSync(target);
  const files: WrittenFile[] = [];
  const write = (path: string, content: object, indent?: number) =>
    writeText(path, `${JSON.stringify(content, onlyFinite, indent)}\n`);
  const writeText = (path: string, content: string) => {
    const bytes = Buffer.from(content, 'utf8');
    writeFileSync(join(target, path), bytes);
    files.push({ path, bytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') });
  };
  let specs: readonly WeightSpec[] = [];
  if (p.format === 'keras') {
    const archive = writeArchive(p.keras, join(target, 'model.keras'), request.quantize === 'float16', model);
    specs = archive.specs;
    files.push(archive.file);
  } else {
    const json = p.format === 'graph-model' ? p.json : layersModelJson(p.keras.model);
    const shards = writeWeights(json, target, model, {
      shardBytes: request.shardBytes,
      quantize: storageOf(request.quantize, p.format),
    });
    specs = shards.manifest.flatMap((group) => group.weights);
    write('model.json', {
      format: p.format,
      generatedBy: `${model.producer || 'unknown'}`,
      convertedBy: `${TOOL.name} ${TOOL.version}`,
      ...(p.format === 'graph-model' ? { signature: p.json.signature } : {}),
      modelTopology: json.modelTopology,
      weightsManifest: shards.manifest,
    });
    files.push(...shards.files);
  }
  const fates =
    p.format === 'graph-model'
      ? fatesOf(imported, p.laid, { tf: p.tf, json: p.json })
      : fatesOf(imported, p.laid, { keras: p.keras });
  const record = conversionJson(model, p.laid, p.format, fates, p.format === 'graph-model' && p.json.async);
  const face = {
    inputs: record.inputs.map((row) => tensorFact(row, ranges.inputs.get(row.onnx.name))),
    outputs: record.outputs.map((row) => tensorFact(row, ranges.outputs.get(row.onnx.name))),
  };
  // TypeScript loads no Keras archive: what it is fed stands in conversion.json.
  if (p.format !== 'keras')
    writeText(
      'model.d.ts',
      declaration(model.file, { format: p.format, async: p.format === 'graph-model' && p.json.async, ...face }),
    );
  const named = files.map((f) => ({ ...f, format: p.format as Format }));
  if (own || folder !== '') write('conversion.json', record, 1);
  return {
    files: [...named, ...files.slice(named.length)].map((f) => ({
      ...f,
      path: folder ? `${folder}/${f.path}` : f.path,
    })),
    fates,
    face,
    quantization: quantizationOf(request.quantize, p.format, specs, request.relativePath),
  };
}

/** For JSON.stringify, which makes null of NaN and infinities without a word. */
function onlyFinite(key: string, value: unknown): unknown {
  if (typeof value === 'number' && !Number.isFinite(value))
    refuse(`${value} as ${JSON.stringify(key)} can't be written: TensorFlow.js's files hold finite attributes only`);
  return value;
}

/** Refuses a model that would be out of all proportion to its source, before anything of it is written. */
function checkOutput(p: Prepared, model: OnnxModel): void {
  const weights = p.format === 'graph-model' ? p.json.weights : p.keras.model.layers.flatMap((l) => l.weights);
  const bytes = weights.reduce((sum, { weight }) => sum + 4 * sizeOf(weight.dims), 0);
  const source = model.externalFiles.reduce((sum, f) => sum + f.bytes, model.bytes);
  const most = 8 * source + LIMITS.outputBytes;
  if (bytes > most)
    beyond(
      'output-too-large',
      `the weights of the written model would take ${bytes} bytes, and ${most} are allowed for a source of ${source}`,
      'have the model compute large constants, or store them in it',
    );
}

/** Writes the shards; a weight that can't be written is told with its node. */
function writeWeights(
  json: GraphModelJson | LayersModelJson,
  target: string,
  model: OnnxModel,
  settings: ShardSettings,
): ReturnType<typeof writeShards> {
  let at: WeightEntry | undefined;
  try {
    return writeShards(target, json.weights, {
      ...settings,
      onEntry: (e) => {
        at = e;
      },
    });
  } catch (error) {
    if (error instanceof Refusal)
      throw new DiagnosticError([
        refusedNode(placer(model)({ origin: json.weightOrigins.get(at?.name ?? '') ?? [] }), error),
      ]);
    throw error;
  }
}

function writeArchive(
  keras: LoweredKeras,
  path: string,
  half: boolean,
  model: OnnxModel,
): { file: WrittenFile; specs: readonly WeightSpec[] } {
  let at: readonly number[] = [];
  try {
    const { specs, ...written } = writeKerasArchive(path, keras.model, half, (layer) => {
      at = layer.origin;
    });
    return { file: { path: 'model.keras', ...written }, specs };
  } catch (error) {
    if (error instanceof Refusal) throw new DiagnosticError([refusedNode(placer(model)({ origin: at }), error)]);
    throw error;
  }
}
