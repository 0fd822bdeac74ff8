import { invalid, refuse } from '../../diag/diagnostic.js';
import type { GraphBuilder, Ref } from '../../tf/builder.js';

/** An activation of a recurrent operator, by its ONNX name in lower case. */
export interface Activation {
  readonly name: string;
  readonly alpha: number;
  readonly beta: number;
}

/**
 * Which of alpha and beta an activation takes, and what they are where the node doesn't say. NaN where that is open:
 * Affine and ScaledTanh are operators no more, and of ThresholdedRelu ONNX says 1, onnxruntime 0.
 */
const DEFAULTS: Readonly<Record<string, { alpha?: number; beta?: number }>> = {
  relu: {},
  tanh: {},
  sigmoid: {},
  softsign: {},
  softplus: {},
  affine: { alpha: NaN, beta: 0 },
  leakyrelu: { alpha: 0.01 },
  thresholdedrelu: { alpha: NaN },
  scaledtanh: { alpha: NaN, beta: NaN },
  hardsigmoid: { alpha: 0.2, beta: 0.5 },
  elu: { alpha: 1 },
};

/** Reads the activations; those that take alpha or beta use up the given values in order. */
export function readActivations(
  names: readonly string[],
  alphas: readonly number[],
  betas: readonly number[],
): Activation[] {
  let [nextAlpha, nextBeta] = [0, 0];
  return names.map((given) => {
    const name = given.toLowerCase();
    const defaults = Object.hasOwn(DEFAULTS, name)
      ? DEFAULTS[name]
      : invalid(`the activation ${JSON.stringify(given)} is none of ONNX's`);
    const read: Activation = {
      name,
      alpha: defaults.alpha === undefined ? 0 : (alphas[nextAlpha++] ?? defaults.alpha),
      beta: defaults.beta === undefined ? 0 : (betas[nextBeta++] ?? defaults.beta),
    };
    if (Number.isNaN(read.alpha) || Number.isNaN(read.beta))
      return refuse(
        `the activation ${given} without activation_alpha and activation_beta`,
        'give both in the node: runtimes disagree about what they are otherwise',
      );
    return read;
  });
}

/** Applies an activation. */
export function activate(x: Ref, { name, alpha, beta }: Activation, b: GraphBuilder): Ref {
  const [s, one] = [(v: number) => b.scalar(v), b.scalar(1)];
  switch (name) {
    case 'sigmoid':
      return b.op('Sigmoid', [x]);
    case 'tanh':
      return b.op('Tanh', [x]);
    case 'relu':
      return b.op('Relu', [x]);
    case 'affine':
      return b.add2(b.mul(x, s(alpha)), s(beta));
    case 'leakyrelu':
      return b.op('LeakyRelu', [x], { alpha });
    case 'thresholdedrelu':
      return b.mul(x, b.cast(b.op('GreaterEqual', [x, s(alpha)]), 'float32'));
    case 'scaledtanh':
      return b.mul(b.op('Tanh', [b.mul(x, s(beta))]), s(alpha));
    case 'hardsigmoid':
      return b.op('ClipByValue', [b.add2(b.mul(x, s(alpha)), s(beta)), s(0), one]);
    case 'softsign':
      return b.op('RealDiv', [x, b.add2(b.op('Abs', [x]), one)]);
    case 'softplus':
      return b.op('Softplus', [x]);
    case 'elu':
      return alpha === 1
        ? b.op('Elu', [x])
        : b.select(b.op('GreaterEqual', [x, s(0)]), x, b.mul(b.op('Elu', [x]), s(alpha)));
    default:
      throw new Error(`no activation ${name}`);
  }
}
