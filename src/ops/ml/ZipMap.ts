import { invalid } from '../../diag/diagnostic.js';
import { defineOp } from '../../ir/op.js';
import type { Tensor } from '../../tensor/tensor.js';
import { readLabels } from './labels.js';

/** How many class labels a remark names. */
const MOST_NAMED = 20;

/** What scikit-learn's converter puts behind a classifier: a map from label to probability for each row. */
export default defineOp<{ labels: Tensor }>({
  name: 'ZipMap',
  domain: 'ai.onnx.ml',
  summary: 'maps from labels to scores: given as the tensor of the scores itself',
  limits: 'TensorFlow.js has no maps: a column of the tensor for each label, in the order of a remark in the report',
  shapes: ['_ ...'],
  read: { 1: (n) => ({ labels: readLabels(n, 'classlabels_int64s', 'classlabels_strings') }) },
  infer: (n) => [n.type(0)],
  expand: (n, [x], e) => {
    const labels = Array.from(n.attrs.labels.data as ArrayLike<bigint | string>, (v) =>
      typeof v === 'string' ? JSON.stringify(v) : String(v),
    );
    const columns = n.dims(0).at(-1);
    if (typeof columns === 'number' && columns !== labels.length)
      return invalid(`there are ${labels.length} labels for ${columns} columns`);
    const named =
      labels.length > MOST_NAMED ? `${labels.slice(0, MOST_NAMED).join(', ')} … (${labels.length})` : labels.join(', ');
    e.remark(
      `the maps of this output are given as a tensor with a column for each class, in this order: ${named}`,
      "read the column of the class that you look for; the classes are those of the model's attribute",
    );
    return [x];
  },
});
