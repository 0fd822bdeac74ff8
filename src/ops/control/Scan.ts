import { series } from '../../ir/weights.js';
import { invalid, refuse } from '../../diag/diagnostic.js';
import { isKnown } from '../../ir/dim.js';
import type { Expander } from '../../ir/expander.js';
import type { TensorType, Value } from '../../ir/graph.js';
import { defineOp } from '../../ir/op.js';
import { normalAxis, realAxis, type RawNode, type View } from '../../ir/view.js';
import type { Graph as OnnxGraph } from '../../onnx/model.js';
import { int64s } from '../../tensor/tensor.js';
import { gathering, graphOf, repeat, settled, tensorsOf } from './control-flow.js';

interface Attrs {
  readonly body: OnnxGraph;
  /** How many inputs, at the end, are scanned; the others are the state. */
  readonly scanned: number;
  readonly inputAxes: readonly number[];
  readonly inputBackwards: readonly boolean[];
  readonly outputAxes: readonly number[];
  readonly outputBackwards: readonly boolean[];
  /** Version 8: axis 0 of everything is a batch, whose samples are scanned one by one. */
  readonly batched: boolean;
}

/** Steps that are written out; more become a loop of the written model. */
const MOST_STEPS = 1024;

export default defineOp<Attrs>({
  name: 'Scan',
  summary: 'a graph run along axes of its inputs: written out where their size is known, else control flow',
  limits: 'sequence_lens of version 8 has to be left out',
  read: { 8: (n) => read8(n), 9: (n) => read9(n) },
  infer: () => invalid('Scan has no body'),
  expand: (n, inputs, e) => {
    const given = tensorsOf('Scan', inputs);
    return n.attrs.batched ? batchwise(n, given, e) : scan(n, given, e);
  },
});

/** How many of the body's outputs are gathered step by step. */
function gathered(body: OnnxGraph, scanned: number, inputs: number): number {
  if (scanned < 1 || scanned > inputs) return invalid(`num_scan_inputs is ${scanned}, and there are ${inputs} inputs`);
  const count = body.outputs.length - (inputs - scanned);
  return count >= 0 ? count : invalid('the body gives fewer values than the scan carries');
}

/** An attribute with a number for each of `count`, zeros where it isn't given. */
function listOf(n: RawNode, name: string, count: number): number[] {
  const list = n.optInts(name) ?? new Array<number>(count).fill(0);
  return list.length === count ? list : invalid(`${name} has ${list.length} entries, and ${count} are needed`);
}

function read9(n: RawNode): Attrs {
  const body = n.graph('body');
  const scanned = n.int('num_scan_inputs');
  const given = gathered(body, scanned, n.inputs.length);
  const flags = (name: string, count: number) => listOf(n, name, count).map((d) => d !== 0);
  return {
    body,
    scanned,
    batched: false,
    inputAxes: listOf(n, 'scan_input_axes', scanned),
    inputBackwards: flags('scan_input_directions', scanned),
    outputAxes: listOf(n, 'scan_output_axes', given),
    outputBackwards: flags('scan_output_directions', given),
  };
}

function read8(n: RawNode): Attrs {
  const [lengths, ...rest] = n.inputs;
  if (lengths) return refuse('sequence_lens (input 0) is not supported', 'export with opset 9 or later');
  n.setInputs(rest);
  const body = n.graph('body');
  const scanned = n.int('num_scan_inputs');
  const given = gathered(body, scanned, rest.length);
  return {
    body,
    scanned,
    batched: true,
    inputAxes: new Array<number>(scanned).fill(0),
    inputBackwards: listOf(n, 'directions', scanned).map((d) => d !== 0),
    outputAxes: new Array<number>(given).fill(0),
    outputBackwards: new Array<boolean>(given).fill(false),
  };
}

/** Each sample by itself, and the results stacked. */
function batchwise(n: View<Attrs>, inputs: readonly Value[], e: Expander): Value[] {
  const batch = inputs[0]?.type.dims[0];
  if (batch === undefined || !isKnown(batch))
    return refuse(
      'the size of the batch has to be known',
      'fix the sizes with input-shapes in the config, or export with opset 9 or later',
    );
  if (batch === 0) return refuse('a batch without samples', 'export with opset 9 or later');
  const samples = series(batch, (i) =>
    scan(
      n,
      inputs.map((v) => e.one('Gather', [v, e.constant(int64s(i))], { axis: 0 })),
      e,
    ),
  );
  return samples[0].map((_, k) =>
    join(
      samples.map((s) => s[k]),
      0,
      e,
    ),
  );
}

function join(parts: readonly Value[], axis: number, e: Expander): Value {
  return e.one(
    'Concat',
    parts.map((v) => e.one('Unsqueeze', [v, e.constant(int64s([axis]))])),
    { axis },
  );
}

