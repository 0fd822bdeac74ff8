import type { DType } from '../../../tensor/dtype.js';
import { int64s, sizeOf, tensorOf, type Tensor } from '../../../tensor/tensor.js';
import { indicesOf } from '../../../ops/shape/cut.js';
import { fed, fixed, single, type Family, type Generator, type Given, type OracleCase } from '../case.js';
import type { Random } from '../random.js';
import { axisOf, batched, broadcasting, given } from './shapes.js';

/** What moves data moves it whatever its type. */
const TYPES: readonly DType[] = ['float32', 'float32', 'float32', 'int32', 'int64', 'bool', 'uint8', 'float16'];
const anyType = (r: Random): DType => r.pick(TYPES);

/** Sizes, axes and indices: constants mostly, else fed. */
function ints(r: Random, values: readonly number[] | number, constant = 0.7): Given {
  return r.chance(constant) ? fixed(int64s(values)) : fed(int64s(values));
}

/** Splits a size into factors. */
function factors(r: Random, n: number): number[] {
  const out: number[] = [];
  let rest = n;
  while (rest > 1 && out.length < 4 && r.chance(0.8)) {
    const f = r.pick(Array.from({ length: rest }, (_, i) => i + 1).filter((d) => rest % d === 0));
    out.push(f);
    rest /= f;
  }
  return [...out, rest];
}

const reshape: Generator = (r) => {
  const dims = r.dims(r.int(1, 5), 4);
  // Neighbouring axes merged or cut, or anything of the same number of elements.
  let target: number[];
  if (r.chance(0.6)) {
    target = [];
    for (let i = 0; i < dims.length; ) {
      const count = Math.min(r.int(1, 3), dims.length - i);
      const size = sizeOf(dims.slice(i, i + count));
      target.push(...(r.chance(0.4) ? factors(r, size) : [size]));
      i += count;
    }
  } else target = r.shuffle(factors(r, sizeOf(dims)));
  if (r.chance(0.3)) target.splice(r.int(0, target.length), 0, 1);
  const asked = [...target];
  if (r.chance(0.4)) asked[r.int(0, asked.length - 1)] = -1;
  asked.forEach((d, i) => {
    if (d === dims[i] && r.chance(0.3)) asked[i] = 0;
  });
  const open = asked.includes(-1) && asked[0] === 0;
  const opset = r.pick([1, 5, 13, 14]);
  const dtype = anyType(r);
  const data = open ? batched(r, dtype, dims) : fed(r.tensor(dtype, dims));
  return opset === 1
    ? single('Reshape', { opset, inputs: [fed(r.tensor('float32', dims))], attributes: { shape: asked } })
    : single('Reshape', { opset, inputs: [data, ints(r, asked)] });
};

/** The shape is computed from the input's own, as exporters write it. */
const shapeChain: Generator = (r) => {
  const dims = r.dims(4, 4);
  const x = batched(r, 'float32', dims);
  const kept = r.pick([0, 1]);
  // [N, -1], [N, C, -1], with N (and C) taken from the shape.
  const names = kept === 0 ? ['n'] : ['n', 'c'];
  return {
    opsets: { '': r.pick([11, 13, 17]) },
    nodes: [
      { op: 'Shape', inputs: ['x'], outputs: ['s'] },
      ...names.flatMap((n, i) => [{ op: 'Gather', inputs: ['s', `i${i}`], outputs: [n], attributes: { axis: 0 } }]),
      { op: 'Concat', inputs: [...names, 'open'], outputs: ['t'], attributes: { axis: 0 } },
      { op: 'Reshape', inputs: ['x', 't'], outputs: ['y'] },
    ],
    inputs: {
      x,
      i0: fixed(int64s([0])),
      ...(kept === 1 ? { i1: fixed(int64s([r.chance(0.5) ? 1 : -3])) } : {}),
      open: fixed(int64s([-1])),
    },
    outputs: ['y'],
  };
};

const flatten: Generator = (r) => {
  const dims = r.dims(r.int(1, 5), 4);
  return single('Flatten', {
    opset: r.pick([1, 9, 11, 13]),
    inputs: [batched(r, 'float32', dims)],
    attributes: { axis: r.maybe(() => r.int(0, dims.length)) },
  });
};

