import type { Ref, TfNode } from '../builder.js';
import { numbersIn } from '../shapes.js';

/** What one output of a node takes of its input: a range of one axis, everything of the others. */
export interface Part {
  readonly x: Ref;
  /** Which input of the node that is. */
  readonly input: number;
  readonly axis: number;
  readonly begin: number;
  /** -1: to the end. */
  readonly size: number;
}

/**
 * What each output of a Split, SplitV or Slice takes; undefined for other nodes, and for a Slice of several axes.
 * @param dims of its input, as far as they are known; negative axes and sizes of -1 need them
 */
export function partsOf(node: TfNode, dims: readonly (number | unknown)[]): readonly Part[] | undefined {
  const rank = dims.length;
  const place = (axis: number) => (axis < 0 ? axis + rank : axis);
  switch (node.op) {
    case 'Split': {
      const axis = numbersIn(node.inputs[0])?.[0];
      const whole = axis === undefined ? undefined : dims[place(axis)];
      if (axis === undefined || typeof whole !== 'number') return undefined;
      const size = whole / node.dtypes.length;
      return node.dtypes.map((_, i) => ({ x: node.inputs[1], input: 1, axis: place(axis), begin: i * size, size }));
    }
    case 'SplitV': {
      const sizes = numbersIn(node.inputs[1]);
      const axis = numbersIn(node.inputs[2])?.[0];
      if (!sizes || axis === undefined || sizes.includes(-1)) return undefined;
      let begin = 0;
      return sizes.map((size) => {
        const part = { x: node.inputs[0], input: 0, axis: place(axis), begin, size };
        begin += size;
        return part;
      });
    }
    case 'Slice': {
      const [begin, size] = [numbersIn(node.inputs[1]), numbersIn(node.inputs[2])];
      if (!begin || !size) return undefined;
      const cut = begin.flatMap((b, axis) =>
        b !== 0 || (size[axis] !== -1 && size[axis] !== dims[axis]) ? [axis] : [],
      );
      if (cut.length !== 1) return undefined;
      const [axis] = cut;
      const whole = dims[axis];
      const taken = size[axis] === -1 ? (typeof whole === 'number' ? whole - begin[axis] : undefined) : size[axis];
      return taken === undefined ? undefined : [{ x: node.inputs[0], input: 0, axis, begin: begin[axis], size: taken }];
    }
    default:
      return undefined;
  }
}
