import type { Imported } from '../import/import.js';
import type { Value } from '../ir/graph.js';
import { arrange } from '../ir/layout.js';
import type { LayerSpec } from '../keras/builder.js';
import type { LoweredKeras } from '../keras/lower.js';
import type { OnnxModel, TypeInfo } from '../onnx/model.js';
import type { LaidOut } from '../passes/layout.js';
import type { Fate } from '../report/types.js';
import { narrow, staticShape } from '../tf/builder.js';
import type { TfGraph } from '../tf/lower.js';
import type { GraphModelJson } from '../tf/writer.js';

/** What became of one ONNX node. */
export interface NodeFate {
  readonly became: Fate;
  /** Names in the written model that do its work: layers, or nodes of the graph. */
  readonly tfjs: readonly string[];
  /** For each output: the value as laid out, and where it is fetched; null where it was fused away. */
  readonly outputs: readonly { readonly name: string; readonly value?: Value; readonly tensor: string | null }[];
}

/** Fates of all nodes of the file, and what is fed and fetched. */
export interface Fates {
  readonly nodes: readonly NodeFate[];
  readonly counts: Partial<Record<Fate, number>>;
  readonly inputs: readonly { readonly value: Value; readonly key: string }[];
  readonly outputs: readonly { readonly value: Value; readonly key: string }[];
}

type Written = { readonly tf: TfGraph; readonly json: GraphModelJson } | { readonly keras: LoweredKeras };

/** Follows every ONNX node into the written model. */
export function fatesOf(imported: Imported, laid: LaidOut, written: Written): Fates {
  const { namesOf, tensorOf, inputs, outputs } = 'tf' in written ? inGraph(written) : inLayers(written.keras, laid);
  const relabelled = new Set([...laid.relabelled].flatMap((n) => n.origin));
  const surviving = new Set(laid.graph.nodes.flatMap((n) => n.origin));
  const layers = 'keras' in written;
  const live = new Set<Value>(laid.graph.nodes.flatMap((n) => n.inputs.filter((v) => v !== undefined)));
  for (const o of laid.graph.outputs) live.add(o.value);

  const nodes = imported.results.map((results, index): NodeFate => {
    const tfjs = namesOf(index);
    const outs = results.map((value) => {
      const now = value && (laid.values.get(value) ?? value);
      return { value: now, tensor: now ? tensorOf(now) : null };
    });
    const constant = results.some((v) => v !== undefined) && results.every((v) => !v || v.constant);
    const became: Fate = constant
      ? 'folded'
      : tfjs.length > 0
        ? relabelled.has(index) && !layers
          ? 'relabelled'
          : outs.some((o) => o.tensor !== null)
            ? layers
              ? 'layer'
              : 'op'
            : 'fused'
        : relabelled.has(index) || (!surviving.has(index) && outs.some((o) => o.value && live.has(o.value)))
          ? 'relabelled'
          : surviving.has(index)
            ? outs.some((o) => o.tensor !== null)
              ? 'relabelled'
              : 'fused'
            : 'unused';
    return {
      became,
      tfjs,
      outputs: outs.map((o, i) => ({ name: String(i), ...(o.value ? { value: o.value } : {}), tensor: o.tensor })),
    };
  });
  const counts: Partial<Record<Fate, number>> = {};
  for (const { became } of nodes) counts[became] = (counts[became] ?? 0) + 1;
  return { nodes, counts, inputs, outputs };
}

interface Lookup {
  namesOf(origin: number): readonly string[];
  tensorOf(v: Value): string | null;
  inputs: Fates['inputs'];
  outputs: Fates['outputs'];
}

function inGraph({ tf, json }: { tf: TfGraph; json: GraphModelJson }): Lookup {
  const refs = new Map(tf.values.map((v) => [v.value, v.ref]));
  return {
    namesOf: (origin) => json.namesByOrigin.get(origin) ?? [],
    tensorOf: (v) => {
      const ref = refs.get(v);
      return ref ? json.fetchName(ref) : null;
    },
    inputs: tf.inputs.map(({ value, key }) => ({ value, key })),
    outputs: tf.outputs.map(({ value, key }) => ({ value, key })),
  };
}

