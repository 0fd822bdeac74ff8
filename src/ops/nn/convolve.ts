import { invalid, refuse } from '../../diag/diagnostic.js';
import { isKnown, type Dim } from '../../ir/dim.js';
import { Amounts } from '../../tf/amounts.js';
import type { GraphBuilder, Ref } from '../../tf/builder.js';
import type { Kernel } from './kernel.js';
import { knownPads, padsOf, type Window } from './window.js';

/** How many input channels a part of a grouped convolution has at most when groups are taken together. */
const PART_CHANNELS = 16;

export interface Convolution {
  /** Channels last. */
  readonly x: Ref;
  /** In memory order: [batch, spatial …, channels]. */
  readonly dims: readonly Dim[];
  /** ONNX's [filters, channels per group, spatial …]. */
  readonly kernel: Kernel;
  readonly group: number;
  readonly window: Window;
}

/**
 * The convolution proper, channels last, no bias. 1-D runs as 2-D with a height of 1; grouped ones as depthwise where
 * each group has one input channel, else part by part; stride together with dilation, which TensorFlow.js rejects, with
 * the dilation written into the kernel.
 */
export function convolve({ x, dims, kernel, group, window }: Convolution, b: GraphBuilder): Ref {
  const [filters, perGroup, ...taps] = kernel.dims;
  const spatial = dims.slice(1, -1);
  const channels = dims[dims.length - 1];
  if (isKnown(channels) && channels !== perGroup * group)
    return invalid(`${channels} channels in ${group} groups don't fit weights for ${perGroup} channels a group`);
  if (filters % group !== 0) return invalid(`${filters} filters can't be split into ${group} groups`);
  if (spatial.length > 3)
    return refuse(`a convolution over ${spatial.length} axes`, 'TensorFlow.js convolves over at most 3');
  const both = window.strides.some((s) => s > 1) && window.dilations.some((d) => d > 1);
  const step: Step = {
    kernel: both ? kernel.spread([1, 1, ...window.dilations]) : kernel,
    group,
    strides: window.strides,
    dilations: both ? window.dilations.map(() => 1) : window.dilations,
    pads: [],
  };
  const known = knownPads(window, taps, spatial);
  if (known?.flat().every((p) => p >= 0)) return run(x, { ...step, pads: known }, b);
  if (window.autoPad === 'SAME_UPPER') return run(x, { ...step, pads: 'SAME' }, b); // TensorFlow's SAME is ONNX's SAME_UPPER.
  const a = new Amounts(b);
  const pads = padsOf(window, taps, spatial, a.sizes(x, dims).slice(1, -1), a);
  return run(a.pad(x, [[0, 0], ...pads, [0, 0]]), { ...step, pads: taps.map(() => [0, 0]) }, b);
}

type Pads = readonly (readonly [number, number])[] | 'SAME';

interface Step {
  readonly kernel: Kernel;
  readonly group: number;
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
  readonly pads: Pads;
}

function run(x: Ref, s: Step, b: GraphBuilder): Ref {
  const [filters, perGroup, ...taps] = s.kernel.dims;
  if (taps.length === 3) return grouped(x, s, b, conv3d);
  if (taps.length === 2) return grouped(x, s, b, conv2d);
  const line = b.op('ExpandDims', [x, b.scalar(1, 'int32')]);
  const wide: Step = {
    ...s,
    kernel: s.kernel.reshape([filters, perGroup, 1, ...taps]),
    strides: [1, ...s.strides],
    dilations: [1, ...s.dilations],
    pads: s.pads === 'SAME' ? 'SAME' : [[0, 0], ...s.pads],
  };
  return b.op('Squeeze', [grouped(line, wide, b, conv2d)], { axis: [1] });
}

/** One convolution per part: some neighbouring groups, as one dense kernel with zeros beside the diagonal. */
function grouped(x: Ref, s: Step, b: GraphBuilder, dense: (x: Ref, s: Step, b: GraphBuilder) => Ref): Ref {
  const [filters, perGroup, ...taps] = s.kernel.dims;
  if (s.group === 1) return dense(x, s, b);
  if (perGroup === 1 && taps.length === 2) return depthwise(x, s, b);
  let together = 1;
  for (let n = 1; n <= s.group; n++) if (s.group % n === 0 && n * perGroup <= PART_CHANNELS) together = n;
  const parts = s.group / together;
  const part = (v: Ref, i: number) =>
    dense(v, { ...s, kernel: s.kernel.rows((i * filters) / parts, filters / parts).diagonal(together) }, b);
  if (parts === 1) return part(x, 0);
  const axis = taps.length + 1;
  return b.concat(b.many('Split', [b.scalar(axis, 'int32'), x], { num_split: parts }).map(part), axis);
}

function conv2d(x: Ref, s: Step, b: GraphBuilder): Ref {
  return b.op('Conv2D', [x, s.kernel.permute([2, 3, 1, 0]).ref()], attributes(s));
}

function depthwise(x: Ref, s: Step, b: GraphBuilder): Ref {
  // ONNX's filter g*m + j works on channel g; TensorFlow's depthwise kernel is [h, w, channel, multiplier].
  const [filters, , ...taps] = s.kernel.dims;
  const kernel = s.kernel.reshape([s.group, filters / s.group, ...taps]).permute([2, 3, 0, 1]);
  return b.op('DepthwiseConv2dNative', [x, kernel.ref()], attributes(s));
}

function attributes(s: Step) {
  const padded = s.pads !== 'SAME' && s.pads.some(([begin, end]) => begin > 0 || end > 0);
  return {
    strides: [1, ...s.strides, 1],
    dilations: [1, ...s.dilations, 1],
    data_format: 'NHWC',
    ...(s.pads === 'SAME'
      ? { padding: 'SAME' }
      : padded
        ? { padding: 'EXPLICIT', explicit_paddings: [0, 0, ...s.pads.flat(), 0, 0] }
        : { padding: 'VALID' }),
  };
}

function conv3d(x: Ref, s: Step, b: GraphBuilder): Ref {
  const padded = s.pads === 'SAME' ? x : b.pad(x, [[0, 0], ...s.pads, [0, 0]]);
  return b.op('Conv3D', [padded, s.kernel.permute([2, 3, 4, 1, 0]).ref()], {
    strides: [1, ...s.strides, 1],
    dilations: [1, ...s.dilations, 1],
    padding: s.pads === 'SAME' ? 'SAME' : 'VALID',
    data_format: 'NDHWC',
  });
}
