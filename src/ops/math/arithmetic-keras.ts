import { refuse } from '../../diag/diagnostic.js';
import { isFloat } from '../../tensor/dtype.js';
import type { View } from '../../ir/view.js';
import type { ConfigValue, KerasBuilder, Layer } from '../../keras/builder.js';

/** A merging layer (Add, Multiply, Maximum …) of inputs that all have the same rank. */
export function merged<A>(n: View<A>, inputs: readonly Layer[], k: KerasBuilder, className: string): Layer {
  if (inputs.some((x) => x && x.shape.length !== inputs[0]?.shape.length)) return refuse(`${className} joins tensors of the same rank only`, 'convert to a graph-model');
  return k.layer(className, inputs, {});
}

/** The value of an operand that is a constant of one element, in a float operator whose other operand decides the shape. */
export function scalarOf<A>(n: View<A>, i: number): number | undefined {
  const w = n.weight(i);
  if (!w || !isFloat(w.dtype) || w.dims.some((d) => d !== 1) || w.dims.length > n.rank(1 - i)) return undefined;
  return Number(w.load().data[0]);
}

/** x * scale + offset. */
export function rescaled(x: Layer, scale: number, offset: number, k: KerasBuilder): Layer {
  if (!Number.isFinite(scale) || !Number.isFinite(offset)) return refuse('an infinite constant has no place in a Keras layer', 'convert to a graph-model');
  const config: Record<string, ConfigValue> = { scale, offset };
  return k.layer('Rescaling', [x], config);
}
