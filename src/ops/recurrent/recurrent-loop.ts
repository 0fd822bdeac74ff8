import type { Graph, TensorType, Value } from '../../ir/graph.js';
import { identity } from '../../ir/layout.js';
import { symbol } from '../../ir/dim.js';
import { defineOp } from '../../ir/op.js';
import type { DType } from '../../tensor/dtype.js';
import type { GraphBuilder, Ref } from '../../tf/builder.js';

/** Steps of one direction that the written model repeats, since only its run tells how many there are. */
export interface Looped {
  /** Products of the input with its weights: [steps, batch, gates * hidden]. */
  readonly all: Ref;
  /** How many steps, an int32 scalar. */
  readonly steps: Ref;
  /** States before the first step, each [batch, hidden]. */
  readonly states: readonly Ref[];
  /** Lengths of the sequences, where they differ. */
  readonly lengths: Ref | undefined;
  readonly backwards: boolean;
  /** Whether the hidden states of all steps are wanted: then an empty list for them, [0, batch, hidden]. */
  readonly list: Ref | undefined;
  /** What the step reads beside constants. */
  readonly captured: readonly Ref[];
  /** The step, made of what is at hand inside of the loop. */
  step(captured: readonly Ref[], b: GraphBuilder): (input: Ref, before: readonly Ref[]) => Ref[];
}

/**
 * The loop: a StatelessWhile that carries the number of the turn, the states, the list of hidden states, and what it reads.
 * @returns the states after all steps, and the hidden states of all steps, [steps, batch, hidden]
 */
export function looped(l: Looped, b: GraphBuilder): { states: Ref[]; sequence: Ref | undefined } {
  const optional = (ref: Ref | undefined): Ref[] => (ref ? [ref] : []);
  const carried = [
    b.scalar(0, 'int32'),
    l.steps,
    l.all,
    ...l.states,
    ...optional(l.list),
    ...optional(l.lengths),
    ...l.captured,
  ];
  const afterStates = 3 + l.states.length;
  const afterList = afterStates + (l.list ? 1 : 0);
  const turn = (refs: readonly Ref[], inner: GraphBuilder): Ref[] => {
    const [at, steps, all] = refs;
    const before = refs.slice(3, afterStates);
    const list = l.list ? refs[afterStates] : undefined;
    const lengths = l.lengths ? refs[afterList] : undefined;
    const one = inner.scalar(1, 'int32');
    const t = l.backwards ? inner.sub(inner.sub(steps, one), at) : at;
    const input = inner.op('GatherNd', [all, inner.reshape(t, [1])]);
    const stepped = l.step(refs.slice(afterList + (lengths ? 1 : 0)), inner)(input, before);
    // A sequence that is over, or hasn't begun, keeps its states, and shows zeros.
    const running = lengths && inner.op('ExpandDims', [inner.op('Greater', [lengths, t]), one]);
    const states = stepped.map((v, i) => (running ? inner.select(running, v, before[i]) : v));
    const shown = running ? inner.select(running, stepped[0], inner.scalar(0)) : stepped[0];
    const element = list && inner.op('ExpandDims', [shown, inner.scalar(0, 'int32')]);
    const lists = list && element ? [inner.concat(l.backwards ? [element, list] : [list, element], 0)] : [];
    return [inner.add2(at, one), steps, all, ...states, ...lists, ...refs.slice(afterList)];
  };
  const condition = b.define(
    graphOf('condition', carried, 1, (refs, inner) => [inner.op('Less', [refs[0], refs[1]])], ['bool'], b.origin),
  );
  const body = b.define(
    graphOf(
      'turn',
      carried,
      carried.length,
      turn,
      carried.map((r) => r.dtype),
      b.origin,
    ),
  );
  const after = b.many(
    'StatelessWhile',
    carried,
    { cond: condition, body },
    carried.map((r) => r.dtype),
  );
  return { states: after.slice(3, afterStates), sequence: l.list && after[afterStates] };
}

/** A graph of one node, which is written by `build`. Nothing is said of its sizes but their number. */
function graphOf(
  name: string,
  parameters: readonly Ref[],
  count: number,
  build: (refs: readonly Ref[], b: GraphBuilder) => Ref[],
  dtypes: readonly string[],
  origin: readonly number[],
): Graph {
  const value = (label: string, dtype: string): Value => {
    const type: TensorType = { dtype: dtype as DType, dims: [symbol('?')] };
    return { kind: 'tensor', name: label, type, layout: identity(1) };
  };
  const inputs = parameters.map((p, i) => value(`parameter_${i}`, p.dtype));
  const outputs = Array.from({ length: count }, (_, i) => value(`result_${i}`, dtypes[i]));
  const op = defineOp({
    name: `Recurrent ${name}`,
    domain: 'internal',
    summary: 'steps of a recurrent operator',
    read: {},
    infer: () => [],
    graph: (_, refs, inner) => build(refs, inner),
  });
  return {
    name,
    inputs,
    outputs: outputs.map((v, i) => ({ name: `output_${i}`, value: v })),
    nodes: [{ op, name, attrs: {}, inputs, outputs, origin }],
  };
}
