import { refuse } from '../diag/diagnostic.js';
import type { Weight } from '../tensor/tensor.js';
import type { KerasBuilder, Layer } from './builder.js';
import { concat, crop, every, merge, negated, none, permute, repeat, rescale } from './compose.js';

/** Compositions along one axis of a tensor: a position in memory. See compose.ts. */

/** A Concatenate of more parts than this would be slower than the graph-model by far. */
const MOST_PARTS = 64;

/** A reversed stretch is a product with a matrix of its length squared. */
const LONGEST_REVERSED = 1024;

/** A part of an axis: elements from `begin` on, `step` apart. A step of 0 is one element repeated, -1 goes backwards. */
interface Run {
  readonly begin: number;
  readonly step: number;
  readonly count: number;
}

/**
 * Cuts indices into as few runs as a greedy look finds: one element after another, or one and the same.
 * @param backwards whether a run may go backwards, too
 */
function runsOf(indices: readonly number[], backwards = false): Run[] {
  const whole = indices.length > 1 ? indices[1] - indices[0] : 1;
  if (whole > 1 && indices.every((v, i) => v === indices[0] + i * whole))
    return [{ begin: indices[0], step: whole, count: indices.length }];
  const runs: Run[] = [];
  for (let i = 0; i < indices.length; ) {
    const step = indices[i + 1] === indices[i] ? 0 : backwards && indices[i + 1] === indices[i] - 1 ? -1 : 1;
    let count = 1;
    while (i + count < indices.length && indices[i + count] === indices[i] + count * step) count++;
    runs.push({ begin: indices[i], step, count });
    i += count;
  }
  return runs;
}

/** Elements of an axis by index, with layers that crop, repeat and join. */
export function take(k: KerasBuilder, x: Layer, axis: number, indices: readonly number[], suffix = '_take'): Layer {
  const size =
    x.shape[axis] ??
    refuse(
      'the size of the axis is not known',
      'fix the sizes with input-shapes in the config, or convert to a graph-model',
    );
  if (axis === 0)
    return refuse(
      'it picks items of the batch (axis 0), which a Keras layer never touches',
      'convert to a graph-model',
    );
  if (indices.length === 0)
    return refuse('it takes nothing, and no stock layer gives an empty tensor', 'convert to a graph-model');
  const plain = runsOf(indices);
  const runs = plain.length > MOST_PARTS ? runsOf(indices, true) : plain;
  if (runs.some((run) => run.step === -1 && run.count > LONGEST_REVERSED))
    return refuse(
      `it reverses more than ${LONGEST_REVERSED} elements of an axis, and no stock layer reverses one`,
      'convert to a graph-model',
    );
  if (runs.length > MOST_PARTS)
    return refuse(
      `it takes ${runs.length} separate parts of an axis, each of which would be a layer`,
      'convert to a graph-model',
    );
  const at = <T>(value: T, nothing: T): T[] => x.shape.map((_, i) => (i === axis ? value : nothing));
  return concat(
    k,
    runs.map(({ begin, step, count }) => {
      if (step === -1) {
        const stretch = at<readonly [number, number]>([begin - count + 1, size - 1 - begin], none);
        return mapAlong(k, crop(k, x, stretch, suffix), axis, backwardsMatrix(count), '_reversed');
      }
      const length = step === 0 ? 1 : (count - 1) * step + 1;
      const part = crop(k, x, at<readonly [number, number]>([begin, size - begin - length], none), suffix);
      return step === 0 ? repeat(k, part, at(count, 1)) : every(k, part, at(step, 1));
    }),
    axis,
  );
}

function backwardsMatrix(count: number): Weight {
  const dims = [count, count];
  return {
    dtype: 'float32',
    dims,
    load: () => {
      const data = new Float32Array(count * count);
      for (let i = 0; i < count; i++) data[i * count + count - 1 - i] = 1;
      return { dtype: 'float32', dims, data };
    },
  };
}

/**
 * Each vector along an axis times a matrix [size, out], by a Dense that is not trained: any interpolation is one. The
 * axis is moved to the end and back.
 */
export function mapAlong(k: KerasBuilder, x: Layer, axis: number, matrix: Weight, suffix = '_map'): Layer {
  const rank = x.shape.length;
  const there = [...Array.from({ length: rank }, (_, i) => i).filter((i) => i !== axis), axis];
  const moved = permute(k, x, there, `${suffix}_last`);
  const units = matrix.dims[1];
  const mapped = k.layer(
    'Dense',
    [moved],
    { units, activation: 'linear', use_bias: false, trainable: false },
    {
      suffix,
      shape: [...moved.shape.slice(0, -1), units],
      weights: [{ name: 'kernel', weight: matrix, trainable: false }],
    },
  );
  return permute(
    k,
    mapped,
    there.map((_, i) => there.indexOf(i)),
    `${suffix}_back`,
  );
}

/**
 * x divided by sqrt(mean(x²) + epsilon) over an axis: LayerNormalization of x beside -x, whose mean is 0 and whose
 * variance is the mean of the squares.
 * @returns the normalized pair, of twice the size, and the pair itself
 */
export function beside(k: KerasBuilder, x: Layer, axis: number, epsilon: number): { pair: Layer; normalized: Layer } {
  const pair = concat(k, [x, negated(k, x)], axis, '_pair');
  const normalized = k.layer(
    'LayerNormalization',
    [pair],
    { axis: [axis], epsilon, center: false, scale: false },
    { suffix: '_norm', shape: pair.shape },
  );
  return { pair, normalized };
}

/** The first half of an axis. */
export function firstHalf(k: KerasBuilder, x: Layer, axis: number): Layer {
  const size =
    x.shape[axis] ?? refuse('the size of the axis is not known', 'fix the sizes with input-shapes in the config');
  return crop(
    k,
    x,
    x.shape.map((_, i) => (i === axis ? ([0, size / 2] as const) : none)),
    '_half',
  );
}

/** log(sum(exp)) of an axis, at each of its elements: x - log_softmax(x). The axis has to be the last. */
export function logSumExpEverywhere(k: KerasBuilder, x: Layer): Layer {
  const log = k.layer('Activation', [x], { activation: 'log_softmax' }, { suffix: '_log_softmax', shape: x.shape });
  return merge(k, 'Add', [x, rescale(k, log, -1, 0, '_neg')]);
}
