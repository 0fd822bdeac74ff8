import { isKnown } from '../../ir/dim.js';
import type { Ref, TfNode } from '../builder.js';
import type { TfGraph } from '../lower.js';
import { rewrite, type Rewriting } from '../rewrite.js';
import { numbersIn } from '../shapes.js';
import { VIEWS, viewSizes } from './merge-views.js';

const CONVOLUTIONS = new Set(['Conv2D', '_FusedConv2D', 'DepthwiseConv2dNative', 'FusedDepthwiseConv2dNative']);

/**
 * Zeros around an image become the convolution's own padding:
 *
 *     PadV2(1, 1) -> Conv2D(VALID)      becomes      Conv2D(EXPLICIT 1, 1)
 *
 * Before a pool, what no window reaches isn't padded: a 3x3 pool of stride 2 over an even size leaves the last row out.
 */
export function foldPads(graph: TfGraph): TfGraph {
  return rewrite(graph, (node, r) => {
    if (CONVOLUTIONS.has(node.op)) return intoConvolution(node, r);
    return node.op === 'MaxPool' || node.op === 'AvgPool' ? beforePool(node, r) : undefined;
  });
}

/** [top, bottom, left, right] of a PadV2 of an image by a value; undefined for anything else. */
function borders(pad: TfNode, value?: number): readonly number[] | undefined {
  const pads = pad.op === 'PadV2' ? numbersIn(pad.inputs[1]) : undefined;
  if (pads?.length !== 8 || [0, 1, 6, 7].some((i) => pads[i] !== 0)) return undefined;
  if (value !== undefined && numbersIn(pad.inputs[2])?.[0] !== value) return undefined;
  return pads.slice(2, 6);
}

function intoConvolution(node: TfNode, r: Rewriting): readonly Ref[] | undefined {
  const { padding, explicit_paddings: own } = node.attrs as { padding: string; explicit_paddings?: readonly number[] };
  if (padding !== 'VALID' && padding !== 'EXPLICIT') return undefined;
  const before = lineBehindView(node, r) ?? {
    pads: borders(node.inputs[0].node, 0),
    pad: node.inputs[0].node,
    x: node.inputs[0].node.inputs[0],
  };
  if (!before.pads) return undefined;
  const sums = before.pads.map((p, i) => p + (padding === 'EXPLICIT' ? (own as readonly number[])[i + 2] : 0));
  r.over(node, before.pad);
  const x = 'to' in before ? r.reshape(before.x, before.to) : before.x;
  return [
    r.op(node.op, [x, ...node.inputs.slice(1)], {
      ...node.attrs,
      padding: 'EXPLICIT',
      explicit_paddings: [0, 0, ...sums, 0, 0],
    }),
  ];
}

/** A convolution over a line runs as one over an image of height 1: the pad stands before the axis is put in. */
function lineBehindView(node: TfNode, r: Rewriting) {
  const view = node.inputs[0].node;
  const pad = view.inputs[0]?.node;
  if (!VIEWS.has(view.op) || pad?.op !== 'PadV2') return undefined;
  const [image, line, x] = [r.dims(node.inputs[0]), r.dims(view.inputs[0]), r.dims(pad.inputs[0])];
  const pads = numbersIn(pad.inputs[1]);
  if (!image || !x || line?.length !== 3 || image.length !== 4 || image[1] !== 1 || pads?.length !== 6)
    return undefined;
  if (pads[0] + pads[1] + pads[4] + pads[5] !== 0 || numbersIn(pad.inputs[2])?.[0] !== 0) return undefined;
  const to = [x[0], 1, x[1], x[2]];
  return viewSizes(to) ? { pads: [0, 0, pads[2], pads[3]], pad, x: pad.inputs[0], to } : undefined;
}

function beforePool(node: TfNode, r: Rewriting): readonly Ref[] | undefined {
  const pad = node.inputs[0].node;
  const pads = borders(pad);
  const dims = r.dims(node.inputs[0]);
  if (!pads || !dims || node.attrs.padding !== 'VALID' || r.uses(node.inputs[0]) !== 1) return undefined;
  const { ksize, strides } = node.attrs as { ksize: readonly number[]; strides: readonly number[] };
  const needed = [...pads];
  for (const axis of [1, 2]) {
    const size = dims[axis];
    if (!isKnown(size)) continue;
    const unread = (size - ksize[axis]) % strides[axis];
    const end = 2 * axis - 1;
    needed[end] = Math.max(0, needed[end] - unread);
  }
  if (needed.every((p, i) => p === pads[i])) return undefined;
  const value = numbersIn(pad.inputs[2])?.[0];
  if (value === undefined) return undefined;
  r.over(node, pad);
  const x = r.pad(
    pad.inputs[0],
    [
      [0, 0],
      [needed[0], needed[1]],
      [needed[2], needed[3]],
      [0, 0],
    ],
    value,
  );
  return [r.op(node.op, [x], node.attrs)];
}
