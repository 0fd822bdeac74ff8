/** Which weights are stored narrower than float32, and what that saved. */
import type { QuantizationPlan } from './convert-types.js';
import { keepsFloat32, notQuantized } from '../diag/catalogue-convert.js';
import type { Diagnostic } from '../diag/diagnostic.js';
import type { Format, QuantizationFacts } from '../report/types.js';
import { isWorthQuantizing, QUANTIZED_BYTES, type QuantizedType } from '../tensor/quantization.js';
import { sizeOf } from '../tensor/tensor.js';
import type { WeightSpec } from '../write/shards.js';

/** How the weights of a format are to be stored, by name. */
export function storageOf(
  plan: QuantizationPlan | undefined,
  format: Format,
): (weight: string) => QuantizedType | undefined {
  if (plan === undefined || plan === 'none' || (format === 'keras' && plan !== 'float16')) return () => undefined;
  if (typeof plan === 'string') return () => plan;
  const own = plan[format] ?? {};
  return (weight) => (Object.hasOwn(own, weight) ? own[weight] : undefined);
}

/** What was stored how, for the report, and which weights could not be stored as asked. */
export function quantizationOf(
  plan: QuantizationPlan | undefined,
  format: Format,
  specs: readonly WeightSpec[],
  file: string,
): { facts?: QuantizationFacts; diagnostics: Diagnostic[] } {
  if (plan === undefined || plan === 'none') return { diagnostics: [] };
  if (format === 'keras' && plan !== 'float16') return { diagnostics: [notQuantized({ file })] };
  const stored: QuantizationFacts['stored'] = {};
  let [before, bytes] = [0, 0];
  for (const { dtype, shape, quantization } of specs) {
    if (dtype !== 'float32') continue;
    const as = quantization?.dtype ?? dtype;
    const size = sizeOf(shape);
    const now = size * (quantization ? QUANTIZED_BYTES[quantization.dtype] : 4);
    before += size * 4;
    bytes += now;
    const sum = stored[as] ?? { tensors: 0, bytes: 0 };
    stored[as] = { tensors: sum.tensors + 1, bytes: sum.bytes + now };
  }
  const storage = storageOf(plan, format);
  const refused = specs.filter(({ name, dtype, shape, quantization }) => {
    const as = storage(name);
    return as !== undefined && dtype === 'float32' && isWorthQuantizing(shape, as) && !quantization;
  });
  return {
    facts: { format, mode: typeof plan === 'string' ? plan : 'auto', float32Bytes: before, bytes, stored },
    diagnostics: refused.map(({ name }) => keepsFloat32({ file, tensor: name }, storage(name) as string)),
  };
}
