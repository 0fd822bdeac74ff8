import { refuse } from '../../diag/diagnostic.js';
import { addDim } from '../../ir/dim.js';
import { arrange } from '../../ir/layout.js';
import { defineOp } from '../../ir/op.js';
import { numbersOf } from '../../tensor/tensor.js';
import { dataFormat } from '../../keras/builder.js';

interface Attrs {
  readonly mode: string;
  readonly value: number;
  /** [before, after] per ONNX axis; negative crops. */
  readonly pads: readonly (readonly [number, number])[];
}

const pairs = (flat: readonly number[]): [number, number][] => Array.from({ length: flat.length / 2 }, (_, i) => [flat[i], flat[i + flat.length / 2]]);

export default defineOp<Attrs>({
  name: 'Pad',
  summary: 'adds to the ends of axes, or crops them',
  read: {
    1: (n) => ({ mode: n.optString('mode') ?? 'constant', value: n.optFloat('value') ?? 0, pads: pairs(n.optInts('pads') ?? n.ints('paddings')) }),
    11: (n) => {
      const rank = n.input(0)?.type.dims.length ?? 0;
      const given = pairs(n.constantInts(1) ?? refuse('the pads (input 1) have to be constant', 'fold constants before the export'));
      const axes = n.input(3) ? (n.constantInts(3) ?? refuse('the axes (input 3) have to be constant')) : given.map((_, i) => i);
      const pads = Array.from({ length: rank }, (): [number, number] => [0, 0]);
      axes.forEach((axis, i) => {
        pads[axis < 0 ? axis + rank : axis] = given[i];
      });
      const fill = n.input(2)?.constant;
      if (n.input(2) && !fill) return refuse('the value (input 2) has to be constant');
      const value = fill ? (numbersOf(fill.load())[0] ?? 0) : 0;
      n.setInputs([n.input(0)]);
      return { mode: n.optString('mode') ?? 'constant', value, pads };
    },
  },
  layout: 'axes',
  infer: (n) => [{ dtype: n.dtype(0), dims: n.dims(0).map((d, i) => addDim(d, n.attrs.pads[i][0] + n.attrs.pads[i][1])) }],
  graph: (n, [x], b) => {
    const { mode, value, pads } = n.attrs;
    if (mode !== 'constant') return refuse(`mode ${mode} is not supported yet`);
    if (pads.flat().some((p) => p < 0)) return refuse('negative pads are not supported yet');
    return b.pad(x, arrange(pads, n.layout(0)), value);
  },
  keras: (n, [x], k) => {
    const { mode, value, pads } = n.attrs;
    const format = dataFormat(n.value(0));
    if (mode !== 'constant' || value !== 0 || n.rank(0) !== 4 || pads.slice(0, 2).flat().some((p) => p !== 0) || pads.flat().some((p) => p < 0)) return refuse('only zeros around the spatial axes of an image have a stock layer here yet', 'convert to a graph-model');
    const spatial = pads.slice(2);
    const first = format === 'channels_last' ? 1 : 2;
    return k.layer('ZeroPadding2D', [x], { padding: spatial.map((p) => [...p]), data_format: format }, { shape: x.shape.map((d, i) => (d === null || !spatial[i - first] ? d : d + spatial[i - first][0] + spatial[i - first][1])) });
  },
});
