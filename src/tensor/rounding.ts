import { sizeOf } from './tensor.js';

/** Values are stored as whole numbers of steps from `min`, 0 to `most` of them. */
export interface Steps {
  readonly scale: number;
  readonly min: number;
  readonly most: number;
}

/**
 * Rounds the values of a weight of these sizes to steps, so that errors cancel where a network adds them up: each value
 * goes to one of its two neighbours, the errors of a kernel (all axes but the last two, along which it slides) add up to
 * half a step at most, and then those of all that goes into an output (the last axis) as well, for which a kernel may be
 * off by one. Of what is rounded the other way for that, the nearest to a half comes first. Neighbours in a picture are much the same and what comes out of a ReLU has a
 * mean, so that those sums are half of what an output is off by; no data are needed to make them small. What is a whole
 * step, such as zero, stays exact. Source: the sums are those of SQuant (Guo et al., ICLR 2022, arXiv:2202.07471).
 */
export function roundedTogether(
  values: Float32Array,
  { scale, min, most }: Steps,
  dims: readonly number[],
): Uint16Array {
  const outputs = dims.at(-1) ?? 1;
  const inputs = dims.at(-2) ?? 1;
  const taps = sizeOf(dims.slice(0, -2));
  const rounded = new Uint16Array(values.length);
  // What goes into one output, kernel by kernel: in how many steps it is stored, and by how much that is too many.
  const steps = new Int32Array(inputs * taps);
  const errors = new Float64Array(inputs * taps);
  const sums = new Float64Array(inputs);
  // The inputs of a depthwise kernel, whose last axis is 1, never meet.
  const meet = taps === 1 || outputs > 1;

  /** Moves the value of a kernel that is the most above (`by` 1) or below (-1) by a step the other way, if there is one. */
  const move = (input: number, by: 1 | -1): boolean => {
    let best = -1;
    let worst = 0;
    for (let at = input * taps; at < (input + 1) * taps; at++) {
      const next = (steps[at] as number) - by;
      const error = (errors[at] as number) * by;
      if (error <= worst || next < 0 || next > most) continue;
      best = at;
      worst = error;
    }
    if (best < 0) return false;
    steps[best] = (steps[best] as number) - by;
    errors[best] = (errors[best] as number) - by;
    return true;
  };

  for (let output = 0; output < outputs; output++) {
    let total = 0;
    for (let input = 0; input < inputs; input++) {
      let sum = 0;
      for (let tap = 0; tap < taps; tap++) {
        const exact = ((values[(tap * inputs + input) * outputs + output] as number) - min) / scale;
        const nearest = Math.min(most, Math.max(0, Math.round(exact)));
        steps[input * taps + tap] = nearest;
        errors[input * taps + tap] = nearest - exact;
        sum += nearest - exact;
      }
      const by = sum > 0 ? 1 : -1;
      while (by * sum > 0.5 && move(input, by)) sum -= by;
      sums[input] = sum;
      total += sum;
    }
    const by = total > 0 ? 1 : -1;
    if (meet && by * total > 0.5)
      for (const input of inOrder(sums, by)) {
        if (by * total <= 0.5) break;
        if (move(input, by)) total -= by;
      }
    for (let input = 0; input < inputs; input++)
      for (let tap = 0; tap < taps; tap++)
        rounded[(tap * inputs + input) * outputs + output] = steps[input * taps + tap] as number;
  }
  return rounded;
}

/** The places of the largest sums first (of the smallest where `by` is -1), and of equal ones in their order. */
const inOrder = (sums: Float64Array, by: 1 | -1): number[] =>
  Array.from(sums.keys()).sort((a, b) => by * ((sums[b] as number) - (sums[a] as number)) || a - b);