const squeeze: Generator = (r) => {
  const dims = r.dims(r.int(1, 5), 3).map((d) => (r.chance(0.5) ? 1 : d));
  const ones = dims.flatMap((d, i) => (d === 1 ? [i] : []));
  const axes = ones.filter(() => r.chance(0.6)).map((a) => (r.chance(0.3) ? a - dims.length : a));
  const opset = r.pick([11, 13, 21]);
  const all = axes.length === 0;
  const x = dims[0] !== 1 ? batched(r, anyType(r), dims) : fed(r.tensor(anyType(r), dims));
  if (opset === 11) return single('Squeeze', { opset, inputs: [x], attributes: { axes: all ? undefined : axes } });
  return single('Squeeze', { opset, inputs: [x, all ? undefined : ints(r, axes)] });
};

const unsqueeze: Generator = (r) => {
  const dims = r.dims(r.int(0, 4), 3);
  const count = r.int(1, 2);
  const rank = dims.length + count;
  const axes = r
    .shuffle(Array.from({ length: rank }, (_, i) => i))
    .slice(0, count)
    .map((a) => (r.chance(0.3) ? a - rank : a));
  const opset = r.pick([11, 13, 21]);
  const x = batched(r, anyType(r), dims);
  if (opset === 11) return single('Unsqueeze', { opset, inputs: [x], attributes: { axes } });
  return single('Unsqueeze', { opset, inputs: [x, ints(r, axes)] });
};

const transpose: Generator = (r) => {
  const dims = r.dims(r.int(0, 6), 3);
  const perm = r.maybe(() => r.shuffle(dims.map((_, i) => i)), 0.8);
  return single('Transpose', {
    opset: r.pick([1, 13]),
    inputs: [batched(r, anyType(r), dims)],
    attributes: { perm: dims.length === 0 ? undefined : perm },
  });
};

const concat: Generator = (r) => {
  const dims = r.dims(r.int(1, 5), 4);
  const axis = r.int(0, dims.length - 1);
  const opset = r.pick([4, 11, 13]);
  const dtype = anyType(r);
  const inputs = r.list(r.int(1, 4), () =>
    given(
      r,
      dtype,
      dims.map((d, i) => (i === axis ? r.int(r.chance(0.1) ? 0 : 1, 4) : d)),
    ),
  );
  return single('Concat', {
    opset,
    inputs,
    attributes: { axis: opset >= 11 && r.chance(0.3) ? axis - dims.length : axis },
  });
};

const split: Generator = (r) => {
  const axis0 = r.int(0, 3);
  const dims = r.dims(r.int(axis0 + 1, 5), 4);
  const opset = r.pick([2, 11, 13, 18]);
  const negative = opset >= 11 && r.chance(0.3);
  const axis = negative ? axis0 - dims.length : axis0;
  const count = r.int(1, 4);
  const dtype = anyType(r);
  if (r.chance(0.5)) {
    const sizes = r.list(count, () => r.int(r.chance(0.1) ? 0 : 1, 3));
    dims[axis0] = sizes.reduce((a, b) => a + b, 0);
    const x = axis0 > 0 ? batched(r, dtype, dims) : fed(r.tensor(dtype, dims));
    return opset < 13
      ? single('Split', { opset, inputs: [x], outputs: count, attributes: { axis, split: sizes } })
      : single('Split', { opset, inputs: [x, ints(r, sizes)], outputs: count, attributes: { axis } });
  }
  if (opset >= 18) {
    dims[axis0] = Math.max(dims[axis0] * 2 - 1, count);
    if (Math.ceil(dims[axis0] / count) * (count - 1) >= dims[axis0]) dims[axis0] = count * 2;
    return single('Split', {
      opset,
      inputs: [fed(r.tensor(dtype, dims))],
      outputs: count,
      attributes: { axis, num_outputs: count },
    });
  }
  dims[axis0] = count * r.int(1, 3);
  return single('Split', {
    opset,
    inputs: [axis0 > 0 ? batched(r, dtype, dims) : fed(r.tensor(dtype, dims))],
    outputs: count,
    attributes: { axis },
  });
};

