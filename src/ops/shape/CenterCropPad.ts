import { defineOp } from '../../ir/op.js';
import { identity } from '../../ir/layout.js';
import { normalAxis } from '../../ir/view.js';
import { int64s } from '../../tensor/tensor.js';

interface Attrs {
  readonly axes: readonly number[];
}

export default defineOp<Attrs>({
  name: 'CenterCropPad',
  summary: 'crops or pads with zeros around the middle, to given sizes',
  shapes: ['', '_'],
  read: {
    18: (n) => {
      const rank = n.input(0)?.type.dims.length ?? 0;
      return { axes: (n.optInts('axes') ?? identity(rank)).map((a) => normalAxis(a, rank)) };
    },
  },
  infer: (n) => [
    {
      dtype: n.dtype(0),
      dims: n.dims(0).map((d, i) => {
        const at = n.attrs.axes.indexOf(i);
        return at < 0 ? d : (n.elems(1)?.[at] ?? n.fresh());
      }),
    },
  ],
  expand: (n, [x, shape], e) => {
    const axes = e.constant(int64s([...n.attrs.axes]));
    const two = e.constant(int64s([2]));
    // ONNX's integer division rounds towards zero: the middle is rounded down both for a crop and for a pad.
    const more = e.one('Sub', [e.one('Cast', [shape], { to: 7 }), e.one('Gather', [e.one('Shape', [x]), axes])]);
    const before = e.one('Div', [more, two]);
    const pads = e.one('Concat', [before, e.one('Sub', [more, before])], { axis: 0 });
    return [e.one('Pad', [x, pads, undefined, axes])];
  },
});
