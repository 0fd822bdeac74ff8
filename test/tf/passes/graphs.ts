/** TensorFlow graphs made by hand or lowered from a sketch, as text, and run by stock TensorFlow.js. */
import { importModel } from '../../../src/import/import.js';
import { type Dim, symbol } from '../../../src/ir/dim.js';
import type { Value } from '../../../src/ir/graph.js';
import { Names } from '../../../src/ir/names.js';
import { readModelBytes } from '../../../src/onnx/read.js';
import { assignLayouts } from '../../../src/passes/layout.js';
import { pruneGraph } from '../../../src/passes/prune.js';
import { GraphBuilder, type Ref, staticShape, type TfNode } from '../../../src/tf/builder.js';
import { lowerToTf, type TfGraph } from '../../../src/tf/lower.js';
import { graphModelJson } from '../../../src/tf/writer.js';
import type { TensorData, Weight } from '../../../src/tensor/tensor.js';
import { tensorOf, weightOf } from '../../../src/tensor/tensor.js';
import { openCpu } from '../../../src/verify/engines/cpu.js';
import { tfjsConverter, tfjsCore } from '../../../src/verify/engines/tfjs.js';
import { openWasm } from '../../../src/verify/engines/wasm.js';

/** Builds with one float input for each of `shapes`; -1 is a size that only the run tells. */
export function handMade(
  shapes: readonly (readonly number[])[],
  build: (b: GraphBuilder, inputs: readonly Ref[]) => Ref | readonly Ref[],
): TfGraph {
  const b = new GraphBuilder();
  const inputs = shapes.map((given, i) => {
    const dims = given.map((d) => (d < 0 ? symbol('N') : d));
    b.scope = `x${i}`;
    return { key: `x${i}`, ref: b.placeholder('float32', staticShape(dims)), value: tensorNamed(`x${i}`, dims) };
  });
  b.scope = 'inner';
  const made = build(
    b,
    inputs.map((x) => x.ref),
  );
  const outputs = (Array.isArray(made) ? (made as readonly Ref[]) : [made as Ref]).map((ref, i) => ({
    key: `y${i}`,
    ref,
    value: tensorNamed(`y${i}`, []),
  }));
  return { nodes: b.nodes, inputs, outputs, values: inputs.map(({ key, ref, value }) => ({ name: key, ref, value })) };
}

const tensorNamed = (name: string, dims: readonly Dim[]): Value => ({
  kind: 'tensor',
  name,
  type: { dtype: 'float32', dims: [...dims] },
  layout: dims.map((_, i) => i),
});

/** A model's graph as it is before all passes. */
export function loweredFrom(model: Uint8Array): TfGraph {
  const laid = assignLayouts(pruneGraph(importModel(readModelBytes(model)).graph), {
    changeOrdering: true,
    images: 'channels-last',
    relabel: true,
  });
  return lowerToTf(laid.graph, new Names('keep'), () => ({ file: 'model.onnx' }));
}

/** Numbers that repeat for the same sizes: between -1 and 1, none of them 0. */
export function wave(dims: readonly number[], phase = 0): ReturnType<typeof weightOf> {
  const n = dims.reduce((a, b) => a * b, 1);
  return weightOf(
    tensorOf(
      'float32',
      dims,
      Float32Array.from({ length: n }, (_, i) => Math.sin(1 + phase + i * 0.9173) * 0.9),
    ),
  );
}

/** The ops in order, but for constants and inputs; with what is fused into them. */
export const opsOf = (graph: TfGraph): string[] =>
  graph.nodes
    .filter((n) => n.op !== 'Const' && n.op !== 'Placeholder')
    .map((n) => [n.op, ...((n.attrs.fused_ops as string[] | undefined) ?? [])].join('+'));