const slice: Generator = (r) => {
  const dims = r.dims(r.int(1, 5), 6);
  const axes = r.shuffle(dims.map((_, i) => i)).slice(0, r.int(1, dims.length));
  const opset = r.pick([1, 10, 11, 13]);
  const end = (d: number, back: boolean) =>
    r.chance(0.2) ? (back ? -2147483648 : r.pick([2147483647, -2147483648])) : r.int(-d - 2, d + 2);
  const starts = axes.map((a) => (r.chance(0.4) ? 0 : r.int(-dims[a] - 1, dims[a] + 1)));
  const dtype = anyType(r);
  if (opset === 1) {
    const ends = axes.map((a) => (r.chance(0.2) ? 2147483647 : r.int(-dims[a], dims[a] + 2)));
    return single('Slice', {
      opset,
      inputs: [axes.includes(0) ? fed(r.tensor(dtype, dims)) : batched(r, dtype, dims)],
      attributes: { starts, ends, axes },
    });
  }
  const steps = axes.map(() => (r.chance(0.6) ? 1 : r.pick([2, 3, -1, -2])));
  const ends = axes.map((a, i) => (steps[i] < 0 && r.chance(0.4) ? -2147483648 : end(dims[a], steps[i] < 0)));
  const shown = axes.map((a) => (r.chance(0.3) ? a - dims.length : a));
  const open = r.chance(0.5);
  // WASM can't transpose what turns out to be empty only when the model runs.
  const fixedAll = axes.some(
    (a, i) => indicesOf(dims[a], { axis: a, start: starts[i], end: ends[i], step: steps[i], from: i })?.length === 0,
  )
    ? 1
    : 0.7;
  return single('Slice', {
    opset,
    inputs: [
      open && fixedAll < 1 ? batched(r, dtype, dims) : fed(r.tensor(dtype, dims)),
      ints(r, starts, fixedAll),
      ints(r, ends, fixedAll),
      ints(r, shown, fixedAll),
      steps.every((s) => s === 1) && r.chance(0.5) ? undefined : ints(r, steps, fixedAll),
    ],
  });
};

const gather: Generator = (r) => {
  const dims = r.dims(r.int(1, 4), 5);
  const axis = r.int(0, dims.length - 1);
  const at = r.dims(r.int(0, 3), 4);
  const opset = r.pick([1, 11, 13]);
  const low = opset === 1 ? 0 : -dims[axis];
  const dtype = r.pick<DType>(['int64', 'int32']);
  const indices = r.tensor(dtype, at, low, dims[axis] - 1);
  const data = axis > 0 ? batched(r, anyType(r), dims) : given(r, anyType(r), dims);
  return single('Gather', {
    opset,
    inputs: [data, r.chance(0.5) ? fixed(indices) : fed(indices)],
    attributes: { axis: opset > 1 && r.chance(0.3) ? axis - dims.length : axis },
  });
};

const gatherElements: Generator = (r) => {
  const dims = r.dims(r.int(1, 4), 5);
  const axis = r.int(0, dims.length - 1);
  const at = dims.map((d, i) => (i === axis ? r.int(1, 5) : r.int(1, d)));
  const indices = r.tensor(r.pick<DType>(['int64', 'int32']), at, -dims[axis], dims[axis] - 1);
  return single('GatherElements', {
    opset: r.pick([11, 13]),
    inputs: [given(r, anyType(r), dims), r.chance(0.4) ? fixed(indices) : fed(indices)],
    attributes: { axis: r.chance(0.3) ? axis - dims.length : axis },
  });
};

/** TopK's places used as GatherElements takes them, with an open batch. */
const gatherTop: Generator = (r) => {
  const dims = [r.int(1, 3), r.int(3, 6), r.int(1, 4)];
  return {
    opsets: { '': 13 },
    nodes: [
      { op: 'TopK', inputs: ['x', 'k'], outputs: ['v', 'i'], attributes: { axis: 1 } },
      { op: 'GatherElements', inputs: ['z', 'i'], outputs: ['y'], attributes: { axis: 1 } },
    ],
    inputs: {
      x: fed(r.tensor('float32', dims), { 0: 'N' }, [r.tensor('float32', [dims[0] + 1, dims[1], dims[2]])]),
      z: fed(r.tensor('float32', dims), { 0: 'N' }, [r.tensor('float32', [dims[0] + 1, dims[1], dims[2]])]),
      k: fixed(int64s([2])),
    },
    outputs: ['y'],
  };
};

