import { refuse } from '../../diag/diagnostic.js';
import type { View } from '../../ir/view.js';
import type { ConfigValue, KerasBuilder, KerasShape, Layer } from '../../keras/builder.js';
import { concat, crop, none, reshape } from '../../keras/compose.js';
import type { Weight } from '../../tensor/tensor.js';
import type { Activation } from './activations.js';
import type { RecurrentAttrs } from './recurrent.js';

/** What tells the three recurrent layers of Keras apart. */
export interface RecurrentLayer {
  readonly className: 'LSTM' | 'GRU' | 'SimpleRNN';
  /** ONNX's gates in Keras's order. */
  readonly gates: readonly number[];
  /** Beside the activations and the number of units. */
  readonly config: Readonly<Record<string, ConfigValue>>;
  /** Of one direction: the first is that of the gates where there are gates, the others have to be the same. */
  readonly gated: boolean;
  /** Biases of input and recurrence apart: [2, gates * units]. */
  readonly apart?: boolean;
  readonly states: 1 | 2;
}

const remedy = 'convert to a graph-model';

/**
 * A recurrent operator as the layer of Keras; both directions, and the reverse one where its sequence is wanted, as a
 * Bidirectional. States are inputs where the model gives them.
 */
export function recurrentLayers(
  n: View<RecurrentAttrs>,
  inputs: readonly Layer[],
  k: KerasBuilder,
  layer: RecurrentLayer,
): (Layer | undefined)[] {
  const { direction, clip } = n.attrs;
  if (clip !== undefined) return refuse('clip: no stock layer keeps what enters an activation within bounds', remedy);
  if (n.has(7)) return refuse('peepholes (input 7) have no stock layer', remedy);
  const steps = inputs[0].shape[1];
  if (n.has(4) && !(n.ints(4)?.every((length) => length === steps) ?? false))
    return refuse(
      'sequence_lens (input 4) differ or are computed: no stock layer takes them',
      `drop them where all sequences have all steps, or ${remedy}`,
    );
  const [, , units] = n.knownDims(2);
  const both = direction === 'bidirectional';
  const states = Array.from({ length: layer.states }, (_, s) => statesOf(n, inputs, 5 + s, k));
  if (states.some((s) => s === undefined) && states.some((s) => s !== undefined))
    return refuse('one of two initial states is given, where a layer takes both or none', remedy);
  const given = states.every((s): s is Layer[] => s !== undefined)
    ? (both ? [0, 1] : [0]).flatMap((d) => states.map((s) => s[d]))
    : [];
  const wantsY = n.outputs[0] !== undefined;
  const wantsStates = n.outputs[1] !== undefined || n.outputs[2] !== undefined;
  // The sequence of a layer that goes backwards comes out backwards, and nothing but Bidirectional turns it round.
  const turned = direction === 'reverse' && wantsY;
  const wrapped = both || turned;
  if (turned && given.length > 0)
    return refuse('the sequence of the reverse direction with an initial state has no stock layer', remedy);
  const perDirection = n.attrs.activations.length / (both ? 2 : 1);
  const own = activationsOf(n.attrs.activations.slice(0, perDirection), layer, k);
  if (both && JSON.stringify(activationsOf(n.attrs.activations.slice(perDirection), layer, k)) !== JSON.stringify(own))
    return refuse('the two directions have other activations, where a Bidirectional has one layer for both', remedy);
  const config: Record<string, ConfigValue> = {
    units,
    ...own,
    use_bias: n.has(3),
    ...layer.config,
    return_sequences: wantsY,
    return_state: wantsStates,
    go_backwards: direction === 'reverse' && !turned,
    stateful: false,
    unroll: false,
  };
  const weightsOf = (d: number, prefix: string, zero = false) =>
    weights(n, d, layer, units).map(({ name, weight }) => ({
      name: `${prefix}${name}`,
      weight: zero ? zeros(weight) : weight,
    }));
  const width = wrapped ? 2 * units : units;
  const shapes: KerasShape[] = [wantsY ? [null, steps, width] : [null, width]];
  if (wantsStates) for (let i = 0; i < layer.states * (wrapped ? 2 : 1); i++) shapes.push([null, units]);
  const inner = layer.className.toLowerCase();
  const outs = wrapped
    ? k.several(
        'Bidirectional',
        [inputs[0], ...given],
        {
          layer: { class_name: layer.className, config: { name: inner, trainable: true, dtype: 'float32', ...config } },
          merge_mode: 'concat',
        },
        shapes,
        {
          weights: [...weightsOf(0, `forward_${inner}/`, turned), ...weightsOf(both ? 1 : 0, `backward_${inner}/`)],
        },
      )
    : k.several(layer.className, [inputs[0], ...given], config, shapes, { weights: weightsOf(0, '') });
  return [
    wantsY ? sequence(k, outs[0], steps, units, both, turned) : undefined,
    ...[0, 1].map((s) => (n.outputs[1 + s] ? state(k, outs, s, layer.states, units, both, turned) : undefined)),
  ];
}

