import { layoutDoubtful } from '../../diag/catalogue-lint.js';
import type { Diagnostic } from '../../diag/diagnostic.js';
import { describeShape, expectedShape, isIdentity, type RecordedTensor } from '../record.js';
import type { WrittenModel } from '../written.js';

const LAST = /(^|[^a-z])(n?[dt]?hwc|channels?[_-]?last)([^a-z]|$)/i;
/** Sizes that channels of a picture have, and heights hardly ever. */
const CHANNELS: readonly unknown[] = [1, 3, 4];

/**
 * Inputs whose axes were moved as if channels came first, where the name or the shape says that they come last. The verdict
 * doesn't depend on it, but who feeds the model does.
 */
export function layoutFindings({ file, record }: WrittenModel): Diagnostic[] {
  return record.inputs.flatMap((row) => {
    if (isIdentity(row.order)) return [];
    const why = doubt(row);
    if (why === undefined) return [];
    return [layoutDoubtful(file, row.onnx.name, describeShape(expectedShape(row)), `[${row.order.join(', ')}]`, why)];
  });
}

function doubt(row: RecordedTensor): string | undefined {
  if (LAST.test(row.onnx.name)) return 'its name says that channels come last';
  const sizes = expectedShape(row);
  const [channels, last] = [sizes[1], sizes.at(-1)];
  const picture = sizes.length === 4 && CHANNELS.includes(last) && typeof channels === 'number' && channels > 4;
  return picture && channels === sizes[2]
    ? `its last axis has the size ${last}, as channels of a picture have`
    : undefined;
}