function inLayers(keras: LoweredKeras, laid: LaidOut): Lookup {
  const byOrigin = new Map<number, string[]>();
  const kept = new Set<LayerSpec>(keras.model.layers);
  for (const layer of keras.model.layers)
    for (const o of layer.origin) byOrigin.set(o, [...(byOrigin.get(o) ?? []), layer.name]);
  return {
    namesOf: (origin) => byOrigin.get(origin) ?? [],
    tensorOf: (v) => {
      const layer = keras.values.get(v);
      return layer && kept.has(layer.spec) ? (layer.index === 0 ? layer.spec.name : null) : null;
    },
    inputs: laid.graph.inputs.map((value, i) => ({ value, key: keras.model.inputs[i].name })),
    outputs: laid.graph.outputs.map(({ value }, i) => ({ value, key: keras.model.outputs[i].spec.name })),
  };
}

/** An input or output as both sides see it. */
export interface FaceRow {
  readonly onnx: { readonly name: string; readonly dtype: string; readonly shape: readonly (number | string | null)[] };
  readonly tfjs: { readonly name: string; readonly dtype: string; readonly shape: readonly (number | null)[] };
  readonly order: readonly number[];
}

/** The contents of conversion.json, as the output contract says. */
export interface ConversionRecord {
  readonly inputs: readonly FaceRow[];
  readonly outputs: readonly FaceRow[];
  readonly [key: string]: unknown;
}

export function conversionJson(
  model: OnnxModel,
  laid: LaidOut,
  format: 'layers-model' | 'graph-model' | 'keras',
  fates: Fates,
  async = false,
): ConversionRecord {
  const declared = new Map(model.graph.inputs.map((i) => [i.name, i.type]));
  const face = (row: { value: Value; key: string }, name: string, type: TypeInfo | undefined): FaceRow => {
    const { value } = row;
    const shape = staticShape(arrange(value.type.dims, value.layout));
    return {
      onnx: {
        name,
        dtype: value.type.dtype,
        shape: declaredShape(type) ?? value.type.dims.map((d) => (typeof d === 'number' ? d : null)),
      },
      tfjs: {
        name: row.key,
        dtype: narrow(value.type.dtype),
        shape: format === 'graph-model' ? shape : [null, ...shape.slice(1)],
      },
      order: [...value.layout],
    };
  };
  return {
    schema: 1,
    source: {
      path: model.file,
      sha256: model.sha256,
      bytes: model.bytes,
      irVersion: model.irVersion,
      opsets: Object.fromEntries(model.opsets),
      producer: model.producer,
    },
    format,
    async,
    inputs: fates.inputs.map((row) => face(row, row.value.name, declared.get(row.value.name))),
    outputs: fates.outputs.map((row, i) =>
      face(
        row,
        laid.graph.outputs[i].name,
        model.graph.outputs.find((o) => o.name === laid.graph.outputs[i].name)?.type,
      ),
    ),
    nodes: model.graph.nodes.map((node, index) => {
      const fate = fates.nodes[index];
      return {
        onnx: { name: node.name, op: node.domain ? `${node.domain}.${node.op}` : node.op },
        became: fate.became,
        tfjs: [...fate.tfjs],
        outputs: node.outputs.map((name, i) => {
          const out = fate.outputs[i];
          const value = out?.value;
          return {
            onnx: name,
            tensor: out?.tensor ?? null,
            dtype: value?.type.dtype ?? null,
            order: value ? [...value.layout] : [],
          };
        }),
      };
    }),
  };
}

function declaredShape(type: TypeInfo | undefined): (number | string | null)[] | undefined {
  return type?.kind === 'tensor' && type.dims ? [...type.dims] : undefined;
}