/** [batch, steps, directions, units] */
function sequence(
  k: KerasBuilder,
  y: Layer,
  steps: number | null,
  units: number,
  both: boolean,
  turned: boolean,
): Layer {
  const all = turned ? crop(k, reshape(k, y, [steps, 2, units], '_both'), [none, none, [1, 0], none], '_reverse') : y;
  return reshape(k, all, [steps, both ? 2 : 1, units], '_sequence');
}

/** [batch, directions, units] */
function state(
  k: KerasBuilder,
  outs: readonly Layer[],
  s: number,
  states: number,
  units: number,
  both: boolean,
  turned: boolean,
): Layer {
  if (!both) return reshape(k, outs[1 + s + (turned ? states : 0)], [1, units], '_state');
  return reshape(k, concat(k, [outs[1 + s], outs[1 + states + s]], 1, '_states'), [2, units], '_state');
}

/** An initial state as one [batch, units] per direction; undefined where it is zero. */
function statesOf(n: View<RecurrentAttrs>, inputs: readonly Layer[], i: number, k: KerasBuilder): Layer[] | undefined {
  if (!n.has(i)) return undefined;
  const w = n.weight(i);
  if (w) {
    if (Array.from(w.load().data as ArrayLike<number>).every((v) => v === 0)) return undefined;
    return refuse('a constant initial state other than zero has no stock layer', `make it an input, or ${remedy}`);
  }
  const x = inputs[i];
  const [, directions, units] = x.shape;
  return Array.from({ length: directions ?? 1 }, (_, d) =>
    reshape(k, crop(k, x, [none, [d, (directions ?? 1) - 1 - d], none], '_initial'), [units], '_initial'),
  );
}

/** Keras has one activation for the gates and one for all else. */
function activationsOf(
  list: readonly Activation[],
  layer: RecurrentLayer,
  k: KerasBuilder,
): Record<string, ConfigValue> {
  const names = list.map((a) => kerasName(a, k));
  const others = layer.gated ? names.slice(1) : names;
  if (others.some((name) => name !== others[0]))
    return refuse(
      `the activations ${list.map((a) => a.name).join(', ')}: a layer has one for its gates and one for all else`,
      remedy,
    );
  return { activation: others[0], ...(layer.gated ? { recurrent_activation: names[0] } : {}) };
}

function kerasName({ name, alpha, beta }: Activation, k: KerasBuilder): string {
  const slope = k.dialect === 'keras3' ? 1 / 6 : 0.2;
  switch (name) {
    case 'sigmoid':
    case 'tanh':
    case 'relu':
    case 'softsign':
    case 'softplus':
      return name;
    case 'hardsigmoid':
      if (Math.abs(alpha - slope) < 1e-6 && Math.abs(beta - 0.5) < 1e-6) return 'hard_sigmoid';
      break;
    case 'elu':
      if (alpha === 1) return 'elu';
      break;
    case 'affine':
      if (alpha === 1 && beta === 0) return 'linear';
      break;
  }
  return refuse(`the activation ${name} (${alpha}, ${beta}) is none of Keras's`, remedy);
}

/** Kernel, recurrent kernel and bias of one direction, with the gates in Keras's order. */
function weights(
  n: View<RecurrentAttrs>,
  d: number,
  { gates, apart }: RecurrentLayer,
  units: number,
): { name: string; weight: Weight }[] {
  const [w, r] = [n.needWeight(1, 'W'), n.needWeight(2, 'R')];
  const matrix = (from: Weight): Weight => {
    const columns = from.dims[2];
    const dims = [columns, gates.length * units];
    // ONNX has [direction, gate * units, columns], Keras [columns, gate * units].
    return made(dims, () => {
      const data = from.load().data as Float32Array;
      const start = d * gates.length * units * columns;
      return (out) => {
        gates.forEach((gate, g) => {
          for (let u = 0; u < units; u++)
            for (let c = 0; c < columns; c++)
              out[c * dims[1] + g * units + u] = data[start + (gate * units + u) * columns + c];
        });
      };
    });
  };
  const list = [
    { name: 'kernel', weight: matrix(w) },
    { name: 'recurrent_kernel', weight: matrix(r) },
  ];
  if (!n.has(3)) return list;
  const b = n.needWeight(3, 'B');
  const size = gates.length * units;
  const bias = made(apart ? [2, size] : [size], () => {
    const data = b.load().data as Float32Array;
    const start = d * 2 * size;
    return (out) => {
      gates.forEach((gate, g) => {
        for (let u = 0; u < units; u++) {
          const [own, recurrent] = [data[start + gate * units + u], data[start + size + gate * units + u]];
          if (apart) [out[g * units + u], out[size + g * units + u]] = [own, recurrent];
          else out[g * units + u] = own + recurrent;
        }
      });
    };
  });
  return [...list, { name: 'bias', weight: bias }];
}

function made(dims: readonly number[], from: () => (out: Float32Array) => void): Weight {
  return {
    dtype: 'float32',
    dims,
    load: () => {
      const data = new Float32Array(dims.reduce((p, q) => p * q, 1));
      from()(data);
      return { dtype: 'float32', dims, data };
    },
  };
}

const zeros = ({ dims }: Weight): Weight => made(dims, () => () => {});
