import { ownValues } from '../../src/convert/convert.js';
import { fatesOf, type Fates } from '../../src/convert/fates.js';
import { importModel } from '../../src/import/import.js';
import { Names, type NamePolicy } from '../../src/ir/names.js';
import type { Dialect } from '../../src/keras/builder.js';
import { lowerToKeras, type LoweredKeras } from '../../src/keras/lower.js';
import type { OnnxModel } from '../../src/onnx/model.js';
import { assignLayouts } from '../../src/passes/layout.js';
import { pruneGraph } from '../../src/passes/prune.js';
import { recompose } from '../../src/passes/recompose.js';
import { kerasSummary, sourceSummary } from '../../src/convert/facts.js';
import type { KerasSummary, SourceSummary } from '../../src/report/types.js';

/** A model as layers, all but written: no weight is loaded that doesn't decide what the layers are. */
export function lowered(
  model: OnnxModel,
  policy: NamePolicy,
  dialect: Dialect = 'tfjs',
  changeOrdering = true,
): { keras: LoweredKeras; fates: Fates; source: SourceSummary; summary: KerasSummary } {
  const imported = importModel(model);
  const graph = pruneGraph(imported.graph);
  const laid = assignLayouts(recompose(graph), {
    changeOrdering,
    images: changeOrdering ? 'channels-last' : 'onnx',
    relabel: false,
    batchFirst: true,
  });
  const own = ownValues(imported, laid, model);
  const keras = lowerToKeras(laid.graph, new Names(policy), dialect, () => ({}), own, laid.lost);
  const fates = fatesOf(imported, laid, { keras });
  const source = sourceSummary(imported, graph, fates);
  return { keras, fates, source, summary: kerasSummary(keras.model, graph, source) };
}
