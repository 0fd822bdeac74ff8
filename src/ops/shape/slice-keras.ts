import { refuse } from '../../diag/diagnostic.js';
import { isKnown, sameDim, type Dim } from '../../ir/dim.js';
import type { View } from '../../ir/view.js';
import { reshaped } from '../../ir/weights.js';
import { take } from '../../keras/along.js';
import type { KerasBuilder, Layer } from '../../keras/builder.js';
import { concat, crop, every, none, permute, repeat, reshape } from '../../keras/compose.js';
import { isFloat, isInteger } from '../../tensor/dtype.js';
import { numbersOf, sizeOf } from '../../tensor/tensor.js';
import { indicesOf, type Cut } from './cut.js';

/** Beyond any size: exporters write INT_MAX for "to the end". */
const FAR = 2 ** 31 - 1;

/** Slice as a crop, and every so-manieth element of what is left. */
export function sliceLayers(n: View<{ readonly cuts: readonly Cut[] }>, [x]: Layer[], k: KerasBuilder): Layer {
  const crops = x.shape.map((): readonly [number, number] => none);
  const steps = x.shape.map(() => 1);
  const turned = new Map<number, readonly number[]>();
  for (const c of n.attrs.cuts) {
    const axis = n.position(0, c.axis);
    const whole = c.step === 1 && c.start === 0 && c.end !== undefined && isKnown(c.end) && c.end >= FAR;
    if (whole) continue;
    if (axis === 0) {
      // A slice of all of a batch of known size takes all of any.
      const size = n.dims(0)[c.axis];
      const all = isKnown(size) ? indicesOf(size, c) : undefined;
      if (all && all.length === size && c.step === 1) continue;
      return refuse(
        'it takes a part of the batch (axis 0), which a Keras layer never touches',
        'convert to a graph-model',
      );
    }
    const backwards = backwardsOf(x.shape[axis], c);
    if (backwards) {
      turned.set(axis, backwards);
      continue;
    }
    const [begin, end, step] = ends(x.shape[axis], c);
    crops[axis] = [begin, end];
    steps[axis] = step;
  }
  if (turned.size > 0 && !isFloat(n.dtype(0)))
    return refuse(`${n.dtype(0)} backwards: the layers that turn an axis work on floats`, 'convert to a graph-model');
  if (steps.some((s) => s > 1) && !isFloat(n.dtype(0)))
    return refuse(
      `every other element of ${n.dtype(0)}: the layer that takes them pools floats`,
      'convert to a graph-model',
    );
  let y = every(k, crop(k, x, crops), steps);
  for (const [axis, indices] of turned) y = take(k, y, axis, indices);
  return y === x ? k.layer('Activation', [x], { activation: 'linear' }) : y;
}

/** The elements of a slice that goes backwards. */
function backwardsOf(size: number | null, c: Cut): readonly number[] | undefined {
  const at = size === null ? undefined : indicesOf(size, c);
  return at && at.length > 1 && at[1] < at[0] ? at : undefined;
}

/** What is cropped at both ends, and the step. */
function ends(size: number | null, c: Cut): [number, number, number] {
  if (size !== null) {
    const at =
      indicesOf(size, c) ??
      refuse('start, end or step are computed by the model', 'make them constant, or convert to a graph-model');
    if (at.length === 0)
      return refuse('it takes nothing, and no stock layer gives an empty tensor', 'convert to a graph-model');
    const step = at.length === 1 ? 1 : at[1] - at[0];
    return [at[0], size - 1 - at[at.length - 1], step];
  }
  const { start, end, step } = c;
  if (
    !isKnown(start ?? -1) ||
    !isKnown(end ?? ('' as unknown as Dim)) ||
    step === undefined ||
    step < 1 ||
    (start as number) < 0
  )
    return refuse(
      'a part of an axis whose size is not known, that no crop says',
      'fix the sizes with input-shapes in the config, or convert to a graph-model',
    );
  const behind =
    (end as number) >= FAR
      ? 0
      : (end as number) < 0
        ? -(end as number)
        : refuse(
            'a part of an axis whose size is not known, that no crop says',
            'fix the sizes with input-shapes in the config, or convert to a graph-model',
          );
  return [start as number, behind, step];
}

/** Split as one crop for each part. */
export function splitLayers(n: View<{ readonly axis: number }>, [x]: Layer[], k: KerasBuilder): (Layer | undefined)[] {
  const axis = n.position(0, n.attrs.axis);
  if (axis === 0)
    return refuse('it splits the batch (axis 0), which a Keras layer never touches', 'convert to a graph-model');
  const sizes = n.outputs.map((v) => v?.type.dims[n.attrs.axis]);
  const total = x.shape[axis];
  if (total === null || !sizes.every((d, i) => (d === undefined ? i === sizes.length - 1 : isKnown(d))))
    return refuse('the sizes of the parts are not known', 'fix the sizes with input-shapes in the config');
  let begin = 0;
  return sizes.map((d) => {
    if (d === undefined) return undefined;
    const size = d as number;
    if (size === 0)
      return refuse('one part has no elements, and no stock layer gives an empty tensor', 'convert to a graph-model');
    const part = crop(
      k,
      x,
      x.shape.map((_, i) => (i === axis ? ([begin, total - begin - size] as const) : none)),
    );
    begin += size;
    return part;
  });
}