/** Rows of indices for the first `depth` of these dims. */
function rows(r: Random, dims: readonly number[], depth: number, shape: readonly number[], unique: boolean): Tensor {
  const count = sizeOf(shape);
  const cells = sizeOf(dims.slice(0, depth));
  const all = unique ? r.shuffle(Array.from({ length: cells }, (_, i) => i)) : [];
  const flat = r.list(count, (i) => {
    let cell = unique ? all[i % cells] : r.int(0, cells - 1);
    const row: number[] = [];
    for (let a = depth - 1; a >= 0; a--) {
      row.unshift(cell % dims[a]);
      cell = Math.floor(cell / dims[a]);
    }
    return row.map((v, a) => (r.chance(0.3) ? v - dims[a] : v));
  });
  return tensorOf('int64', [...shape, depth], flat.flat());
}

const gatherND: Generator = (r) => {
  const dims = r.dims(r.int(1, 4), 4);
  const opset = r.pick([11, 12, 13]);
  const batch = opset >= 12 && r.chance(0.4) ? r.int(0, Math.min(2, dims.length - 1)) : 0;
  const depth = r.int(1, dims.length - batch);
  const indices = rows(r, dims.slice(batch), depth, [...dims.slice(0, batch), ...r.dims(r.int(0, 2), 3)], false);
  return single('GatherND', {
    opset,
    inputs: [given(r, anyType(r), dims), r.chance(0.4) ? fixed(indices) : fed(indices)],
    attributes: { batch_dims: batch > 0 ? batch : undefined },
  });
};

const REDUCTIONS = ['add', 'mul', 'max', 'min'];

const scatterElements =
  (op: string): Generator =>
  (r) => {
    const dims = r.dims(r.int(1, 4), 5);
    const axis = r.int(0, dims.length - 1);
    const opset = op === 'Scatter' ? 9 : r.pick([11, 13, 16, 18]);
    const reduction =
      opset >= 18
        ? r.maybe(() => r.pick(REDUCTIONS), 0.7)
        : opset === 16
          ? r.maybe(() => r.pick(['add', 'mul']), 0.5)
          : undefined;
    // Without a reduction an element may be written once only.
    const at = dims.map((d, i) => r.int(1, i === axis && reduction ? 5 : d));
    const columns = sizeOf(at.slice(axis + 1));
    const order = Array.from({ length: sizeOf(at) / at[axis] }, () =>
      r.shuffle(Array.from({ length: dims[axis] }, (_, i) => i)),
    );
    const values = Array.from({ length: sizeOf(at) }, (_, i) => {
      const column = Math.floor(i / (columns * at[axis])) * columns + (i % columns);
      const v = reduction ? r.int(0, dims[axis] - 1) : order[column][Math.floor(i / columns) % at[axis]];
      return opset > 9 && r.chance(0.3) ? v - dims[axis] : v;
    });
    const indices = tensorOf(r.pick<DType>(['int64', 'int32']), at, values);
    const dtype = reduction ? r.pick<DType>(['float32', 'float32', 'int32', 'int64']) : anyType(r);
    return single(op, {
      opset,
      inputs: [given(r, dtype, dims), r.chance(0.4) ? fixed(indices) : fed(indices), given(r, dtype, at)],
      attributes: { axis: opset > 9 && r.chance(0.3) ? axis - dims.length : axis, reduction },
    });
  };

const scatterND: Generator = (r) => {
  const dims = r.dims(r.int(1, 4), 4);
  const opset = r.pick([11, 13, 16, 18]);
  const reduction =
    opset >= 18
      ? r.maybe(() => r.pick(REDUCTIONS), 0.7)
      : opset === 16
        ? r.maybe(() => r.pick(['add', 'mul']), 0.5)
        : undefined;
  const depth = r.int(1, dims.length);
  const cells = sizeOf(dims.slice(0, depth));
  const shape = reduction ? r.dims(r.int(1, 2), 3) : [r.int(1, cells)];
  const indices = rows(r, dims, depth, shape, !reduction);
  const dtype = reduction ? r.pick<DType>(['float32', 'float32', 'int32', 'int64']) : anyType(r);
  return single('ScatterND', {
    opset,
    inputs: [
      given(r, dtype, dims),
      r.chance(0.4) ? fixed(indices) : fed(indices),
      given(r, dtype, [...shape, ...dims.slice(depth)]),
    ],
    attributes: { reduction },
  });
};

