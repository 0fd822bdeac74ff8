import { invalid } from '../../diag/diagnostic.js';
import type { Value } from '../../ir/graph.js';
import { defineOp } from '../../ir/op.js';
import type { Graph as OnnxGraph } from '../../onnx/model.js';
import { resolved, sequence, sequenceOf, tensorIn } from './sequences.js';

interface Attrs {
  readonly body: OnnxGraph;
}

export default defineOp<Attrs>({
  name: 'SequenceMap',
  summary: 'a graph applied to each tensor of a sequence, unrolled',
  read: { 17: (n) => ({ body: n.graph('body') }) },
  infer: resolved,
  expand: (n, [list, ...others], e) => {
    const { elements } = sequenceOf(list, n);
    const { body } = n.attrs;
    const lists: Value[][] = body.outputs.map(() => []);
    elements.forEach((element, i) => {
      const inputs = others.map((v) =>
        v?.kind === 'sequence' ? (v.elements[i] ?? invalid('the sequences are not of one length')) : v,
      );
      e.inline(body, [element, ...inputs]).forEach((out, k) => {
        lists[k].push(tensorIn(out, n));
      });
    });
    return lists.map((l) => sequence(n, l));
  },
});