/** All that a graph says, whatever its nodes are called: two graphs of one text compute the same. */
export function textOf(graph: TfGraph): string {
  const ids = new Map<TfNode, string>();
  const lines: string[] = [];
  const idOf = (node: TfNode): string => {
    const known = ids.get(node);
    if (known) return known;
    const inputs = node.inputs.map((ref) => `${idOf(ref.node)}:${ref.index}`);
    const id = `n${ids.size}`;
    ids.set(node, id);
    const weight = node.weight && `${node.weight.dims} ${digestOf(node.weight)}`;
    lines.push(`${id} ${node.op}(${inputs}) ${JSON.stringify(node.attrs)} ${weight ?? ''}`);
    return id;
  };
  const outputs = graph.outputs.map(({ ref }) => `${idOf(ref.node)}:${ref.index}`);
  return [...lines, `gives ${outputs}`].join('\n');
}

/** Most weights go through a pass as they are, and some are computed anew each time they are loaded. */
const digests = new WeakMap<Weight, string>();
function digestOf(weight: Weight): string {
  const known = digests.get(weight) ?? digest(weight.load().data);
  digests.set(weight, known);
  return known;
}

const digest = (data: TensorData): string => {
  let sum = 0;
  const step = Math.ceil(data.length / 5000);
  for (let i = 0; i < data.length; i += step) sum = (sum * 31 + Number(data[i]) * 1e6) % 1e12;
  return sum.toPrecision(12);
};

/** What stock TensorFlow.js computes from waves: one array for each output. */
export async function computed(
  graph: TfGraph,
  engine: 'cpu' | 'wasm' = 'cpu',
): Promise<{ shape: number[]; values: number[] }[]> {
  await (engine === 'cpu' ? openCpu() : openWasm());
  const [tf, { loadGraphModel }] = [await tfjsCore(), await tfjsConverter()];
  await tf.setBackend(engine);
  tf.env().set('IS_TEST', true); // No advice to install something else.
  const json = graphModelJson(graph);
  const specs = json.weights.map(({ name, dtype, weight }) => ({ name, dtype, shape: [...weight.dims] }));
  const parts = json.weights.map(({ dtype, weight }) => {
    const { data } = weight.load();
    const typed =
      dtype === 'float32'
        ? Float32Array.from(data as ArrayLike<number>)
        : dtype === 'int32'
          ? Int32Array.from(data as ArrayLike<number>, Number)
          : Uint8Array.from(data as ArrayLike<number>);
    return Buffer.from(typed.buffer);
  });
  const bytes = Buffer.concat(parts);
  const model = await loadGraphModel({
    load: async () => ({
      modelTopology: json.modelTopology,
      signature: json.signature as never,
      weightSpecs: specs as never,
      weightData: bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length) as ArrayBuffer,
      format: 'graph-model',
    }),
  });
  const feeds = Object.fromEntries(
    graph.inputs.map(({ key, ref }, i) => {
      const dims = (ref.node.shape ?? []).map((d) => d ?? 2);
      return [key, tf.tensor(wave(dims, i / 3).load().data as Float32Array, dims)];
    }),
  );
  try {
    const out = model.execute(
      feeds,
      graph.outputs.map(({ ref }) => json.fetchName(ref)),
    );
    return [out].flat().map((t) => ({ shape: t.shape, values: Array.from(t.dataSync()) }));
  } finally {
    model.dispose();
    tf.dispose(Object.values(feeds));
  }
}

/** Equal sizes, and numbers within a few roundings of float32. */
export function expectSame(now: Awaited<ReturnType<typeof computed>>, before: typeof now, tolerance = 1e-5): void {
  expect(now.map((t) => t.shape)).toEqual(before.map((t) => t.shape));
  now.forEach((t, o) => {
    const size = Math.max(1, ...before[o].values.map(Math.abs));
    const worst = t.values.reduce((m, v, i) => Math.max(m, Math.abs(v - before[o].values[i])), 0);
    expect(worst / size).toBeLessThan(tolerance);
    expect(t.values.some((v) => v !== 0)).toBe(true);
  });
}