const expand: Generator = (r) => {
  const {
    operands: [dims, shape],
  } = broadcasting(r, 2, 5);
  const x =
    dims[0] > 1 && (shape.length < dims.length || shape[0] === 1)
      ? batched(r, anyType(r), dims)
      : fed(r.tensor(anyType(r), dims));
  return single('Expand', { opset: r.pick([8, 13]), inputs: [x, ints(r, shape)] });
};

const tile: Generator = (r) => {
  const dims = r.dims(r.int(1, 5), 3);
  const repeats = dims.map(() => r.int(r.chance(0.05) ? 0 : 1, 3));
  return single('Tile', { opset: r.pick([6, 13]), inputs: [batched(r, anyType(r), dims), ints(r, repeats)] });
};

const where: Generator = (r) => {
  const {
    operands: [c, x, y],
  } = broadcasting(r, 3, 5);
  const dtype = r.pick<DType>(['float32', 'float32', 'int32', 'int64', 'uint8']);
  return single('Where', {
    opset: r.pick([9, 16]),
    inputs: [given(r, 'bool', c), given(r, dtype, x), given(r, dtype, y)],
  });
};

const pad: Generator = (r) => {
  const dims = r.dims(r.int(1, 5), 5);
  const opset = r.pick([2, 11, 13, 18, 19]);
  const mode = r.pick(
    opset >= 19 ? ['constant', 'constant', 'reflect', 'edge', 'wrap'] : ['constant', 'constant', 'reflect', 'edge'],
  );
  const some = r.chance(0.5);
  const one = (d: number) =>
    some && r.chance(0.5)
      ? 0
      : mode === 'reflect'
        ? r.int(0, d - 1)
        : r.chance(0.15)
          ? -r.int(0, Math.floor((d - 1) / 2))
          : r.int(0, mode === 'wrap' ? d : 3);
  const befores = dims.map(one);
  // What is cropped goes first, and reflections repeat no more than is left.
  const afters = dims.map((d, i) => (befores[i] < 0 && mode === 'reflect' ? 0 : one(d)));
  const dtype = opset === 2 ? 'float32' : r.pick<DType>(['float32', 'float32', 'int32', 'int64', 'bool', 'uint8']);
  const x = batched(r, dtype, dims);
  if (opset === 2)
    return single('Pad', {
      opset,
      inputs: [x],
      attributes: {
        mode,
        pads: [...befores, ...afters],
        value: mode === 'constant' ? r.maybe(() => ({ float: r.float(-2, 2) })) : undefined,
      },
    });
  const value = mode === 'constant' ? r.maybe(() => given(r, dtype, [], 0, 1, 0.6)) : undefined;
  if (opset >= 18 && r.chance(0.4)) {
    const axes = r.shuffle(dims.map((_, i) => i)).slice(0, r.int(1, dims.length));
    return single('Pad', {
      opset,
      inputs: [
        x,
        ints(r, [...axes.map((a) => befores[a]), ...axes.map((a) => afters[a])]),
        value,
        ints(
          r,
          axes.map((a) => (r.chance(0.3) ? a - dims.length : a)),
        ),
      ],
      attributes: { mode },
    });
  }
  return single('Pad', { opset, inputs: [x, ints(r, [...befores, ...afters]), value], attributes: { mode } });
};

const range: Generator = (r) => {
  const dtype = r.pick<DType>(['float32', 'int32', 'int64', 'float64', 'int16']);
  const whole = dtype.startsWith('int');
  const delta = whole ? r.pick([1, 1, 2, 3, -1, -2]) : r.pick([0.5, 0.1, 1, -0.25, 0.3]);
  const start = whole ? r.int(-5, 5) : r.float(-2, 2);
  const limit = start + delta * r.int(-2, 12) + (whole ? 0 : r.float(-0.05, 0.05));
  const scalar = (v: number) => (r.chance(0.4) ? fixed(tensorOf(dtype, [], [v])) : fed(tensorOf(dtype, [], [v])));
  return single('Range', { opset: 11, inputs: [scalar(start), scalar(limit), scalar(delta)] });
};

