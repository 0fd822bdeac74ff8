import type { LayerSpec } from '../keras/builder.js';
import type { KerasModel } from '../keras/model.js';
import type { ParameterDifference, SourceRow } from '../report/types.js';
import { sizeOf } from '../tensor/tensor.js';

/**
 * Why a layers-model counts other parameters than its source: for each reason how many more (or fewer) Keras counts. The
 * source's parameters and these make up Keras's total exactly.
 */

const RECURRENT = new Set(['SimpleRNN', 'GRU', 'LSTM', 'Bidirectional']);

type Reason = ParameterDifference['reason'];

/** What belongs together: source rows and layers that stand for the same nodes. */
interface Group {
  readonly rows: SourceRow[];
  readonly layers: LayerSpec[];
}

/** @param indices the ONNX node of each row, by its place in the file */
export function parameterDifferences(
  rows: readonly SourceRow[],
  indices: readonly number[],
  model: KerasModel,
): ParameterDifference[] {
  const found = new Map<Reason, { parameters: number; layers: string[] }>();
  const note = (reason: Reason, parameters: number, layers: readonly LayerSpec[]): number => {
    if (parameters === 0) return 0;
    const sum = found.get(reason) ?? { parameters: 0, layers: [] };
    found.set(reason, {
      parameters: sum.parameters + parameters,
      layers: [...sum.layers, ...layers.map((l) => l.name)],
    });
    return parameters;
  };
  for (const group of groupsOf(rows, indices, model)) {
    const { layers } = group;
    let rest = sum(layers.map(count)) - sum(group.rows.map((r) => r.params));
    // In torch, too, a BatchNormalization's statistics are no parameters, but buffers.
    const normalizing = layers.filter((l) => l.className === 'BatchNormalization');
    rest -= note('statistics', sum(normalizing.map(untrained)), normalizing);
    const sparse = layers.filter((l) => l.sourceParameters !== undefined);
    rest -= note('zeros', sum(sparse.map((l) => count(l) - (l.sourceParameters ?? 0))), sparse);
    const fixed = layers.filter((l) => !normalizing.includes(l) && untrained(l) > 0);
    rest -= note('constants', sum(fixed.map(untrained)), fixed);
    if (layers.some((l) => RECURRENT.has(l.className)) && rest < 0)
      rest -= note(
        'biases',
        rest,
        layers.filter((l) => RECURRENT.has(l.className)),
      );
    const configured = layers.filter((l) => heldInConfig(l) > 0);
    if (rest < 0) rest -= note('configuration', Math.max(rest, -sum(configured.map(heldInConfig))), configured);
    note(
      rest < 0 ? 'merged' : 'copies',
      rest,
      layers.filter((l) => count(l) > 0),
    );
  }
  return [...found].map(([reason, d]) => ({ reason, parameters: d.parameters, layers: d.layers.length }));
}

const sum = (numbers: readonly number[]): number => numbers.reduce((n, x) => n + x, 0);
const count = (l: LayerSpec): number => sum(l.weights.map((w) => sizeOf(w.weight.dims)));
const untrained = (l: LayerSpec): number =>
  sum(l.weights.filter((w) => !w.trainable).map((w) => sizeOf(w.weight.dims)));

/** Numbers that a layer's configuration holds where another layer would have weights. */
function heldInConfig({ className, config }: LayerSpec): number {
  if (className !== 'Rescaling') return 0;
  const numbers = (value: unknown): number => (Array.isArray(value) ? sum(value.map(numbers)) : 1);
  return numbers(config.scale) + numbers(config.offset);
}

function groupsOf(rows: readonly SourceRow[], indices: readonly number[], model: KerasModel): Group[] {
  const leaders = new Map<number, number>();
  const leader = (i: number): number => {
    let at = i;
    for (let up = leaders.get(at); up !== undefined && up !== at; up = leaders.get(at)) at = up;
    return at;
  };
  for (const { origin } of model.layers)
    for (const other of origin.slice(1)) {
      const [a, b] = [leader(origin[0]), leader(other)];
      if (a !== b) leaders.set(b, a);
    }
  const groups = new Map<number, Group>();
  const of = (index: number): Group => {
    const key = leader(index);
    const group = groups.get(key) ?? { rows: [], layers: [] };
    groups.set(key, group);
    return group;
  };
  rows.forEach((row, i) => {
    of(indices[i]).rows.push(row);
  });
  for (const layer of model.layers) of(layer.origin[0] ?? -1).layers.push(layer);
  return [...groups.values()];
}
