import { invalid } from '../../diag/diagnostic.js';
import { isKnown } from '../../ir/dim.js';
import { defineOp } from '../../ir/op.js';
import { normalAxis } from '../../ir/view.js';
import { int64s } from '../../tensor/tensor.js';

interface Attrs {
  readonly axis: number;
  readonly circular: boolean;
}

export default defineOp<Attrs>({
  name: 'TensorScatter',
  summary: 'writes new entries into a cache, from an index of each sample on',
  shapes: ['B _ ...r', 'B _ ...r', 'B'],
  read: {
    24: (n) => {
      const mode = n.string('mode');
      if (mode !== 'linear' && mode !== 'circular')
        return invalid(`${JSON.stringify(mode)} is no mode of TensorScatter`);
      return { axis: normalAxis(n.int('axis'), n.input(0)?.type.dims.length ?? 0), circular: mode === 'circular' };
    },
  },
  infer: (n) => [n.type(0)],
  expand: (n, [cache, update, write], e) => {
    const { axis, circular } = n.attrs;
    const rank = n.rank(1);
    const length = n.dims(1)[axis];
    const scalar = (v: number) => e.constant(int64s(v));
    const sizes = e.one('Shape', [update]);
    const end = isKnown(length) ? scalar(length) : e.one('Gather', [sizes, scalar(axis)]);
    const alone = e.constant(int64s(Array.from({ length: rank }, (_, i) => (i === axis ? -1 : 1))));
    let at = e.one('Reshape', [e.one('Range', [scalar(0), end, scalar(1)]), alone]);
    if (write) {
      const first = e.constant(int64s(Array.from({ length: rank }, (_, i) => (i === 0 ? -1 : 1))));
      at = e.one('Add', [e.one('Reshape', [write, first]), at]);
    }
    if (circular) at = e.one('Mod', [at, e.one('Gather', [e.one('Shape', [cache]), scalar(axis)])]);
    return [e.one('ScatterElements', [cache, e.one('Expand', [at, sizes]), update], { axis })];
  },
});
