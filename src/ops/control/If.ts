import { invalid } from '../../diag/diagnostic.js';
import { sameDims, type Dim } from '../../ir/dim.js';
import type { Value } from '../../ir/graph.js';
import { defineOp } from '../../ir/op.js';
import type { Graph as OnnxGraph } from '../../onnx/model.js';
import { int64s } from '../../tensor/tensor.js';
import { branch, eitherType, graphOf, isSafe, tensorsOf } from './control-flow.js';

interface Attrs {
  readonly yes: OnnxGraph;
  readonly no: OnnxGraph;
}

/** Both ways are computed only where they are short. */
const MOST_NODES = 32;

export default defineOp<Attrs>({
  name: 'If',
  summary: 'one of two graphs: the right one where the condition is known, else both and a choice, or control flow',
  limits: 'sequences only where the condition is known; one element that is of another rank on each way has the higher',
  shapes: ['() | 1'],
  read: { 1: (n) => ({ yes: n.graph('then_branch'), no: n.graph('else_branch') }) },
  infer: () => invalid('If has no condition'),
  expand: (n, [condition], e) => {
    const { yes, no } = n.attrs;
    const known = n.ints(0);
    if (known) return e.inline(known[0] ? yes : no, []);
    const cond = condition?.kind === 'tensor' ? condition : invalid('the condition is no tensor');
    const way = (graph: OnnxGraph): Value[] => tensorsOf('If', e.inline(graph, []));
    let ways = [yes, no].map((graph) => e.region([], () => way(graph)));
    if (ways[0].outputs.length !== ways[1].outputs.length)
      return invalid('the two graphs have a different number of outputs');
    // One element is the same in any rank: both ways give it in the higher of the two.
    const single = ways[0].outputs.map((v, i) => ofOneElement(v.type.dims, ways[1].outputs[i].type.dims));
    if (single.some((dims) => dims))
      ways = [yes, no].map((graph) =>
        e.region([], () =>
          way(graph).map((v, i) => {
            const dims = single[i];
            return dims ? e.one('Reshape', [v, e.constant(int64s([...dims]))]) : v;
          }),
        ),
      );
    const [a, b] = ways;
    const alike = a.outputs.every(
      (v, i) => v.type.dtype === b.outputs[i].type.dtype && sameDims(v.type.dims, b.outputs[i].type.dims),
    );
    const choosable = a.outputs.every((v) => v.type.dtype !== 'string' && !v.type.dtype.startsWith('complex'));
    if (alike && choosable && ways.every((w) => isSafe(w) && w.nodes.length <= MOST_NODES)) {
      for (const w of ways) e.adopt(w);
      return a.outputs.map((v, i) => e.one('Where', [cond, v, b.outputs[i]]));
    }
    const types = a.outputs.map((v, i) => eitherType(v.type, b.outputs[i].type, () => n.fresh(), `output ${i}`));
    const captured = [...new Set(ways.flatMap((w) => w.captured))];
    return e.node(
      branch,
      [cond, ...captured],
      types,
      ways.map((w) => graphOf('branch', w, captured)),
    );
  },
});

/** The longer of two shapes of different rank, both of a single element. */
function ofOneElement(a: readonly Dim[], b: readonly Dim[]): readonly number[] | undefined {
  if (a.length === b.length || ![...a, ...b].every((d) => d === 1)) return undefined;
  return new Array<number>(Math.max(a.length, b.length)).fill(1);
}
