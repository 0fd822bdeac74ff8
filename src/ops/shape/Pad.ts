import { invalid, refuse } from '../../diag/diagnostic.js';
import { addDim, isKnown, type Dim } from '../../ir/dim.js';
import { arrange, identity } from '../../ir/layout.js';
import { allocate, numbersOf, sizeOf, type Tensor } from '../../tensor/tensor.js';
import { concatTensors, takeAxis } from '../../ir/pieces.js';
import { defineOp } from '../../ir/op.js';
import { normalAxis, type RawNode } from '../../ir/view.js';
import { int64s, tensorOf } from '../../tensor/tensor.js';
import { canSize } from '../../tf/sizes.js';
import { padLayers } from './pad-keras.js';
import { padded, sourcesOf, type PadMode } from './padding.js';

interface Attrs {
  readonly mode: PadMode;
  /** What constant mode fills in, where known. */
  readonly value: Tensor | undefined;
  /** [before, after] per ONNX axis; negative crops. Undefined where only the model's run tells them. */
  readonly pads: readonly (readonly [Dim, Dim])[] | undefined;
}

export default defineOp<Attrs>({
  name: 'Pad',
  summary: 'adds to the ends of axes (a value, reflections, the edge, the other end), or crops them',
  shapes: ['', '_', '() | 1', '_'],
  read: {
    1: (n) => {
      const pads = n.optInts('pads') ?? n.ints('paddings');
      const x = n.input(0);
      n.setInputs([
        x,
        n.constantValue(int64s(pads)),
        x && n.constantValue(tensorOf(x.type.dtype, [], [n.float('value')])),
      ]);
      return read(n);
    },
    11: read,
  },
  layout: (n, [given]) => ({ inputs: [given, [0], identity(n.has(2) ? n.rank(2) : 0)], outputs: [given] }),
  infer: (n) => [
    {
      dtype: n.dtype(0),
      dims: n.dims(0).map((d, i) => {
        const p = n.attrs.pads?.[i];
        return p ? addDim(d, addDim(p[0], p[1])) : n.fresh();
      }),
    },
  ],
  fold: (n, [x]) => {
    const { mode, pads, value } = n.attrs;
    if (!pads?.every((p) => p.every(isKnown))) return undefined;
    return [
      (pads as readonly (readonly [number, number])[]).reduce((t, [before, after], axis) => {
        const at = sourcesOf(t.dims[axis], before, after, mode);
        // The value stands behind the elements, and is taken where there is none.
        const filler = { ...t, dims: t.dims.map((d, i) => (i === axis ? 1 : d)) };
        const full = concatTensors([t, { ...filler, data: filled(t, value, sizeOf(filler.dims)) }], axis);
        return takeAxis(
          full,
          axis,
          at.map((i) => (i < 0 ? t.dims[axis] : i)),
        );
      }, x),
    ];
  },
  graph: (n, [x, given, fill], b) => {
    if (x.dtype === 'string' || x.dtype === 'complex64') return refuse(`TensorFlow.js pads no ${n.dtype(0)}`);
    const { mode, value, pads } = n.attrs;
    const number = value ? numbersOf(value)[0] : 0;
    return padded(
      b,
      { ref: x, dims: arrange(n.dims(0), n.layout(0)) },
      pads ? arrange(pads, n.layout(0)) : undefined,
      mode,
      fill ?? number,
      given && { ref: given, order: n.layout(0) },
    );
  },
  keras: padLayers,
});

function read(n: RawNode): Attrs {
  const x = n.input(0) ?? invalid('Pad has no input');
  const rank = x.type.dims.length;
  const mode = n.optString('mode') ?? 'constant';
  if (mode !== 'constant' && mode !== 'reflect' && mode !== 'edge' && mode !== 'wrap')
    return invalid(`${JSON.stringify(mode)} is no mode of Pad`);
  const fill = mode === 'constant' ? n.input(2) : undefined;
  const value = fill?.constant?.load();
  if (value && sizeOf(value.dims) !== 1) return invalid('the value to pad with has to be one element');
  const rest = fill && !value ? fill : undefined;
  let given = n.input(1) ?? invalid('Pad has no pads');
  if (n.input(3)) {
    const axes = n.constantInts(3);
    const flat = n.elems(1);
    if (axes && flat) {
      if (flat.length !== 2 * axes.length) return invalid(`${flat.length} pads are given for ${axes.length} axes`);
      const pads = Array.from({ length: rank }, (): [Dim, Dim] => [0, 0]);
      axes.forEach((axis, i) => {
        pads[normalAxis(axis, rank)] = [flat[i], flat[i + axes.length]];
      });
      return finish(n, x, pads, mode, value, undefined, rest);
    }
    given = spread(n, rank);
    n.setInputs([x, given]);
  }
  const flat = n.elems(1);
  if (flat && flat.length !== 2 * rank) return invalid(`${flat.length} pads are given for ${rank} axes`);
  return finish(
    n,
    x,
    flat && identity(rank).map((i): [Dim, Dim] => [flat[i], flat[i + rank]]),
    mode,
    value,
    given,
    rest,
  );
}

function finish(
  n: RawNode,
  x: NonNullable<ReturnType<RawNode['input']>>,
  pads: Attrs['pads'],
  mode: PadMode,
  value: Tensor | undefined,
  given: ReturnType<RawNode['input']>,
  fill: ReturnType<RawNode['input']>,
): Attrs {
  const told = pads?.every((p) => p.every((d) => canSize(d, [x.type.dims])));
  if (pads && !told && !given)
    return refuse(
      "the pads can't be told from the sizes of the input",
      'fix the sizes with input-shapes in the config',
    );
  n.setInputs([x, told ? undefined : given, fill]);
  return { mode, value, pads };
}

/** Pads of some axes, which only the model's run names, as pads of all axes. */
function spread(n: RawNode, rank: number): NonNullable<ReturnType<RawNode['input']>> {
  const count = n.constantValue(int64s([rank]));
  const axes = n.apply('Mod', [n.apply('Add', [n.input(3), count]), count]);
  const both = n.apply('Concat', [axes, n.apply('Add', [axes, count])], { axis: 0 });
  const none = n.constantValue(int64s(new Array<number>(2 * rank).fill(0)));
  return n.apply('ScatterElements', [none, both, n.input(1)], { axis: 0 });
}

function filled(t: Tensor, value: Tensor | undefined, count: number): Tensor['data'] {
  const data = allocate(t.dtype, count) as unknown as unknown[];
  if (value) for (let i = 0; i < data.length; i++) data[i] = value.data[i % value.data.length];
  return data as unknown as Tensor['data'];
}
