import { numberOf } from './figures.js';
import { largestError } from './totals.js';
import type { Dim, Figure, LayerChanges, ModelChanges, ModelReport, SourceRow, TensorFact } from './types.js';
import { worstCheck } from './verdict.js';

/** Beyond this, renamed layers are looked for no more: they are shown as removed and added. */
const MOST_UNMATCHED = 2000;

/** What is another in a model than in its earlier version. `since`: the commit of that. */
export function changesBetween(before: ModelReport, now: ModelReport, since: string): ModelChanges {
  const facts: ModelChanges['facts'] = [];
  const fact = (name: string, a: Fact, b: Fact) => {
    if (text(a) !== text(b))
      facts.push({ name, ...(a === undefined ? {} : { before: a }), ...(b === undefined ? {} : { now: b }) });
  };
  fact('verdict', before.status, now.status);
  fact('format', before.format, now.format);
  fact('opset', before.source?.opsets?.[''], now.source?.opsets?.['']);
  fact('nodes', before.source?.nodes, now.source?.nodes);
  fact('parameters', before.source?.parameters, now.source?.parameters);
  fact('bytes of ONNX', before.source?.bytes, now.source?.bytes);
  fact('bytes written', written(before), written(now));
  fact('transposes inserted for layout', before.conversion?.relayouts, now.conversion?.relayouts);
  return {
    since,
    isSame: before.source?.sha256 !== undefined && before.source.sha256 === now.source?.sha256,
    error: { ...errorOf('before', before), ...errorOf('now', now) },
    facts,
    tensors: [
      ...tensorChanges('input', before.source?.inputs, now.source?.inputs),
      ...tensorChanges('output', before.source?.outputs, now.source?.outputs),
    ],
    layers: layerChanges(before.layers?.rows ?? [], now.layers?.rows ?? []),
  };
}

type Fact = string | number | undefined;

const text = (value: unknown): string => JSON.stringify(value) ?? '';

function written(model: ModelReport): number | undefined {
  return model.artefacts.length === 0 ? undefined : model.artefacts.reduce((sum, a) => sum + a.bytes, 0);
}

function errorOf<K extends string>(key: K, model: ModelReport): { [key in K]?: { maxAbs: Figure; used?: Figure } } {
  const maxAbs = largestError(model.checks);
  const used = worstCheck(model)?.used;
  if (maxAbs === undefined || Number.isNaN(numberOf(maxAbs))) return {};
  return { [key]: { maxAbs, ...(used === undefined ? {} : { used }) } } as {
    [key in K]: { maxAbs: Figure; used?: Figure };
  };
}

function tensorChanges(
  kind: 'input' | 'output',
  before: readonly TensorFact[] = [],
  now: readonly TensorFact[] = [],
): ModelChanges['tensors'] {
  const said = (t: TensorFact) => `${t.dtype} [${(t.shape ?? []).map((d) => d ?? '?').join(', ')}]`;
  const names = [...new Set([...before, ...now].map((t) => t.name))];
  return names.flatMap((name) => {
    const [a, b] = [before, now].map((list) => list.find((t) => t.name === name)) as [TensorFact?, TensorFact?];
    if (a && b && said(a) === said(b)) return [];
    return [{ kind, name, ...(a ? { before: said(a) } : {}), ...(b ? { now: said(b) } : {}) }];
  });
}

/** Layers that bear the same name belong together; of the others those that are the same but for their names, in order. */
function layerChanges(before: readonly SourceRow[], now: readonly SourceRow[]): LayerChanges {
  const byName = new Map(before.map((row) => [row.name, row]));
  const matched = new Map<SourceRow, SourceRow>();
  const taken = new Set<SourceRow>();
  for (const row of now) {
    const other = byName.get(row.name);
    if (!other || other.op !== row.op || taken.has(other)) continue;
    matched.set(row, other);
    taken.add(other);
  }
  const gone = before.filter((row) => !taken.has(row));
  const come = now.filter((row) => !matched.has(row));
  const renamed = gone.length * come.length > MOST_UNMATCHED ** 2 ? [] : sameInOrder(gone, come);
  const [from, to] = [new Set(renamed.map(([a]) => a)), new Set(renamed.map(([, b]) => b))];
  return {
    added: come.filter((row) => !to.has(row)).map(named),
    removed: gone.filter((row) => !from.has(row)).map(named),
    renamed: renamed.map(([a, b]) => ({ op: b.op, from: a.name, to: b.name })),
    changed: [...matched].flatMap(([b, a]) => {
      const shapes = shapeText(a.outputShape) !== shapeText(b.outputShape);
      if (!shapes && a.params === b.params) return [];
      return [
        {
          ...named(b),
          ...(shapes ? { shape: { before: shapeText(a.outputShape), now: shapeText(b.outputShape) } } : {}),
          ...(a.params === b.params ? {} : { params: { before: a.params, now: b.params } }),
        },
      ];
    }),
  };
}

const named = ({ op, name }: SourceRow): { op: string; name: string } => ({ op, name });
const shapeText = (shape: readonly Dim[] | undefined): string =>
  shape === undefined ? '?' : `[${shape.map((d) => d ?? '?').join(', ')}]`;

/** The longest common subsequence, where two layers are the same if all but their names is. */
function sameInOrder(a: readonly SourceRow[], b: readonly SourceRow[]): [SourceRow, SourceRow][] {
  const key = (row: SourceRow) => `${row.op} ${shapeText(row.outputShape)} ${row.params}`;
  const [keysA, keysB] = [a.map(key), b.map(key)];
  const width = b.length + 1;
  const lengths = new Uint16Array((a.length + 1) * width);
  for (let i = a.length - 1; i >= 0; i--)
    for (let j = b.length - 1; j >= 0; j--)
      lengths[i * width + j] =
        keysA[i] === keysB[j]
          ? (lengths[(i + 1) * width + j + 1] as number) + 1
          : Math.max(lengths[(i + 1) * width + j] as number, lengths[i * width + j + 1] as number);
  const pairs: [SourceRow, SourceRow][] = [];
  for (let i = 0, j = 0; i < a.length && j < b.length; )
    if (keysA[i] === keysB[j]) pairs.push([a[i++] as SourceRow, b[j++] as SourceRow]);
    else if ((lengths[(i + 1) * width + j] as number) >= (lengths[i * width + j + 1] as number)) i++;
    else j++;
  return pairs;
}