function scan(n: View<Attrs>, inputs: readonly Value[], e: Expander): Value[] {
  const { scanned, inputAxes } = n.attrs;
  const states = inputs.slice(0, inputs.length - scanned);
  const sources = inputs.slice(inputs.length - scanned);
  const axes = sources.map((v, i) => realAxis(inputAxes[i], v.type.dims.length));
  const lengths = sources.map((v, i) => v.type.dims[axes[i]]).filter(isKnown);
  const [length] = lengths;
  const other = lengths.find((d) => d !== length);
  if (other !== undefined) return invalid(`it goes along axes of ${length} and of ${other}, which have to be as long`);
  return length !== undefined && length > 0 && length <= MOST_STEPS
    ? unrolled(n, states, sources, axes, length, e)
    : looped(n, states, sources, axes, e);
}

function unrolled(
  n: View<Attrs>,
  states: readonly Value[],
  sources: readonly Value[],
  axes: readonly number[],
  length: number,
  e: Expander,
): Value[] {
  const { body, inputBackwards, outputAxes, outputBackwards } = n.attrs;
  let state: readonly Value[] = states;
  const kept: Value[][] = outputAxes.map(() => []);
  for (let step = 0; step < length; step++) {
    const elements = sources.map((v, i) =>
      e.one('Gather', [v, e.constant(int64s(inputBackwards[i] ? length - 1 - step : step))], { axis: axes[i] }),
    );
    const outputs = tensorsOf('Scan', e.inline(body, [...state, ...elements]));
    state = outputs.slice(0, states.length);
    outputs.slice(states.length).forEach((v, i) => {
      kept[i].push(v);
    });
  }
  return [
    ...state,
    ...kept.map((list, i) =>
      join(outputBackwards[i] ? list.toReversed() : list, placed(outputAxes[i], list[0].type), e),
    ),
  ];
}

/** Where the scanned axis stands in an output. */
const placed = (axis: number, element: TensorType): number => normalAxis(axis, element.dims.length + 1);

/** A loop of the written model. Its state: step, the states, what the steps gave so far, and what it reads. */
function looped(
  n: View<Attrs>,
  states: readonly Value[],
  sources: readonly Value[],
  axes: readonly number[],
  e: Expander,
): Value[] {
  const { body, inputBackwards, outputAxes, outputBackwards } = n.attrs;
  const scalar = (v: number) => e.constant(int64s(v));
  const elements = sources.map(
    (v, i): TensorType => ({ dtype: v.type.dtype, dims: v.type.dims.filter((_, a) => a !== axes[i]) }),
  );
  const typesOf = (carried: readonly TensorType[]) =>
    e
      .region([...carried, ...elements], (values) => tensorsOf('Scan', e.inline(body, values)))
      .outputs.map((v) => v.type);
  const { carried, given: types } = settled(
    states.map((v) => v.type),
    typesOf,
    () => n.fresh(),
  );
  const kept = types.slice(states.length);
  const lists = kept.map((t) => gathering(t, e, () => n.fresh()));
  const starts = lists.map((_, k) => 1 + states.length + lists.slice(0, k).reduce((sum, l) => sum + l.types.length, 0));
  const partOf = (values: readonly Value[], k: number): readonly Value[] =>
    values.slice(starts[k], starts[k] + lists[k].types.length);
  const size = e.one('Gather', [e.one('Shape', [sources[0]]), scalar(axes[0])]);
  const parameters: TensorType[] = [{ dtype: 'int64', dims: [] }, ...carried, ...lists.flatMap((l) => l.types)];
  const step = e.region(parameters, (values) => {
    const [i] = values;
    const back = inputBackwards.some((b) => b) ? e.one('Sub', [e.one('Sub', [size, scalar(1)]), i]) : i;
    const parts = sources.map((v, k) => e.one('Gather', [v, inputBackwards[k] ? back : i], { axis: axes[k] }));
    const outputs = tensorsOf('Scan', e.inline(body, [...values.slice(1, 1 + states.length), ...parts]));
    const now = lists.flatMap((l, k) => l.add(partOf(values, k), outputs[states.length + k], outputBackwards[k]));
    return [e.one('Add', [i, scalar(1)]), ...outputs.slice(0, states.length), ...now];
  });
  const test = e.region(parameters, ([i]) => [e.one('Less', [i, size])]);
  const captured = [...new Set([...step.captured, ...test.captured])];
  const inputs = [scalar(0), ...states, ...lists.flatMap((l) => l.begun), ...captured];
  const outputs = e.node(
    repeat,
    inputs,
    [...parameters, ...captured.map((v) => v.type)],
    [graphOf('condition', test, captured), graphOf('step', step, captured, [...step.outputs, ...captured])],
  );
  const given = lists.map((l, k) => {
    const list = l.finish(partOf(outputs, k), outputs[0]);
    const axis = placed(outputAxes[k], kept[k]);
    const perm = series(kept[k].dims.length + 1, (i) => (i === axis ? 0 : i < axis ? i + 1 : i));
    return axis === 0 ? list : e.one('Transpose', [list], { perm });
  });
  return [...outputs.slice(1, 1 + states.length), ...given];
}
