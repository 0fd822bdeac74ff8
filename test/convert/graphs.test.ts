/** The graphs of a converted model, as they go into the report: nothing of the file or of the written model is missing. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { convertModel } from '../../src/convert/convert.js';
import type { ConvertResult } from '../../src/convert/convert-types.js';
import type { Net } from '../../src/report/types.js';

const MODEL = join(import.meta.dirname, '../../examples/fcn-resnet18/fcn-resnet18.onnx');
const folders: string[] = [];
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

/** What was written, and its model.json. */
function converted(format: 'layers-model' | 'graph-model'): { result: ConvertResult; topology: Record<string, never> } {
  const outputFolder = mkdtempSync(join(tmpdir(), 'onnx2keras-graphs-'));
  folders.push(outputFolder);
  const result = convertModel({
    path: MODEL,
    relativePath: 'fcn-resnet18.onnx',
    formats: [format],
    changeOrdering: true,
    namePolicy: 'keep',
    outputFolder,
    limits: { maxModelBytes: 2 ** 30 },
  });
  return { result, topology: JSON.parse(readFileSync(join(outputFolder, 'model.json'), 'utf8')).modelTopology };
}

const namesOf = (net: Net | undefined, kind: string) =>
  net?.nodes
    .filter((n) => n.kind === kind)
    .map((n) => n.name)
    .sort();
/** Edges by name, between nodes of the model proper. */
const linksOf = (net: Net | undefined) =>
  net?.edges
    .map(([from, to]) => [net.nodes[from], net.nodes[to]])
    .filter(([, to]) => to?.kind !== 'output')
    .map(([from, to]) => `${from?.name} > ${to?.name}`)
    .sort();

test('a layers-model: every layer and every connection that model.json has', () => {
  const { result, topology } = converted('layers-model');
  const { layers } = (topology as unknown as { config: { layers: Layer[] } }).config;
  const net = result.graphs?.written;
  const inner = layers.filter((l) => l.class_name !== 'InputLayer');
  expect(namesOf(net, 'node')).toEqual(inner.map((l) => l.name).sort());
  expect(linksOf(net)).toEqual(
    inner.flatMap((l) => (l.inbound_nodes[0] ?? []).map(([from]) => `${from} > ${l.name}`)).sort(),
  );
});

test('a graph-model: every node but the constants', () => {
  const { result, topology } = converted('graph-model');
  const { node } = topology as unknown as { node: { name: string; op: string; input?: string[] }[] };
  const constants = new Set(node.filter((n) => n.op === 'Const').map((n) => n.name));
  const inner = node.filter((n) => n.op !== 'Const' && n.op !== 'Placeholder');
  const net = result.graphs?.written;
  expect(namesOf(net, 'node')).toEqual(inner.map((n) => n.name).sort());
  const links = inner.flatMap((n) =>
    (n.input ?? []).filter((i) => !constants.has(i)).map((i) => `${i.split(':')[0]} > ${n.name}`),
  );
  expect(linksOf(net)).toEqual([...new Set(links)].sort());
});

test('the source: ResNet-18 as torch exports it, each node in some node of the written model', () => {
  const { result } = converted('graph-model');
  const { source, written } = result.graphs ?? {};
  const counts: Record<string, number> = {};
  for (const { kind, op } of source?.nodes ?? [])
    counts[kind === 'node' ? op : kind] = (counts[kind === 'node' ? op : kind] ?? 0) + 1;
  // 20 convolutions with their BatchNormalization, the fully connected layer as a convolution, 17 Relu, 8 Add, 2 pools, of which
  // torch writes the average with a Pad of nothing before it
  expect(counts).toEqual({
    input: 1,
    Conv: 21,
    BatchNormalization: 20,
    Relu: 17,
    MaxPool: 1,
    AveragePool: 1,
    Add: 8,
    Pad: 1,
    output: 1,
  });
  // The one Constant, which holds the Pad's sizes, is a weight of it and no node.
  const places = source?.nodes.flatMap((n) => n.onnx) ?? [];
  expect(places).toEqual(Array.from({ length: 70 }, (_, i) => i).filter((i) => i !== 66));
  const done = new Set(written?.nodes.flatMap((n) => n.onnx));
  for (const { op, onnx, became } of source?.nodes ?? [])
    if (became !== undefined) expect([op, became, done.has(onnx[0] ?? -1)]).toEqual([op, became, op !== 'Pad']);
  const conv = source?.nodes.find((n) => n.op === 'Conv');
  expect(conv?.weights?.[0]).toEqual({ name: 'W', shape: [8, 3, 7, 7] });
});

interface Layer {
  name: string;
  class_name: string;
  inbound_nodes: [string][][];
}
