import { tensorOf, weightOf, type Weight } from '../../tensor/tensor.js';
import type { Ref, TfNode } from '../builder.js';
import type { TfGraph } from '../lower.js';
import { rewrite, type Rewriting } from '../rewrite.js';
import { channelVector, foldNode, inverse, negated } from './fold-affine.js';

/**
 * A scale, a shift and a clamp per channel of an image, where no product is before them, become one op:
 *
 *     Mul(s) -> AddV2(c) -> Relu      becomes      FusedDepthwiseConv2dNative(1x1 filter s, bias c, Relu)
 *
 * as in a BatchNormalization that comes before its convolution, or the Relu6(x + 3) of HardSwish. Two at least of the three
 * must be there; a further scale or shift is taken in. On WASM it is XNNPACK's multiply-and-add, on WebGL one program instead of three.
 */
export function scaleShift(graph: TfGraph): TfGraph {
  return rewrite(graph, (node, r) => {
    const folded = foldNode(node, r);
    if (folded) return folded;
    const dims = r.dims({ node, index: 0, dtype: node.dtypes[0] });
    if (dims?.length !== 4 || node.dtypes[0] !== 'float32') return undefined;
    const channels = dims[3];
    if (typeof channels !== 'number' || channels === 0) return undefined;
    const clamp = node.op === 'Relu' || node.op === 'Relu6' ? node : undefined;
    const below = (from: TfNode | undefined, x: Ref) => (from ? (r.uses(x) === 1 ? x.node : undefined) : node);
    const shift = affine(below(clamp, node.inputs[0]), ['AddV2', 'Sub'], channels, r);
    const beforeShift = shift?.x ?? (clamp ? node.inputs[0] : undefined);
    const scale = affine(beforeShift && below(shift?.node ?? clamp, beforeShift), ['Mul', 'RealDiv'], channels, r);
    const parts = [scale?.node, shift?.node, clamp].filter((n) => n !== undefined);
    if (parts.length < 2 || parts.at(-1) !== node) return undefined;
    const x = (scale ?? shift)?.x as Ref;
    const known = r.dims(x);
    if (known?.length !== 4 || known[3] !== channels || x.node.op === 'Const') return undefined;
    r.over(node, ...parts);
    const filter = scale?.vector ?? filled(channels, 1);
    return [
      r.op(
        'FusedDepthwiseConv2dNative',
        [
          x,
          r.constant({
            ...filter,
            dims: [1, 1, channels, 1],
            load: () => ({ ...filter.load(), dims: [1, 1, channels, 1] }),
          }),
          r.constant(shift?.vector ?? filled(channels, 0)),
        ],
        {
          strides: [1, 1, 1, 1],
          dilations: [1, 1, 1, 1],
          data_format: 'NHWC',
          padding: 'VALID',
          num_args: 1,
          fused_ops: clamp ? ['BiasAdd', clamp.op] : ['BiasAdd'],
        },
      ),
    ];
  });
}

/** A node that adds or multiplies by a constant per channel: its other operand, and what is added or multiplied by. */
function affine(
  node: TfNode | undefined,
  ops: readonly string[],
  channels: number,
  r: Rewriting,
): { node: TfNode; x: Ref; vector: Weight } | undefined {
  if (!node || !ops.includes(node.op)) return undefined;
  const [a, b] = node.inputs;
  const [x, constant] = b.node.weight ? [a, b] : [b, a];
  const weight = constant.node.weight;
  const turned = node.op === 'Sub' || node.op === 'RealDiv';
  if (!weight || x.node.weight || (turned && constant !== b)) return undefined;
  if (weight.dims.length > (r.dims(x)?.length ?? 0)) return undefined;
  const vector = channelVector(weight, channels);
  if (!vector) return undefined;
  return { node, x, vector: node.op === 'Sub' ? negated(vector) : node.op === 'RealDiv' ? inverse(vector) : vector };
}

function filled(channels: number, value: number): Weight {
  return weightOf(tensorOf('float32', [channels], new Float32Array(channels).fill(value)));
}
