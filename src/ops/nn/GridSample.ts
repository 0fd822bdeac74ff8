import { invalid, refuse } from '../../diag/diagnostic.js';
import { isKnown } from '../../ir/dim.js';
import { arrange, channelsLast, identity } from '../../ir/layout.js';
import { defineOp } from '../../ir/op.js';
import type { RawNode } from '../../ir/view.js';
import { isFloat } from '../../tensor/dtype.js';
import { Amounts } from '../../tf/amounts.js';
import { sampled, type Padding, type Sampling } from './sample.js';

const MODES: Readonly<Record<string, Sampling['mode']>> = {
  nearest: 'nearest',
  linear: 'linear',
  bilinear: 'linear',
  cubic: 'cubic',
  bicubic: 'cubic',
};

function read(n: RawNode): Sampling {
  const mode = n.choice('mode', MODES);
  const padding = n.string('padding_mode') as Padding;
  if (!['zeros', 'border', 'reflection'].includes(padding))
    return invalid(`padding_mode is ${JSON.stringify(padding)}`);
  return { mode, padding, alignCorners: n.flag('align_corners') };
}

/** Source: ONNX, GridSample-16, -20, -22. */
export default defineOp<Sampling>({
  name: 'GridSample',
  summary: 'values of an image at the positions of a grid, in any number of dimensions',
  shapes: ['N C _ ...s', 'N _ ...s _'],
  read: { 16: read },
  layout: (n) => ({ inputs: [channelsLast(n.rank(0)), identity(n.rank(1))], outputs: [channelsLast(n.rank(0))] }),
  infer: (n) => {
    const last = n.dims(1)[n.rank(1) - 1];
    if (isKnown(last) && last !== n.rank(0) - 2)
      return invalid(`a grid of positions of ${last} coordinates for ${n.rank(0) - 2} spatial axes`);
    return [{ dtype: n.dtype(0), dims: [n.dims(0)[0], n.dims(0)[1], ...n.dims(1).slice(1, -1)] }];
  },
  graph: (n, [x, grid], b) => {
    // Integers that float32 can't hold are only ever picked, never computed with.
    const picked = n.attrs.mode === 'nearest' && n.attrs.padding !== 'zeros';
    if (
      !isFloat(n.dtype(0)) &&
      !picked &&
      (n.attrs.mode !== 'nearest' || ['int32', 'int64', 'uint32', 'uint64'].includes(n.dtype(0)))
    )
      return refuse(`GridSample of ${n.dtype(0)} with mode ${n.attrs.mode}`, 'cast to float32 before it');
    const a = new Amounts(b);
    const rank = n.rank(0) - 2;
    const sizes = a.sizes(x, arrange(n.dims(0), n.layout(0)));
    const out = a.sizes(grid, n.dims(1)).slice(1, -1);
    const [batch, channels] = [sizes[0], sizes[rank + 1]];
    const positions = a.product(out);
    const coordinates = b.many('Unpack', [a.reshape(grid, [batch, positions, rank])], { axis: 2, num: rank });
    const axes = Array.from({ length: rank }, (_, i) => {
      const size = sizes[1 + i];
      const length = b.cast(a.ref(size), 'float32');
      // From -1 … 1 to elements; the last axis comes first.
      const unit = b.add2(coordinates[rank - 1 - i], b.scalar(1));
      const at = n.attrs.alignCorners
        ? b.mul(unit, b.mul(b.sub(length, b.scalar(1)), b.scalar(0.5)))
        : b.mul(b.sub(b.mul(unit, length), b.scalar(1)), b.scalar(0.5));
      return { size, at };
    });
    const area = a.product(sizes.slice(1, -1));
    const images = b.op('Range', [b.scalar(0, 'int32'), a.ref(batch), b.scalar(1, 'int32')], { Tidx: 'int32' });
    const offset = b.op('ExpandDims', [b.mul(images, a.ref(area)), b.scalar(1, 'int32')]);
    const floats = picked ? x : b.cast(x, 'float32');
    const y = sampled(a.reshape(floats, [a.mul(batch, area), channels]), offset, axes, n.attrs, b, a);
    return b.cast(a.reshape(y, [batch, ...out, channels]), x.dtype);
  },
});
