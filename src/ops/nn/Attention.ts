import { invalid } from '../../diag/diagnostic.js';
import { isKnown } from '../../ir/dim.js';
import type { Value } from '../../ir/graph.js';
import { defineOp } from '../../ir/op.js';
import type { RawNode } from '../../ir/view.js';
import { attendedRows, attentionBias } from './attention-bias.js';
import { Composer } from '../compose.js';
import { attend, scores } from './attend.js';

interface Attrs {
  readonly causal: boolean;
  readonly qHeads: number | undefined;
  readonly kvHeads: number | undefined;
  readonly scale: number | undefined;
  readonly softcap: number;
  /** What the fourth output shows: scores, after the cap, with the mask, after the softmax. */
  readonly shown: number;
  readonly left: number;
  readonly right: number;
}

function read(n: RawNode): Attrs {
  return {
    causal: n.flag('is_causal'),
    qHeads: n.optInt('q_num_heads'),
    kvHeads: n.optInt('kv_num_heads'),
    scale: n.optFloat('scale'),
    softcap: n.float('softcap'),
    shown: n.int('qk_matmul_output_mode'),
    left: n.optInt('left_window_size') ?? -1,
    right: n.optInt('right_window_size') ?? -1,
  };
}

/** Source: ONNX, Attention-23, -24, -25, errata included: all three align the causal frontier with the past. */
export default defineOp<Attrs>({
  name: 'Attention',
  summary: 'scaled dot-product attention, with masks, grouped heads, a key and value cache',
  limits: 'softmax_precision is that of float32',
  shapes: ['B _ _ | B _ _ _', 'B T _ | B H T _', 'B T _ | B H T _', '', 'B H P _', 'B H P _', 'B'],
  read: { 23: read },
  infer: (n) => [n.type(0)],
  expand: (n, inputs, e) => {
    const c = new Composer(e);
    const { attrs } = n;
    const [gq, gk, gv, mask, pastKey, pastValue, valid] = inputs as (Value | undefined)[];
    if (!gq || !gk || !gv) return invalid('Attention needs Q, K and V');
    const flat = gq.type.dims.length === 3;
    const heads = (x: Value, count: number | undefined): Value => {
      if (x.type.dims.length === 4) return x;
      const hidden = x.type.dims[2];
      if (!count || !isKnown(hidden) || hidden % count !== 0)
        return invalid(`a hidden size of ${hidden} can't be split into ${count ?? 'an unknown number of'} heads`);
      return c.transpose(c.reshape(x, [0, 0, count, hidden / count]), [0, 2, 1, 3]);
    };
    const q = heads(gq, attrs.qHeads);
    const [newKey, newValue] = [heads(gk, attrs.kvHeads), heads(gv, attrs.kvHeads)];
    const k = pastKey ? c.concat([pastKey, newKey], 2) : newKey;
    const v = pastValue ? c.concat([pastValue, newValue], 2) : newValue;

    const raw = scores(c, q, k, attrs.scale);
    const capped = attrs.softcap
      ? c.mul(c.op('Tanh', [c.op('Div', [raw, c.scalar(attrs.softcap, raw)])]), attrs.softcap)
      : raw;
    const parts = {
      q,
      k,
      mask,
      past: pastKey && c.size(pastKey, 2),
      valid,
      causal: attrs.causal,
      left: attrs.left,
      right: attrs.right,
    };
    const bias = attentionBias(c, parts);
    const biased = bias ? c.add(capped, bias) : capped;
    let probabilities = c.op('Softmax', [biased], { axis: -1 });
    const rows = bias && attendedRows(c, bias);
    if (rows) probabilities = c.mul(probabilities, rows);
    let y = attend(c, probabilities, v);
    if (flat) {
      const [count, size] = [y.type.dims[1], y.type.dims[3]];
      if (!isKnown(count) || !isKnown(size)) return invalid('the heads of Attention have no known size');
      y = c.reshape(c.transpose(y, [0, 2, 1, 3]), [0, 0, count * size]);
    }
    const shown = (): Value => {
      if (attrs.shown === 1) return capped;
      if (attrs.shown === 3) return probabilities;
      if (attrs.shown !== 2) return raw;
      const exact = attentionBias(c, parts, -Infinity);
      return exact ? c.add(capped, exact) : capped;
    };
    return [y, k, v, n.outputCount > 3 ? shown() : undefined].slice(0, n.outputCount);
  },
});
