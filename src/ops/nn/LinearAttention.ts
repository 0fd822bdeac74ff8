import { invalid, refuse } from '../../diag/diagnostic.js';
import { isKnown } from '../../ir/dim.js';
import type { Value } from '../../ir/graph.js';
import { defineOp } from '../../ir/op.js';
import { Composer } from '../compose.js';

/** The most steps that are written one by one. */
const MOST_STEPS = 512;

interface Attrs {
  readonly rule: 'linear' | 'gated' | 'delta' | 'gated_delta';
  readonly qHeads: number;
  readonly kvHeads: number;
  /** 1 / sqrt(size of a key) where 0. */
  readonly scale: number;
}

/** Source: ONNX, LinearAttention-27: a state [batch, heads, key size, value size], changed by each step. */
export default defineOp<Attrs>({
  name: 'LinearAttention',
  summary: 'attention by a state that each step changes: linear, gated, delta, gated_delta',
  shapes: ['B T _', 'B T _', 'B T _', 'B H K V', 'B T _', 'B T _'],
  read: {
    27: (n) => ({
      rule: n.string('update_rule') as Attrs['rule'],
      qHeads: n.int('q_num_heads'),
      kvHeads: n.int('kv_num_heads'),
      scale: n.float('scale'),
    }),
  },
  infer: (n) => [n.type(0)],
  expand: (n, inputs, e) => {
    const c = new Composer(e);
    const { rule, qHeads, kvHeads, scale } = n.attrs;
    const [query, key, value, past, decay, beta] = inputs as (Value | undefined)[];
    if (!query || !key || !value) return invalid('LinearAttention needs query, key and value');
    if (!['linear', 'gated', 'delta', 'gated_delta'].includes(rule))
      return invalid(`update_rule is ${JSON.stringify(rule)}`);
    const gated = rule.startsWith('gated');
    const delta = rule.endsWith('delta');
    if ((gated && !decay) || (delta && !beta))
      return invalid(`update_rule ${rule} needs ${gated && !decay ? 'decay' : 'beta'}`);
    if (kvHeads < 1 || qHeads % kvHeads !== 0)
      return invalid(`${qHeads} heads of queries can't share ${kvHeads} heads of keys`);
    const steps = query.type.dims[1];
    const last = (v: Value): number => {
      const d = v.type.dims[2];
      return isKnown(d)
        ? d
        : refuse('the sizes of heads have to be known', 'fix the sizes with input-shapes in the config');
    };
    if (!isKnown(steps))
      return refuse(
        `LinearAttention over a number of steps that is not known while converting (${steps})`,
        'fix the sizes with input-shapes in the config',
      );
    if (steps > MOST_STEPS)
      return refuse(
        `LinearAttention over ${steps} steps: they are written one by one, and ${MOST_STEPS} are the most`,
        'export with shorter sequences',
      );
    const group = qHeads / kvHeads;
    const keySize = last(query) / qHeads;
    const valueSize = last(value) / kvHeads;
    const factor = scale || 1 / Math.sqrt(keySize);
    // Per step, [batch, heads, rows, columns].
    const parts = (v: Value, rows: number, columns: number) =>
      c.split(v, 1, steps).map((t) => c.reshape(t, [0, kvHeads, rows, columns]));
    const q = parts(c.mul(query, factor), group, keySize);
    const keys = parts(key, keySize, 1);
    const values = parts(value, 1, valueSize);
    const perKey = decay && last(decay) !== kvHeads;
    const decays = gated && decay ? parts(c.op('Exp', [decay]), perKey ? keySize : 1, 1) : undefined;
    const shared = beta && last(beta) === 1 && kvHeads !== 1;
    const rates =
      delta && beta ? c.split(beta, 1, steps).map((t) => c.reshape(t, [0, shared ? 1 : kvHeads, 1, 1])) : undefined;
    let state: Value | undefined = past && c.cast(past, query.type.dtype);
    const outputs = q.map((qt, t) => {
      const k = keys[t];
      let before = state;
      if (before && decays) before = c.mul(before, decays[t]);
      let v = values[t];
      if (rates) {
        // What the state already says of this key is taken off.
        const known = before && c.matmul(c.reshape(k, [0, kvHeads, 1, keySize]), before);
        v = c.mul(known ? c.sub(v, known) : v, rates[t]);
      }
      const fresh = c.mul(k, v);
      state = before ? c.add(before, fresh) : fresh;
      return c.reshape(c.matmul(qt, state), [0, 1, qHeads * valueSize]);
    });
    const out = c.concat(outputs, 1);
    return n.outputCount < 2 ? [out] : [out, c.cast(state as Value, past?.type.dtype ?? query.type.dtype)];
  },
});
