import { count, counted, share, shareOfAllowed, size } from './figures.js';
import { type QuantizationFacts, type QuantizationSearch, STORAGES } from './types.js';

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

/** How `auto` came to it, and where it is larger than it could be, why. */
export function searchText({ bytes }: QuantizationFacts, search: QuantizationSearch): string {
  const { curve, chosen, ended, engine, references } = search;
  if (ended === 'float32')
    return `Nothing was made smaller, since the outputs are out of tolerance with all weights as float32 (${shareOfAllowed(curve[0]?.used ?? 0)}).`;
  const sets = references.every((r) => r.kind === 'stored') ? 'stored' : 'computed by onnxruntime';
  const by = `Found by ${counted(curve.length, 'run')} on ${engine} against ${counted(references.length, 'data set')}, ${sets}`;
  const late = ended === 'time' ? ', as many as the time allowed' : '';
  const used = curve[chosen]?.used;
  const uses = used === undefined ? '' : `; the outputs use ${shareOfAllowed(used)}`;
  const smaller = curve.filter((t) => t.bytes < bytes && !t.passes).sort((a, b) => a.bytes - b.bytes)[0];
  const why = smaller === undefined ? '' : ` In ${size(smaller.bytes)} they would use ${share(smaller.used)}.`;
  return `${by}${late}${uses}.${why}${sensitive(search)}`;
}

/** The weights that cost the most error. */
function sensitive({ weights }: QuantizationSearch): string {
  const worst = weights
    .filter((w) => w.stored !== 'uint8' && w.used !== undefined && !(Number(w.used) <= 1))
    .sort((a, b) => Number(b.used) - Number(a.used));
  if (worst.length === 0) return '';
  return ` ${counted(worst.length, 'weight')} would be too much in the smallest form, alone or within a group of small ones.`;
}
