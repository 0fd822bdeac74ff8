/** For each axis of ONNX the distance of neighbours in a tensor that lies in `order`. */
export function strides(dims: readonly number[], order: readonly number[]): number[] {
  const result = new Array<number>(dims.length);
  let step = 1;
  for (let i = order.length - 1; i >= 0; i--) {
    const axis = order[i] as number;
    result[axis] = step;
    step *= dims[axis] as number;
  }
  return result;
}

/** Adds one to an index over `dims`, the last axis first, and returns the new offset under `steps`. */
export function advance(index: number[], dims: readonly number[], steps: readonly number[], offset: number): number {
  let at = offset;
  for (let k = index.length - 1; k >= 0; k--) {
    at += steps[k] as number;
    index[k] = (index[k] as number) + 1;
    if ((index[k] as number) < (dims[k] as number)) return at;
    at -= (dims[k] as number) * (steps[k] as number);
    index[k] = 0;
  }
  return at;
}
