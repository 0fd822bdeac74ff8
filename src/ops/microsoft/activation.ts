import { refuse } from '../../diag/diagnostic.js';
import type { Value } from '../../ir/graph.js';
import type { Composer } from '../compose.js';

/**
 * The activation of a fused operator, by its ONNX name; '' is none.
 * @param parameters alpha, beta … in the order in which ONNX Runtime gives them; what is left out has ONNX's default
 */
export function activation(c: Composer, x: Value, name: string, parameters: readonly (number | undefined)[]): Value {
  const [alpha, beta] = parameters;
  const given = (attributes: Record<string, number | undefined>) =>
    Object.fromEntries(Object.entries(attributes).filter(([, v]) => v !== undefined)) as Record<string, number>;
  switch (name) {
    case '':
      return x;
    case 'Relu':
    case 'Tanh':
    case 'Sigmoid':
    case 'Softplus':
    case 'Softsign':
    case 'HardSwish':
    case 'Gelu':
      return c.op(name, [x]);
    case 'LeakyRelu':
    case 'Elu':
    case 'ThresholdedRelu':
      return c.op(name, [x], given({ alpha }));
    case 'HardSigmoid':
      return c.op(name, [x], given({ alpha, beta }));
    case 'Clip':
      return c.op(name, [
        x,
        alpha === undefined ? undefined : c.scalar(alpha, x),
        beta === undefined ? undefined : c.scalar(beta, x),
      ]);
    default:
      return refuse(
        `the fused activation ${JSON.stringify(name)} is not known`,
        'export with the activation as a node of its own',
      );
  }
}