/** Gather of a table as Embedding, by constant indices as crops. */
export function gatherLayers(n: View<{ readonly axis: number }>, [x, indices]: Layer[], k: KerasBuilder): Layer {
  const table = n.weight(0);
  if (table && !n.weight(1)) {
    if (n.attrs.axis !== 0 || table.dims.length === 0)
      return refuse('a table is looked up along another axis than its first', 'convert to a graph-model');
    if (!isFloat(table.dtype))
      return refuse(`a table of ${table.dtype}: an Embedding gives floats`, 'convert to a graph-model');
    const width = sizeOf(table.dims.slice(1));
    const y = k.layer(
      'Embedding',
      [indices],
      { input_dim: table.dims[0], output_dim: width, mask_zero: false },
      {
        shape: [...indices.shape, width],
        weights: [{ name: 'embeddings', weight: reshaped(table, [table.dims[0], width]) }],
      },
    );
    return reshape(k, y, k.outputShape().slice(1));
  }
  const at = n.constant(1);
  if (!at) return refuse('no stock layer picks elements by indices that are computed', 'convert to a graph-model');
  const axis = n.position(0, n.attrs.axis);
  const size = x.shape[axis];
  const list = numbersOf(at).map((i) =>
    i < 0 ? i + (size ?? refuse('indices count from the end of an axis whose size is not known')) : i,
  );
  if (size === null && list.length === 1 && at.dims.length === 0)
    return refuse('one element of an axis whose size is not known', 'fix the sizes with input-shapes in the config');
  if (!isFloat(n.dtype(0)) && list.some((v, i) => i > 0 && v !== list[i - 1] + 1))
    return refuse(`parts of ${n.dtype(0)}: the layers that take them work on floats`, 'convert to a graph-model');
  const y = take(k, x, axis, list);
  const out = k.outputShape();
  const result = reshape(k, y, out.slice(1));
  return result === x ? k.layer('Activation', [x], { activation: 'linear' }) : result;
}

/** Expand as UpSampling of the axes of size 1. */
export function expandLayers(n: View, [x]: Layer[], k: KerasBuilder): Layer {
  const out = k.outputShape();
  const value = n.outputs[0];
  const batch = value?.batch ?? 0;
  const [from, to] = [n.dims(0)[n.value(0).batch ?? 0], value?.type.dims[batch]];
  if (from === undefined || to === undefined || !sameDim(from, to))
    return refuse(
      `it repeats the batch (axis ${batch}), which a Keras layer never touches`,
      'convert to a graph-model',
    );
  const wide = reshape(k, x, [...new Array<number>(out.length - x.shape.length).fill(1), ...x.shape.slice(1)]);
  const times = wide.shape.map((d, i) => {
    const to = out[i];
    if (i === 0 || d === to) return 1;
    return d === 1 && to !== null
      ? to
      : refuse('how often an axis is repeated is not known', 'fix the sizes with input-shapes in the config');
  });
  if (times.some((t) => t > 1) && !isFloat(n.dtype(0)) && !isInteger(n.dtype(0)))
    return refuse(`no stock layer repeats ${n.dtype(0)}`, 'convert to a graph-model');
  const y = repeat(k, wide, times);
  return y === x ? k.layer('Activation', [x], { activation: 'linear' }) : y;
}

/** Tile as UpSampling where the axis has one element, else as a Concatenate of copies. */
export function tileLayers(
  n: View<{ readonly repeats: readonly Dim[] | undefined }>,
  [x]: Layer[],
  k: KerasBuilder,
): Layer {
  const { repeats } = n.attrs;
  if (!repeats?.every(isKnown))
    return refuse('how often each axis is repeated is computed by the model', 'make the repeats constant');
  let y = x;
  (repeats as readonly number[]).forEach((times, a) => {
    if (times === 1) return;
    const axis = n.position(0, a);
    if (axis === 0)
      return refuse('it repeats the batch (axis 0), which a Keras layer never touches', 'convert to a graph-model');
    if (times < 1 || times > 64) return refuse(`an axis is repeated ${times} times`, 'convert to a graph-model');
    y =
      y.shape[axis] === 1
        ? repeat(
            k,
            y,
            y.shape.map((_, i) => (i === axis ? times : 1)),
          )
        : concat(k, new Array<Layer>(times).fill(y), axis);
  });
  return y === x ? k.layer('Activation', [x], { activation: 'linear' }) : y;
}

/** Transpose as Permute; where nothing moves in memory, the input itself. */
export function transposeLayers(perm: readonly number[], x: Layer, k: KerasBuilder): Layer {
  if (perm[0] !== 0)
    return refuse('the batch (axis 0) moves, and a Keras layer never touches it', 'convert to a graph-model');
  return permute(k, x, perm);
}
