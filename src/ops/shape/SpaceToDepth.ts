import { invalid } from '../../diag/diagnostic.js';
import { exactDiv, isKnown } from '../../ir/dim.js';
import type { Expander } from '../../ir/expander.js';
import type { Bound, Value } from '../../ir/graph.js';
import { defineOp } from '../../ir/op.js';
import { int64s } from '../../tensor/tensor.js';

interface Attrs {
  readonly block: number;
  /** Of DepthToSpace: the channels hold [block, block, C] (DCR) or [C, block, block] (CRD). */
  readonly mode: string;
}

const depthToSpace = defineOp<Attrs>({
  name: 'DepthToSpace',
  summary: 'channels become blocks of pixels',
  shapes: ['_ _ _ _'],
  read: {
    1: (n) => ({ block: n.int('blocksize'), mode: 'DCR' }),
    11: (n) => ({ block: n.int('blocksize'), mode: n.string('mode') }),
  },
  infer: (n) => [n.type(0)],
  expand: (n, [x], e) => {
    const { block, mode } = n.attrs;
    if (mode !== 'DCR' && mode !== 'CRD') return invalid(`${JSON.stringify(mode)} is no mode of DepthToSpace`);
    const known = exactDiv(n.dims(0)[1], block * block);
    const channels = known !== undefined && isKnown(known) ? known : -1;
    const size = sizesOf(x, e);
    const parts = e.one('Reshape', [
      x,
      e.one(
        'Concat',
        [size(0), ints(e, mode === 'CRD' ? [channels, block, block] : [block, block, channels]), size(2), size(3)],
        { axis: 0 },
      ),
    ]);
    const moved = e.one('Transpose', [parts], { perm: mode === 'CRD' ? [0, 1, 4, 2, 5, 3] : [0, 3, 4, 1, 5, 2] });
    const times = (v: Value) => e.one('Mul', [v, ints(e, [block])]);
    return [
      e.one('Reshape', [
        moved,
        e.one('Concat', [size(0), ints(e, [channels]), times(size(2)), times(size(3))], { axis: 0 }),
      ]),
    ];
  },
});

const spaceToDepth = defineOp<Attrs>({
  name: 'SpaceToDepth',
  summary: 'blocks of pixels become channels',
  shapes: ['_ _ _ _'],
  read: { 1: (n) => ({ block: n.int('blocksize'), mode: 'DCR' }) },
  infer: (n) => [n.type(0)],
  expand: (n, [x], e) => {
    const { block } = n.attrs;
    const size = sizesOf(x, e);
    const part = (axis: number) => e.one('Div', [size(axis), ints(e, [block])]);
    const parts = e.one('Reshape', [
      x,
      e.one('Concat', [size(0), size(1), part(2), ints(e, [block]), part(3), ints(e, [block])], { axis: 0 }),
    ]);
    const moved = e.one('Transpose', [parts], { perm: [0, 3, 5, 1, 2, 4] });
    return [
      e.one('Reshape', [
        moved,
        e.one('Concat', [size(0), e.one('Mul', [size(1), ints(e, [block * block])]), part(2), part(3)], { axis: 0 }),
      ]),
    ];
  },
});

const ints = (e: Expander, values: readonly number[]): Value => e.constant(int64s(values));

/** The sizes of axes, each a vector of one: folded, or symbols that a Reshape reads off its input. */
function sizesOf(x: Bound | undefined, e: Expander): (axis: number) => Value {
  const shape = e.one('Shape', [x]);
  return (axis) => e.one('Gather', [shape, ints(e, [axis])], { axis: 0 });
}

export default [depthToSpace, spaceToDepth];
