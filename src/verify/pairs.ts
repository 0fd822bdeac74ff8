/** Expected and actual values of one output, both of floats and of the same shape, in ONNX's order of axes. */
export interface Pairs {
  readonly dims: readonly number[];
  readonly expected: ArrayLike<number>;
  readonly actual: ArrayLike<number>;
  /** For each axis of ONNX the distance of neighbours in `actual`; in `expected` they are row-major. */
  readonly steps: readonly number[];
}

/** The actual value that belongs to a place in `expected`. */
export function actualAt({ dims, actual, steps }: Pairs, at: number): number {
  let rest = at;
  let offset = 0;
  for (let k = dims.length - 1; k >= 0; k--) {
    const size = dims[k] as number;
    offset += (rest % size) * (steps[k] as number);
    rest = Math.floor(rest / size);
  }
  return actual[offset] as number;
}

/** Six digits: more than a drawing shows. -0 as 0, which is what JSON has. */
export function rounded(x: number): number {
  return Number(x.toPrecision(6)) + 0;
}
