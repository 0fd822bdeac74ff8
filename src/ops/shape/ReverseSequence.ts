import { invalid } from '../../diag/diagnostic.js';
import { defineOp } from '../../ir/op.js';
import { int64s } from '../../tensor/tensor.js';

interface Attrs {
  readonly batch: number;
  readonly time: number;
}

export default defineOp<Attrs>({
  name: 'ReverseSequence',
  summary: 'reverses the beginning of each sequence of a batch, by its length',
  shapes: ['_ _ ...', '_'],
  read: {
    10: (n) => {
      const [batch, time] = [n.int('batch_axis'), n.int('time_axis')];
      if (batch + time !== 1 || batch * time !== 0) return invalid('batch_axis and time_axis have to be 0 and 1');
      return { batch, time };
    },
  },
  infer: (n) => [n.type(0)],
  expand: (n, [x, lengths], e) => {
    const { batch, time } = n.attrs;
    const scalar = (v: number) => e.constant(int64s(v));
    const ints = (v: number[]) => e.constant(int64s(v));
    const sizes = e.one('Shape', [x]);
    const line = (axis: number) => e.one('Range', [scalar(0), e.one('Gather', [sizes, scalar(axis)]), scalar(1)]);
    // Places along the time axis, and samples along the batch axis, as matrices of the two.
    const matrix = e.one('Slice', [sizes, ints([0]), ints([2])]);
    const places = e.one('Unsqueeze', [line(time), ints([batch])]);
    const length = e.one('Unsqueeze', [e.one('Cast', [lengths], { to: 7 }), ints([time])]);
    const turned = e.one('Sub', [e.one('Sub', [length, places]), scalar(1)]);
    const at = e.one('Where', [e.one('Less', [places, length]), turned, places]);
    const sample = e.one('Expand', [e.one('Unsqueeze', [line(batch), ints([time])]), matrix]);
    const pair = [e.one('Unsqueeze', [at, ints([2])]), e.one('Unsqueeze', [sample, ints([2])])];
    return [e.one('GatherND', [x, e.one('Concat', time === 0 ? pair : pair.reverse(), { axis: 2 })])];
  },
});
