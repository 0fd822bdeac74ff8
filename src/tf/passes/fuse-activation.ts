import { tensorOf, weightOf, type Weight } from '../../tensor/tensor.js';
import type { TfGraph } from '../lower.js';
import { rewrite } from '../rewrite.js';
import { productOf } from './fold-affine.js';

/** Activations that the fused kernels compute for nearly nothing. */
export const FUSED = new Set(['Relu', 'Relu6', 'Elu', 'Sigmoid']);

/**
 * An activation behind a product with constant weights becomes part of it:
 *
 *     _FusedConv2D(x, W, bias) -> Relu      becomes      _FusedConv2D(x, W, bias, Relu)
 */
export function fuseActivation(graph: TfGraph): TfGraph {
  return rewrite(graph, (node, r) => {
    if (!FUSED.has(node.op)) return undefined;
    const [x] = node.inputs;
    const product = productOf(x.node);
    if (!product || r.uses(x) !== 1) return undefined;
    const inputs = [...x.node.inputs];
    // The fused ops take an activation only behind a bias.
    if (!product.bias) {
      const zeros: Weight = weightOf(tensorOf('float32', [product.channels], new Float32Array(product.channels)));
      inputs.push(r.constant(zeros));
    }
    const op =
      { Conv2D: '_FusedConv2D', DepthwiseConv2dNative: 'FusedDepthwiseConv2dNative', MatMul: '_FusedMatMul' }[
        x.node.op
      ] ?? x.node.op;
    return [r.over(node, x.node).op(op, inputs, { ...x.node.attrs, num_args: 1, fused_ops: ['BiasAdd', node.op] })];
  });
}
