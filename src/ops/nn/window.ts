import { invalid, refuse } from '../../diag/diagnostic.js';
import { addDim, ceilDiv, floorDiv, isKnown, subDim, type Dim } from '../../ir/dim.js';
import type { RawNode } from '../../ir/view.js';

/** The attributes that convolutions and pools share, with ONNX's defaults filled in; spatial axes only. */
export interface Window {
  /** Undefined where the kernel's shape is that of the weights. */
  readonly kernel?: readonly number[];
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
  /** [begin, end] per axis; undefined with auto_pad SAME_UPPER or SAME_LOWER, where it depends on the input. */
  readonly pads?: readonly (readonly [number, number])[];
  readonly autoPad: 'NOTSET' | 'VALID' | 'SAME_UPPER' | 'SAME_LOWER';
  readonly ceil: boolean;
}

/** @param rank number of spatial axes */
export function readWindow(n: RawNode, rank: number): Window {
  const list = (name: string, fallback: number): number[] => {
    const given = n.optInts(name);
    if (given && given.length !== rank) return invalid(`${name} has ${given.length} entries for ${rank} spatial axes`);
    return given ?? new Array<number>(rank).fill(fallback);
  };
  const autoPad = (n.optString('auto_pad') || 'NOTSET') as Window['autoPad'];
  if (!['NOTSET', 'VALID', 'SAME_UPPER', 'SAME_LOWER'].includes(autoPad)) return invalid(`auto_pad is ${JSON.stringify(autoPad)}`);
  const flat = n.optInts('pads');
  if (flat && flat.length !== 2 * rank) return invalid(`pads has ${flat.length} entries for ${rank} spatial axes`);
  const pads = Array.from({ length: rank }, (_, i): [number, number] => [flat?.[i] ?? 0, flat?.[i + rank] ?? 0]);
  const kernel = n.optInts('kernel_shape');
  return {
    ...(kernel ? { kernel } : {}), strides: list('strides', 1), dilations: list('dilations', 1), autoPad,
    ...(autoPad === 'NOTSET' ? { pads } : autoPad === 'VALID' ? { pads: pads.map((): [number, number] => [0, 0]) } : {}),
    ceil: (n.optInt('ceil_mode') ?? 0) !== 0,
  };
}

/** How far a dilated kernel reaches. */
export const reach = (kernel: number, dilation: number): number => (kernel - 1) * dilation + 1;

/** Pads per spatial axis, known; SAME_* by the rule of Conv: output = ceil(input / stride). */
export function padsOf(w: Window, kernel: readonly number[], spatial: readonly Dim[]): readonly (readonly [number, number])[] {
  if (w.pads) return w.pads;
  return spatial.map((size, i): [number, number] => {
    const span = reach(kernel[i], w.dilations[i]);
    if (!isKnown(size)) {
      // With stride 1 the pads don't depend on the size.
      if (w.strides[i] !== 1) return refuse(`auto_pad ${w.autoPad} with stride ${w.strides[i]} needs the input's size, which is ${size}`, 'fix the sizes with input-shapes in the config, or export with explicit pads');
      return half(span - 1, w.autoPad);
    }
    const out = Math.ceil(size / w.strides[i]);
    return half(Math.max(0, (out - 1) * w.strides[i] + span - size), w.autoPad);
  });
}

function half(total: number, autoPad: Window['autoPad']): [number, number] {
  const small = Math.floor(total / 2);
  return autoPad === 'SAME_LOWER' ? [total - small, small] : [small, total - small];
}

/** Sizes of the output's spatial axes. */
export function windowDims(w: Window, kernel: readonly number[], spatial: readonly Dim[]): Dim[] {
  return spatial.map((size, i) => {
    if (!w.pads) return ceilDiv(size, w.strides[i]);
    const [begin, end] = w.pads[i];
    const room = subDim(addDim(size, begin + end), reach(kernel[i], w.dilations[i]));
    if (!w.ceil) return addDim(floorDiv(room, w.strides[i]), 1);
    const out = addDim(ceilDiv(room, w.strides[i]), 1);
    // A window that would begin in the padding behind the input is left out.
    if (isKnown(out) && isKnown(size) && (out - 1) * w.strides[i] >= size + begin) return out - 1;
    return out;
  });
}
