import { sizeOf } from '../../tensor/tensor.js';
import type { TfGraph } from '../lower.js';
import { outputsOf, rewrite } from '../rewrite.js';
import { partsOf } from './parts.js';

/** From this rank on, WASM's Slice looks up every element by its place (measured: 100 times as long). */
const SLOW_RANK = 5;

/**
 * A range of one axis of many is cut out of three:
 *
 *     Slice(x [1, 197, 3, 6, 64]; axis 2)      becomes      Reshape(Slice(Reshape(x, [197, 3, 384]); axis 1))
 *
 * as between a product for q, k and v together and the heads.
 */
export function flatSlices(graph: TfGraph): TfGraph {
  return rewrite(graph, (node, r) => {
    if (node.op !== 'Slice') return undefined;
    const [x] = node.inputs;
    const [dims, to] = [r.knownDims(x), r.knownDims(outputsOf(node)[0])];
    if (!dims || !to || dims.length < SLOW_RANK || r.isOutput(node)) return undefined;
    const part = partsOf(node, dims)?.[0];
    if (!part) return undefined;
    const [outer, inner] = [sizeOf(dims.slice(0, part.axis)), sizeOf(dims.slice(part.axis + 1))];
    const flat = r.reshape(x, [outer, dims[part.axis], inner]);
    return [r.reshape(r.slice(flat, [0, part.begin, 0], [outer, part.size, inner]), to)];
  });
}
