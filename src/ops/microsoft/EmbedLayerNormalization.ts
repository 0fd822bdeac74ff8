import type { Value } from '../../ir/graph.js';
import type { Composer } from '../compose.js';
import { microsoft } from './domain.js';

/** Source: ONNX Runtime, ContribOperators: the embeddings of BERT, summed and normalized. */
export default microsoft<{ epsilon: number }>({
  name: 'EmbedLayerNormalization',
  summary: 'embeddings of words, places and segments, summed and normalized',
  shapes: ['B S', '? B S', '_ H', '_ H', '? _ H', 'H', 'H', '? B S', '? _ S'],
  read: { 1: (n) => ({ epsilon: n.optFloat('epsilon') ?? 1e-12 }) },
  compose: (c, n) => {
    const [words, segments, wordTable, placeTable, segmentTable, gamma, beta, mask, placeIds] = n.inputs;
    const rows = (table: Value, ids: Value) => c.op('Gather', [table, ids], { axis: 0 });
    const ids = words as Value;
    let sum = c.add(rows(wordTable as Value, ids), rows(placeTable as Value, placeIds ?? c.range(c.size(ids, 1))));
    if (segments && segmentTable) sum = c.add(sum, rows(segmentTable, segments));
    const y = c.op('LayerNormalization', [sum, gamma, beta], { axis: -1, epsilon: n.attrs.epsilon });
    return [y, n.outputCount > 1 ? lengths(c, ids, mask) : undefined, sum];
  },
});

/** How many words of each row the mask leaves; without a mask 0, as in ONNX Runtime. */
function lengths(c: Composer, ids: Value, mask: Value | undefined): Value {
  const counted = mask ? c.cast(c.equal(mask, 1), 'int32') : c.mul(c.cast(ids, 'int32'), 0);
  return c.reduce('ReduceSum', counted, [1], false);
}
