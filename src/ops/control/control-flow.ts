import { invalid, refuse } from '../../diag/diagnostic.js';
import { areKnown, isKnown, sameDim, sameDims, showDims, type Dim } from '../../ir/dim.js';
import type { Expander, Region } from '../../ir/expander.js';
import type { Bound, Graph, TensorType, Value } from '../../ir/graph.js';
import { defineOp } from '../../ir/op.js';
import { allocate, int64s } from '../../tensor/tensor.js';
import { narrow } from '../../tf/builder.js';

/** One of two graphs, by a condition (input 0) that only the model's run tells. Made by If. */
export const branch = defineOp({
  name: 'Branch',
  domain: 'internal',
  summary: 'one of two graphs, by a condition',
  read: {},
  infer: () => [],
  graph: (n, [condition, ...rest], b) => {
    const [yes, no] = n.bodies.map((body) => b.define(body));
    return b.many(
      'StatelessIf',
      [condition, ...rest],
      { then_branch: yes, else_branch: no },
      n.outputs.map((v) => narrow(v?.type.dtype ?? 'float32')),
    );
  },
});

/** A graph (body 1) run again and again while another (body 0) says so; all inputs are its state. Made by Loop and Scan. */
export const repeat = defineOp({
  name: 'Repeat',
  domain: 'internal',
  summary: 'a graph run while a condition holds',
  read: {},
  infer: () => [],
  graph: (n, state, b) => {
    const [condition, body] = n.bodies.map((g) => b.define(g));
    return b.many(
      'StatelessWhile',
      state,
      { cond: condition, body },
      state.map((s) => s.dtype),
    );
  },
});

/** A region as a graph whose further inputs are these. */
export function graphOf(
  name: string,
  region: Region,
  captured: readonly Value[],
  outputs: readonly Value[] = region.outputs,
): Graph {
  return {
    name,
    nodes: region.nodes,
    inputs: [...region.parameters, ...captured],
    outputs: outputs.map((value, i) => ({ name: `output_${i}`, value })),
  };
}

/** Outputs of a subgraph, which have to be tensors. */
export function tensorsOf(op: string, outputs: readonly (Bound | undefined)[]): Value[] {
  return outputs.map((v, i) => {
    if (!v) return invalid(`output ${i} of the graph is given by no node`);
    return v.kind === 'tensor'
      ? v
      : refuse(
          `${op} has to be run by the model, and its output ${i} is a ${v.kind}; those are resolved while converting`,
          'make the condition or the number of turns constant',
        );
  });
}

/** What a value is when it may be either of two: sizes that differ are open. */
export function eitherType(a: TensorType, b: TensorType, fresh: () => Dim, what: string): TensorType {
  if (a.dtype !== b.dtype) return invalid(`${what} is ${a.dtype} on one way and ${b.dtype} on the other`);
  if (a.dims.length !== b.dims.length)
    return refuse(
      `${what} is of shape ${showDims(a.dims)} on one way and ${showDims(b.dims)} on the other: the rank has to be known`,
      'give it one rank',
    );
  return { dtype: a.dtype, dims: a.dims.map((d, i) => (sameDim(d, b.dims[i]) ? d : fresh())) };
}

/**
 * Types that a loop carries from turn to turn: a size that a turn changes is open from the first turn on.
 * @param turn the types after a turn that began with these
 * @returns the carried types, and all that a turn gives for them
 */
export function settled(
  initial: readonly TensorType[],
  turn: (carried: readonly TensorType[]) => readonly TensorType[],
  fresh: () => Dim,
): { carried: readonly TensorType[]; given: readonly TensorType[] } {
  const open = new Set<Dim>();
  const opened = (): Dim => {
    const d = fresh();
    open.add(d);
    return d;
  };
  let carried = initial;
  for (;;) {
    const given = turn(carried);
    if (given.length < carried.length) return invalid('the body gives fewer values than the loop carries');
    // An open size stays as it is: each turn may give it another value.
    const next = carried.map((t, i) =>
      eitherType(
        t,
        { ...given[i], dims: given[i].dims.map((d, k) => (open.has(t.dims[k]) ? t.dims[k] : d)) },
        opened,
        `what the loop carries (${i})`,
      ),
    );
    if (next.every((t, i) => sameDims(t.dims, carried[i].dims))) return { carried, given };
    carried = next;
  }
}

/** What the turns of a loop give, on its way to being one tensor: part of the loop's state. */
export interface Gathering {
  readonly types: readonly TensorType[];
  /** The state before the first turn. */
  readonly begun: readonly Value[];
  /** The state with what one more turn gave; `front` puts it before the others. */
  add(state: readonly Value[], element: Value, front: boolean): Value[];
  /** All of it, along a new axis 0, after so many turns. */
  finish(state: readonly Value[], turns: Value): Value;
}

/**
 * Gathers elements of a type: flat, whatever the order of their axes, since WASM can't transpose what is empty yet, and
 * TensorFlow.js joins an empty tensor only to what has the same sizes. Where those aren't known, the shape of the last one
 * is kept beside.
 */
export function gathering(element: TensorType, e: Expander, fresh: () => Dim): Gathering {
  const { dtype, dims } = element;
  const ints = (v: readonly number[]): Value => e.constant(int64s([...v]));
  const join = (list: Value, now: Value, front: boolean): Value => {
    const flat = e.one('Reshape', [now, ints([-1])]);
    return e.one('Concat', front ? [flat, list] : [list, flat], { axis: 0 });
  };
  const list: TensorType = { dtype, dims: [fresh()] };
  const empty = nothing({ dtype, dims: [] }, e);
  if (areKnown(dims) && !dims.includes(0)) {
    return {
      types: [list],
      begun: [empty],
      add: ([all], now, front) => [join(all, now, front)],
      finish: ([all]) => e.one('Reshape', [all, ints([-1, ...dims])]),
    };
  }
  return {
    types: [list, { dtype: 'int64', dims: [dims.length] }],
    begun: [empty, ints(dims.map((d) => (isKnown(d) ? d : 0)))],
    add: ([all], now, front) => [join(all, now, front), e.one('Shape', [now])],
    finish: ([all, shape], turns) =>
      e.one('Reshape', [all, e.one('Concat', [e.one('Reshape', [turns, ints([1])]), shape], { axis: 0 })], {
        allowzero: 1,
      }),
  };
}

/** No elements of this type, along a new axis 0; a size that isn't known is 0. */
export function nothing(element: TensorType, e: Expander): Value {
  return e.constant({
    dtype: element.dtype,
    dims: [0, ...element.dims.map((d) => (isKnown(d) ? d : 0))],
    data: allocate(element.dtype, 0),
  });
}

/** Whether what follows from these nodes can be computed though it isn't wanted: nothing in it can fail. */
export function isSafe(region: Region): boolean {
  return region.nodes.every(
    (n) => !n.bodies && n.outputs.every((v) => !v || v.type.dims.every((d) => typeof d === 'number')),
  );
}