const constantOfShape: Generator = (r) => {
  const dims = r.dims(r.int(0, 4), 4);
  const value = r.maybe(() => {
    const dtype = r.pick<DType>(['float32', 'int64', 'int32', 'bool', 'uint8', 'float16']);
    return tensorOf(dtype, [1], [dtype === 'bool' ? 1 : r.int(0, 7)]);
  });
  return single('ConstantOfShape', {
    opset: 9,
    inputs: [dims.length === 0 ? fixed(int64s([])) : ints(r, dims, 0.4)],
    attributes: { value },
  });
};

const oneHot: Generator = (r) => {
  const depth = r.int(1, 6);
  const dims = r.dims(r.int(0, 3), 4);
  const opset = r.pick([9, 11]);
  const type = r.pick<DType>(['int64', 'int32', 'float32']);
  const indices = r.tensor('int32', dims, opset === 9 ? 0 : -depth, depth - 1);
  const values = r.pick<DType>(['float32', 'int64', 'int32']);
  const axis = r.maybe(() => r.int(-dims.length - 1, dims.length));
  return single('OneHot', {
    opset,
    inputs: [
      fed(tensorOf(type, dims, Array.from(indices.data as Int32Array))),
      r.chance(0.6) ? fixed(int64s(depth)) : fed(int64s(depth)),
      given(r, values, [2], -3, 3, 0.6),
    ],
    attributes: { axis },
  });
};

const eyeLike: Generator = (r) =>
  single('EyeLike', {
    opset: 9,
    inputs: [batched(r, r.pick<DType>(['float32', 'int32', 'int64']), r.dims(2, 6))],
    attributes: { k: r.maybe(() => r.int(-4, 4)), dtype: r.maybe(() => r.pick([1, 6, 7])) },
  });

const trilu: Generator = (r) => {
  const dims = r.dims(r.int(2, 4), 5);
  return single('Trilu', {
    opset: 14,
    inputs: [batched(r, r.pick<DType>(['float32', 'int64', 'bool']), dims), r.maybe(() => ints(r, r.int(-5, 5)))],
    attributes: { upper: r.maybe(() => r.int(0, 1)) },
  });
};

const compress: Generator = (r) => {
  const dims = r.dims(r.int(1, 4), 5);
  const axis = r.maybe(() => axisOf(r, dims.length));
  const size = axis === undefined ? sizeOf(dims) : dims[axis < 0 ? axis + dims.length : axis];
  const condition = r.tensor('bool', [r.chance(0.3) ? r.int(1, size) : size]);
  return single('Compress', {
    opset: r.pick(axis !== undefined && axis < 0 ? [11] : [9, 11]),
    inputs: [
      fed(r.tensor(r.pick<DType>(['float32', 'int64']), dims)),
      r.chance(0.4) ? fixed(condition) : fed(condition),
    ],
    attributes: { axis },
  });
};

const nonZero: Generator = (r) =>
  single('NonZero', {
    opset: r.pick([9, 13]),
    inputs: [fed(r.tensor(r.pick<DType>(['float32', 'int64', 'int32', 'bool']), r.dims(r.int(1, 4), 4), -1, 1))],
  });

const unique: Generator = (r) => {
  const dims = r.dims(r.int(1, 3), 5);
  const axis = r.maybe(() => axisOf(r, dims.length), 0.6);
  const x = r.tensor('int32', dims, 0, 2);
  const dtype = r.pick<DType>(['float32', 'int64']);
  return single('Unique', {
    opset: 11,
    inputs: [fed(tensorOf(dtype, dims, Array.from(x.data as Int32Array)))],
    outputs: [true, r.chance(0.7), r.chance(0.7), r.chance(0.7)],
    attributes: { axis, sorted: r.maybe(() => r.int(0, 1)) },
  });
};

