import { invalid } from '../../diag/diagnostic.js';
import { arrange, channelsLast, identity } from '../../ir/layout.js';
import { defineOp } from '../../ir/op.js';
import { sizeOf, tensorOf } from '../../tensor/tensor.js';
import { Amounts } from '../../tf/amounts.js';
import { kernelOf } from './kernel.js';
import { sampled } from './sample.js';
import { readWindow, spatialRank, windowDims, type Window } from './window.js';

interface Attrs {
  readonly window: Window;
  readonly group: number;
  readonly offsetGroup: number;
}

/** Source: ONNX, DeformConv-19, -22. */
export default defineOp<Attrs>({
  name: 'DeformConv',
  summary: 'convolution whose taps the model moves, in any number of dimensions',
  shapes: ['N C _ ...s', 'M _ _ ...s', 'N _ _ ...s', 'M', 'N _ _ ...s'],
  read: {
    19: (n) => ({
      window: readWindow(n, spatialRank(n)),
      group: n.int('group'),
      offsetGroup: n.int('offset_group'),
    }),
  },
  layout: (n) => ({
    inputs: n.inputs.map((v, i) => v && (i === 0 ? channelsLast(n.rank(0)) : identity(v.type.dims.length))),
    outputs: [channelsLast(n.rank(0))],
  }),
  infer: (n) => {
    const [batch, , ...spatial] = n.dims(0);
    const [filters, , ...kernel] = n.knownDims(1);
    return [{ dtype: n.dtype(0), dims: [batch, filters, ...windowDims(n.attrs.window, kernel, spatial)] }];
  },
  graph: (n, [x, weight, offset, bias, mask], b) => {
    const a = new Amounts(b);
    const { window, group, offsetGroup } = n.attrs;
    const [filters, , ...kernel] = n.knownDims(1);
    const rank = kernel.length;
    const taps = sizeOf(kernel);
    const channels = n.knownDim(0, 1);
    const sizes = a.sizes(x, arrange(n.dims(0), n.layout(0)));
    const out = a.sizes(offset, n.dims(2)).slice(2);
    const positions = a.product(out);
    const batch = sizes[0];
    if (channels % offsetGroup !== 0 || channels % group !== 0 || filters % group !== 0)
      return invalid(
        `${channels} channels and ${filters} filters don't divide into ${group} groups and ${offsetGroup} offset groups`,
      );

    // Where each tap of each output position looks: [batch, offset groups, taps, positions], per spatial axis.
    const moves = b.many('Unpack', [a.reshape(offset, [a.mul(batch, offsetGroup), taps, rank, positions])], {
      axis: 2,
      num: rank,
    });
    const axes = kernel.map((k, i) => {
      const steps = b.op('Range', [b.scalar(0, 'int32'), a.ref(out[i]), b.scalar(1, 'int32')], { Tidx: 'int32' });
      const begin = window.pads?.[i][0] ?? 0;
      const outputs = b.sub(b.mul(b.cast(steps, 'float32'), b.scalar(window.strides[i])), b.scalar(begin));
      const all = b.op('Fill', [b.sizes([1, ...out]), b.scalar(0)]);
      const places = a.reshape(b.add2(all, b.reshape(outputs, [1, ...out.map((_, j) => (j === i ? -1 : 1))])), [
        1,
        positions,
      ]);
      const tap = Array.from(
        { length: taps },
        (_, t) => (Math.floor(t / sizeOf(kernel.slice(i + 1))) % k) * window.dilations[i],
      );
      return {
        size: sizes[i + 1],
        at: b.add2(moves[i], b.add2(places, b.tensor(tensorOf('float32', [taps, 1], tap)))),
      };
    });
    const area = a.product(sizes.slice(1, -1));
    const rowsOf = a.mul(area, offsetGroup);
    const images = b.op('Range', [b.scalar(0, 'int32'), a.ref(batch), b.scalar(1, 'int32')], { Tidx: 'int32' });
    const groups = b.ints(Array.from({ length: offsetGroup }, (_, i) => i));
    const first = b.reshape(
      b.add2(b.op('ExpandDims', [b.mul(images, a.ref(rowsOf)), b.scalar(1, 'int32')]), groups),
      [-1, 1, 1],
    );
    const width = channels / offsetGroup;
    const values = sampled(
      a.reshape(x, [a.mul(batch, rowsOf), width]),
      first,
      axes,
      { mode: 'linear', padding: 'zeros', alignCorners: true },
      b,
      a,
      offsetGroup,
    );
    const weighed = mask ? b.mul(values, b.reshape(mask, [-1, 1])) : values;

    // One row per output position: offset groups, taps, channels.
    const rows = b.transpose(a.reshape(weighed, [batch, offsetGroup * taps, positions, width]), [0, 2, 1, 3]);
    const matrix = kernelOf(n.weight(1), weight, n.knownDims(1), b)
      .diagonal(group)
      .reshape([filters, offsetGroup, width, taps])
      .permute([1, 3, 2, 0])
      .reshape([channels * taps, filters]);
    const y = b.op('MatMul', [a.reshape(rows, [a.mul(batch, positions), channels * taps]), matrix.ref()], {
      transpose_a: false,
      transpose_b: false,
    });
    return a.reshape(bias ? b.add2(y, bias) : y, [batch, ...out, filters]);
  },
});
