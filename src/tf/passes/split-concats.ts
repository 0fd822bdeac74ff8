import { derived, madeOnce } from '../../ir/weights.js';
import type { Weight } from '../../tensor/tensor.js';
import type { Ref, TfNode } from '../builder.js';
import type { TfGraph } from '../lower.js';
import { outputsOf, rewrite, type Rewriting } from '../rewrite.js';
import { numbersIn } from '../shapes.js';
import { productOf } from './fold-affine.js';

/** A sum of more products than this costs more than joining. */
const MOST_PARTS = 4;

/**
 * A convolution of joined images that narrows them becomes the sum of a convolution of each, and nothing is joined:
 *
 *     ConcatV2(a, b) -> Conv2D(W)      becomes      AddV2(Conv2D(a, Wa), Conv2D(b, Wb))
 *
 * A pool before it goes before the joint. For WASM: joining along the channels runs there row by row in JavaScript, while the
 * sum is over the few channels of the result; on a GPU each op more costs more than it saves.
 */
export function splitConcats(graph: TfGraph): TfGraph {
  return rewrite(graph, (node, r) => {
    if (node.op === 'MaxPool') return pooled(node, r);
    const known = productOf(node, true);
    const parts = joined(node.inputs[0], r);
    if (!known || known.depthwise || known.rank !== 4 || !parts || node.inputs.length > 3) return undefined;
    const widths = parts.map((part) => r.dims(part)?.at(-1));
    const total = (node.inputs[1].node.weight as Weight).dims[2];
    if (!widths.every((w) => typeof w === 'number') || 2 * known.channels > total) return undefined;
    const { fused_ops, num_args, ...bare } = node.attrs;
    const activation = (fused_ops as readonly string[] | undefined)?.[1];
    void num_args;
    let begin = 0;
    r.over(node, node.inputs[0].node);
    const terms = parts.map((part, i) => {
      const kernel = r.constant(slab(node.inputs[1].node.weight as Weight, begin, widths[i]));
      begin += widths[i];
      if (i > 0 || node.inputs.length < 3) return r.op('Conv2D', [part, kernel], bare);
      return r.op('_FusedConv2D', [part, kernel, node.inputs[2]], { ...bare, num_args: 1, fused_ops: ['BiasAdd'] });
    });
    const sum = terms.reduce((a, b) => r.add2(a, b));
    return [activation ? r.op(activation, [sum]) : sum];
  });
}

/** The images that are joined along the channels for this reader alone. */
function joined(x: Ref, r: Rewriting): readonly Ref[] | undefined {
  if (x?.node.op !== 'ConcatV2' || r.uses(x) !== 1) return undefined;
  const parts = x.node.inputs.slice(0, -1);
  const axis = numbersIn(x.node.inputs[parts.length])?.[0];
  return r.dims(x)?.length === 4 && (axis === 3 || axis === -1) && parts.length <= MOST_PARTS ? parts : undefined;
}

function pooled(node: TfNode, r: Rewriting): readonly Ref[] | undefined {
  const parts = joined(node.inputs[0], r);
  if (!parts || (node.attrs.strides as readonly number[])[1] < 2) return undefined;
  const pools = parts.map((part) => r.over(node).op('MaxPool', [part], node.attrs));
  void outputsOf;
  return [r.over(node, node.inputs[0].node).concat(pools, 3)];
}

/** The weights for some of the input channels. */
function slab(w: Weight, begin: number, size: number): Weight {
  const [height, width, channels, filters] = w.dims;
  return madeOnce(`slab ${begin} ${size}`, [w], () => ({
    ...derived([height, width, size, filters], w, (t) => {
      const from = t.data as Float32Array;
      const out = new Float32Array(height * width * size * filters);
      for (let tap = 0; tap < height * width; tap++)
        out.set(
          from.subarray((tap * channels + begin) * filters, (tap * channels + begin + size) * filters),
          tap * size * filters,
        );
      return out;
    }),
    dtype: 'float32',
  }));
}
