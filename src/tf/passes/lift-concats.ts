import type { Weight } from '../../tensor/tensor.js';
import type { Ref, TfNode } from '../builder.js';
import type { TfGraph } from '../lower.js';
import { rewrite, type Rewriting } from '../rewrite.js';
import { numbersIn } from '../shapes.js';
import { columns } from './cut-products.js';
import { channelVector, productOf } from './fold-affine.js';
import { FUSED } from './fuse-activation.js';

const AFFINE = new Set(['Mul', 'AddV2', 'Sub', 'RealDiv']);

/**
 * What comes after products that are joined goes before they are, where each takes it in:
 *
 *     ConcatV2(Conv2D, Conv2D) -> AddV2(c) -> Relu      becomes      ConcatV2(Conv2D -> AddV2(c1) -> Relu, Conv2D -> AddV2(c2) -> Relu)
 *
 * as behind a convolution in groups, which is one for each part.
 */
export function liftConcats(graph: TfGraph): TfGraph {
  return rewrite(graph, (node, r) => {
    const clamp = FUSED.has(node.op);
    if (!clamp && !AFFINE.has(node.op)) return undefined;
    const turned = (node.op === 'Mul' || node.op === 'AddV2') && node.inputs[0].node.weight;
    const [x, constant] = turned ? [node.inputs[1], node.inputs[0]] : node.inputs;
    const parts = joined(x, r);
    if (!parts || (!clamp && !constant.node.weight)) return undefined;
    const widths = parts.map((part) => widthOf(part, r));
    if (!widths.every((w) => w !== undefined)) return undefined;
    const channels = widths.reduce((n, w) => n + w, 0);
    const vector = clamp ? undefined : perChannel(constant, channels, r.dims(x)?.length ?? 0);
    if (!clamp && !vector) return undefined;
    let begin = 0;
    const moved = parts.map((part, i) => {
      const own = vector && r.constant(columns(vector, begin, widths[i]));
      begin += widths[i];
      return r.op(node.op, own ? [part, own] : [part], node.attrs);
    });
    return [r.op('ConcatV2', [...moved, x.node.inputs[parts.length]], x.node.attrs)];
  });
}

/** The parts of a Concat along the last axis of products that nobody else reads. */
function joined(x: Ref, r: Rewriting): readonly Ref[] | undefined {
  const { node } = x;
  if (node.op !== 'ConcatV2' || r.uses(x) !== 1) return undefined;
  const parts = node.inputs.slice(0, -1);
  const axis = numbersIn(node.inputs[parts.length])?.[0];
  const rank = r.dims(x)?.length;
  if (rank === undefined || (axis !== rank - 1 && axis !== -1)) return undefined;
  return parts.every((part) => r.uses(part) === 1 && productBehind(part.node)) ? parts : undefined;
}

/** Affine ops that were moved before count as what they will be folded into. */
function productBehind(node: TfNode): boolean {
  if (productOf(node)) return true;
  return (
    AFFINE.has(node.op) &&
    node.inputs.length === 2 &&
    node.inputs[1].node.weight !== undefined &&
    productBehind(node.inputs[0].node)
  );
}

function widthOf(part: Ref, r: Rewriting): number | undefined {
  const last = r.dims(part)?.at(-1);
  return typeof last === 'number' ? last : undefined;
}

function perChannel(constant: Ref, channels: number, rank: number): Weight | undefined {
  const weight = constant.node.weight as Weight;
  return constant.dtype === 'float32' && weight.dims.length <= rank ? channelVector(weight, channels) : undefined;
}
