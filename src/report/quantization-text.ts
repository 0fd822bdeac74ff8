import { count, counted, size } from './figures.js';
import { type QuantizationFacts, STORAGES } from './types.js';

/** `2.9 MB instead of 11.6 MB (25 %): 20 weights as uint8, 41 as float32`. */
export function storageText({ float32Bytes, bytes, stored }: QuantizationFacts): string {
  const kinds = STORAGES.flatMap((as) => {
    const sum = stored[as];
    return sum === undefined ? [] : [{ as, ...sum }];
  }).sort((a, b) => b.bytes - a.bytes);
  const parts = kinds.map(({ as, tensors }, i) => `${i === 0 ? counted(tensors, 'weight') : count(tensors)} as ${as}`);
  const share = float32Bytes === 0 ? 100 : Math.ceil((100 * bytes) / float32Bytes);
  return `${size(bytes)} instead of ${size(float32Bytes)} (${share} %): ${parts.join(', ')}`;
}