const topK: Generator = (r) => {
  const dims = r.dims(r.int(1, 4), 6);
  const axis = r.int(0, dims.length - 1);
  const k = r.int(1, dims[axis]);
  const opset = r.pick([1, 10, 11]);
  const dtype = opset === 11 ? r.pick<DType>(['float32', 'float32', 'int64', 'int32']) : 'float32';
  const x = axis > 0 ? batched(r, dtype, dims) : fed(r.tensor(dtype, dims));
  const shown = opset > 1 && r.chance(0.3) ? axis - dims.length : axis;
  if (opset === 1) return single('TopK', { opset, inputs: [x], outputs: 2, attributes: { axis: shown, k } });
  return single('TopK', {
    opset,
    inputs: [x, ints(r, [k])],
    outputs: 2,
    attributes: { axis: shown, ...(opset === 11 ? { largest: r.maybe(() => r.int(0, 1)), sorted: 1 } : {}) },
  });
};

const depthToSpace: Generator = (r) => {
  const block = r.int(1, 3);
  const dims = [r.int(1, 2), block * block * r.int(1, 3), r.int(1, 4), r.int(1, 4)];
  const opset = r.pick([1, 11, 13]);
  return single('DepthToSpace', {
    opset,
    inputs: [batched(r, 'float32', dims)],
    attributes: { blocksize: block, mode: opset === 1 ? undefined : r.maybe(() => r.pick(['DCR', 'CRD'])) },
  });
};

const spaceToDepth: Generator = (r) => {
  const block = r.int(1, 3);
  return single('SpaceToDepth', {
    opset: r.pick([1, 13]),
    inputs: [batched(r, 'float32', [r.int(1, 2), r.int(1, 3), block * r.int(1, 3), block * r.int(1, 3)])],
    attributes: { blocksize: block },
  });
};

const reverseSequence: Generator = (r) => {
  const dims = r.dims(r.int(2, 4), 5);
  const batch = r.int(0, 1);
  const lengths = tensorOf(
    'int64',
    [dims[batch]],
    r.list(dims[batch], () => r.int(1, dims[1 - batch])),
  );
  return single('ReverseSequence', {
    opset: 10,
    inputs: [fed(r.tensor('float32', dims)), r.chance(0.5) ? fixed(lengths) : fed(lengths)],
    attributes: { batch_axis: batch, time_axis: 1 - batch },
  });
};

const centerCropPad: Generator = (r) => {
  const dims = r.dims(r.int(1, 4), 6);
  const axes = r.maybe(() => r.shuffle(dims.map((_, i) => i)).slice(0, r.int(1, dims.length)));
  const shape = r.dims((axes ?? dims).length, 7);
  return single('CenterCropPad', {
    opset: 18,
    inputs: [batched(r, r.pick<DType>(['float32', 'int32']), dims), ints(r, shape)],
    attributes: { axes },
  });
};

const NUMBERS: readonly DType[] = [
  'float32',
  'float64',
  'float16',
  'int8',
  'uint8',
  'int16',
  'uint16',
  'int32',
  'int64',
  'bool',
];
const CODES: Readonly<Record<string, number>> = {
  float32: 1,
  uint8: 2,
  int8: 3,
  uint16: 4,
  int16: 5,
  int32: 6,
  int64: 7,
  bool: 9,
  float16: 10,
  float64: 11,
};

const cast: Generator = (r) => {
  const [from, to] = [r.pick(NUMBERS), r.pick(NUMBERS)];
  // Floats beyond what an integer holds are undefined; integers wrap.
  const span = from.startsWith('float')
    ? to.startsWith('u')
      ? [0, 255]
      : to.startsWith('int8')
        ? [-128, 127]
        : [-3000, 3000]
    : [-40000, 40000];
  return single('Cast', {
    opset: r.pick([6, 9, 13, 19]),
    inputs: [given(r, from, r.dims(r.int(0, 4), 4), span[0], span[1])],
    attributes: { to: CODES[to] },
  });
};

/** Shape and Size of what is open, as outputs of the model. */
const shape: Generator = (r) => {
  const dims = r.dims(r.int(0, 5), 4);
  const opset = r.pick([1, 13, 15]);
  return single('Shape', {
    opset,
    inputs: [batched(r, 'float32', dims)],
    attributes: opset < 15 ? {} : { start: r.maybe(() => r.int(-6, 6)), end: r.maybe(() => r.int(-6, 6)) },
  });
};

