import { refuse } from '../../diag/diagnostic.js';
import { areKnown, isKnown } from '../../ir/dim.js';
import { arrange, identity } from '../../ir/layout.js';
import { defineOp, noAttributes } from '../../ir/op.js';
import { tensorOf, type Tensor } from '../../tensor/tensor.js';
import { narrow } from '../../tf/builder.js';
import { reshapeSized } from '../../tf/sizes.js';

/**
 * A table from keys to values, of which at least one side is text: inputs x, keys [K], values [K], and the scalar for what
 * isn't found. TensorFlow.js compares and gathers no strings but has a hash table, for which a model needs executeAsync.
 */
export default defineOp({
  name: 'TextTable',
  domain: 'internal',
  summary: 'looks text up in a table',
  read: { 1: noAttributes },
  // Element by element, so that text stays as it lies: TensorFlow.js has no Transpose for it.
  layout: (n, given) => {
    const lies = n.dtype(0) === 'string' || n.dtype(2) !== 'string' ? given[0] : identity(n.rank(0));
    return { inputs: [lies, ...n.inputs.slice(1).map((v) => identity(v?.type.dims.length ?? 0))], outputs: [lies] };
  },
  infer: (n) => [{ dtype: n.dtype(2), dims: n.dims(0) }],
  fold: (n, [x, keys, values, fallback]) => {
    const table = new Map<unknown, unknown>(
      Array.from(keys.data as ArrayLike<unknown>, (key, i) => [key, values.data[i]]),
    );
    const found = Array.from(x.data as ArrayLike<unknown>, (key) =>
      table.has(key) ? table.get(key) : fallback.data[0],
    );
    return [tensorOf(n.dtype(2), x.dims, found as string[])];
  },
  graph: (n, [x, , , fallback], b) => {
    if (n.dims(0).includes(0)) return refuse("an empty tensor of text can't be looked up in TensorFlow.js");
    const [keys, values] = [n.constant(1), n.constant(2)] as [Tensor, Tensor];
    const [from, to] = [b.tensor(keys), b.tensor(values)];
    // A node without inputs would never be reached while running, so that the table hangs on its keys.
    const table = b.op('HashTableV2', [from], { key_dtype: narrow(keys.dtype), value_dtype: narrow(values.dtype) }, [
      'float32',
    ]);
    // Filled anew in each run (it is emptied first): an initializer of its own would be run at loading only by newer loaders.
    const filled = b.op('LookupTableImportV2', [table, from, to], {}, ['float32']);
    const flat = b.op('LookupTableFindV2', [filled, x, fallback], {}, [narrow(values.dtype)]);
    const dims = arrange(n.dims(0), n.layout(0));
    if (dims.length === 1) return flat;
    if (areKnown(dims) || dims.filter((d) => !isKnown(d)).length === 1) return b.reshape(flat, dims);
    return reshapeSized(b, { ref: flat, dims: [n.fresh()] }, dims) ?? b.reshape(flat, b.shape(x));
  },
});
