import { invalid, refuse } from '../../diag/diagnostic.js';
import type { Expander } from '../../ir/expander.js';
import type { Bound, TensorType, Value } from '../../ir/graph.js';
import { defineOp } from '../../ir/op.js';
import type { View } from '../../ir/view.js';
import type { Graph as OnnxGraph } from '../../onnx/model.js';
import { int64s, tensorOf } from '../../tensor/tensor.js';
import { gathering, graphOf, nothing, repeat, settled, tensorsOf } from './control-flow.js';

interface Attrs {
  readonly body: OnnxGraph;
}

/** Turns that are written out one after the other; more become a loop of the written model. */
const MOST_TURNS = 1024;
/** Exporters write the largest integer for a loop that its condition alone ends. */
const FOREVER = 2 ** 31 - 1;

export default defineOp<Attrs>({
  name: 'Loop',
  summary: 'a graph run again and again: written out where the number of turns is known, else control flow',
  limits: 'sequences only where the number of turns is known; what it carries keeps its rank',
  shapes: ['() | 1', '() | 1'],
  read: { 1: (n) => ({ body: n.graph('body') }) },
  infer: () => invalid('Loop has no body'),
  expand: (n, [count, condition, ...initial], e) => {
    const { body } = n.attrs;
    if (body.outputs.length <= initial.length) return invalid('the body gives fewer values than the loop carries');
    const given = count ? n.ints(0)?.[0] : FOREVER;
    const most = given !== undefined && given >= FOREVER ? Number.POSITIVE_INFINITY : given;
    const start = condition ? n.ints(1)?.[0] : 1;
    if (start === 0) return finished(n, initial, 0, [], e);
    if (most !== undefined && start !== undefined && (most <= MOST_TURNS || most === Number.POSITIVE_INFINITY)) {
      const written = unrolled(n, initial, most, e);
      if (written) return written;
    }
    if (initial.some((v) => v?.kind !== 'tensor'))
      return refuse(
        'the number of turns has to be known while converting where a loop carries sequences',
        'make the number of turns constant',
      );
    return looped(n, body, most === Number.POSITIVE_INFINITY ? undefined : count, condition, initial as Value[], e);
  },
});

const isTrue = (e: Expander): Value => e.constant(tensorOf('bool', [], [1]));

/** All turns, one after the other; undefined where the body's condition isn't known while converting. */
function unrolled(
  n: View<Attrs>,
  initial: (Bound | undefined)[],
  most: number,
  e: Expander,
): (Bound | undefined)[] | undefined {
  const { body } = n.attrs;
  let carried = initial;
  const scans: Value[][] = body.outputs.slice(1 + initial.length).map(() => []);
  let turn = 0;
  for (; turn < most; turn++) {
    if (turn >= MOST_TURNS) return undefined;
    const [goes, ...rest] = e.inline(body, [e.constant(int64s(turn)), isTrue(e), ...carried]);
    carried = rest.slice(0, initial.length);
    tensorsOf('Loop', rest.slice(initial.length)).forEach((v, i) => {
      scans[i].push(v);
    });
    const known = goes?.kind === 'tensor' ? goes.constant?.load().data[0] : undefined;
    // The last turn's condition is not asked.
    if (known === undefined && turn + 1 < most) return undefined;
    if (known !== undefined && !known) {
      turn++;
      break;
    }
  }
  return finished(n, carried, turn, scans, e);
}

/** The outputs after so many turns: what is carried, and what each turn gave, stacked. */
function finished(
  n: View<Attrs>,
  carried: (Bound | undefined)[],
  turns: number,
  scans: readonly (readonly Value[])[],
  e: Expander,
): (Bound | undefined)[] {
  const { body } = n.attrs;
  if (turns > 0) return [...carried, ...scans.map((list) => stacked(list, e))];
  const count = body.outputs.length - 1 - carried.length;
  if (count === 0) return carried;
  const types = typesOf(
    n,
    carried.map((v) => (v?.kind === 'tensor' ? v.type : refuse('a loop of no turns that carries sequences'))),
    e,
  );
  return [...carried, ...types.slice(carried.length).map((t) => nothing(t, e))];
}

export function stacked(list: readonly Value[], e: Expander): Value {
  const parts = list.map((v) => e.one('Unsqueeze', [v, e.constant(int64s([0]))]));
  return e.one('Concat', parts, { axis: 0 });
}

/** Types of the body's outputs (without the condition) for carried values of these types. */
function typesOf(n: View<Attrs>, carried: readonly TensorType[], e: Expander): TensorType[] {
  const scalar = (dtype: 'int64' | 'bool'): TensorType => ({ dtype, dims: [] });
  const region = e.region([scalar('int64'), scalar('bool'), ...carried], (values) =>
    tensorsOf('Loop', e.inline(n.attrs.body, values)),
  );
  return region.outputs.slice(1).map((v) => v.type);
}

/** A loop of the written model. Its state: turn, condition, what is carried, what the turns gave so far, and what it reads. */
function looped(
  n: View<Attrs>,
  body: OnnxGraph,
  count: Bound | undefined,
  condition: Bound | undefined,
  initial: readonly Value[],
  e: Expander,
): Value[] {
  const { carried, given } = settled(
    initial.map((v) => v.type),
    (types) => typesOf(n, types, e),
    () => n.fresh(),
  );
  const scans = given.slice(initial.length).map((t) => gathering(t, e, () => n.fresh()));
  const starts = scans.map(
    (_, k) => 2 + initial.length + scans.slice(0, k).reduce((sum, s) => sum + s.types.length, 0),
  );
  const partOf = (values: readonly Value[], k: number): readonly Value[] =>
    values.slice(starts[k], starts[k] + scans[k].types.length);
  const state: TensorType[] = [
    { dtype: 'int64', dims: [] },
    { dtype: 'bool', dims: [] },
    ...carried,
    ...scans.flatMap((s) => s.types),
  ];
  const scalar = e.constant(int64s([]));
  const turn = e.region(state, (values) => {
    const [next, ...rest] = tensorsOf('Loop', e.inline(body, values.slice(0, 2 + initial.length)));
    const kept = scans.flatMap((s, k) => s.add(partOf(values, k), rest[initial.length + k], false));
    return [
      e.one('Add', [values[0], e.constant(int64s(1))]),
      e.one('Reshape', [next, scalar]),
      ...rest.slice(0, initial.length),
      ...kept,
    ];
  });
  const most = count?.kind === 'tensor' ? e.one('Reshape', [count, scalar]) : undefined;
  const test = e.region(state, ([i, goes]) => [most ? e.one('And', [goes, e.one('Less', [i, most])]) : goes]);
  const captured = [...new Set([...turn.captured, ...test.captured])];
  const first = condition?.kind === 'tensor' ? e.one('Reshape', [condition, scalar]) : isTrue(e);
  const inputs = [e.constant(int64s(0)), first, ...initial, ...scans.flatMap((s) => s.begun), ...captured];
  const outputs = e.node(
    repeat,
    inputs,
    [...state, ...captured.map((v) => v.type)],
    [graphOf('condition', test, captured), graphOf('turn', turn, captured, [...turn.outputs, ...captured])],
  );
  return [...outputs.slice(2, 2 + initial.length), ...scans.map((s, k) => s.finish(partOf(outputs, k), outputs[0]))];
}