const size: Generator = (r) =>
  single('Size', { opset: r.pick([1, 13]), inputs: [batched(r, 'float32', r.dims(r.int(0, 4), 4))] });

/** Several that only move data, one after the other, with open sizes: layouts and shapes have to hold together. */
const chain: Generator = (r) => {
  const dims = r.dims(4, 4);
  const nodes: { op: string; inputs: string[]; outputs: string[]; attributes?: Record<string, number | number[]> }[] =
    [];
  const inputs: Record<string, Given> = { x: batched(r, 'float32', dims) };
  let now = 'x';
  let sizes: number[] = [...dims];
  const constant = (values: number[]): string => {
    const name = `c${Object.keys(inputs).length}`;
    inputs[name] = fixed(int64s(values));
    return name;
  };
  const add = (op: string, more: string[], attributes?: Record<string, number | number[]>): void => {
    const out = `v${nodes.length}`;
    nodes.push({ op, inputs: [now, ...more], outputs: [out], ...(attributes ? { attributes } : {}) });
    now = out;
  };
  for (let i = 0; i < 5; i++) {
    const rank = sizes.length;
    switch (r.int(0, 5)) {
      case 0: {
        // Axis 0 is open: it stays first.
        const perm = [0, ...r.shuffle(Array.from({ length: rank - 1 }, (_, k) => k + 1))];
        add('Transpose', [], { perm });
        sizes = perm.map((p) => sizes[p]);
        break;
      }
      case 1: {
        if (rank < 3) break;
        const at = r.int(1, rank - 2);
        sizes = [...sizes.slice(0, at), sizes[at] * sizes[at + 1], ...sizes.slice(at + 2)];
        add('Reshape', [constant([-1, ...sizes.slice(1)])]);
        break;
      }
      case 2: {
        const at = r.int(1, rank - 1);
        const f = r.pick(Array.from({ length: sizes[at] }, (_, k) => k + 1).filter((d) => sizes[at] % d === 0));
        if (rank > 5) break;
        sizes = [...sizes.slice(0, at), f, sizes[at] / f, ...sizes.slice(at + 1)];
        add('Reshape', [constant([0, ...sizes.slice(1)])]);
        break;
      }
      case 3: {
        const at = r.int(1, rank - 1);
        if (sizes[at] < 2) break;
        add('Slice', [constant([1]), constant([2147483647]), constant([at])]);
        sizes[at]--;
        break;
      }
      case 4: {
        if (rank > 4) break;
        const at = r.int(0, rank);
        if (at === 0) break;
        add('Unsqueeze', [constant([at])]);
        sizes.splice(at, 0, 1);
        break;
      }
      default: {
        const at = r.int(1, rank - 1);
        add('Concat', [now], { axis: at });
        sizes[at] *= 2;
      }
    }
  }
  if (nodes.length === 0) add('Identity', []);
  return { opsets: { '': 13 }, nodes, inputs, outputs: [now] } satisfies OracleCase;
};

export const SHAPE: Family = {
  Reshape: reshape,
  'Reshape from Shape': shapeChain,
  Flatten: flatten,
  Squeeze: squeeze,
  Unsqueeze: unsqueeze,
  Transpose: transpose,
  Concat: concat,
  Split: split,
  Slice: slice,
  Gather: gather,
  GatherElements: gatherElements,
  'GatherElements of TopK': gatherTop,
  GatherND: gatherND,
  Scatter: scatterElements('Scatter'),
  ScatterElements: scatterElements('ScatterElements'),
  ScatterND: scatterND,
  Expand: expand,
  Tile: tile,
  Where: where,
  Pad: pad,
  Range: range,
  ConstantOfShape: constantOfShape,
  OneHot: oneHot,
  EyeLike: eyeLike,
  Trilu: trilu,
  Compress: compress,
  NonZero: nonZero,
  Unique: unique,
  TopK: topK,
  DepthToSpace: depthToSpace,
  SpaceToDepth: spaceToDepth,
  ReverseSequence: reverseSequence,
  CenterCropPad: centerCropPad,
  Cast: cast,
  Shape: shape,
  Size: size,
  'moves in a row': chain,
};
