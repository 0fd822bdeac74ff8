import { invalid, refuse } from '../../diag/diagnostic.js';
import { addDim, ceilDiv, floorDiv, isKnown, showDims, subDim, type Dim } from '../../ir/dim.js';
import type { RawNode } from '../../ir/view.js';
import type { Amount, Amounts } from '../../tf/amounts.js';

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

/** Number of spatial axes of input 0. */
export function spatialRank(n: RawNode): number {
  return (n.input(0)?.type.dims.length ?? 2) - 2;
}

/** @param rank number of spatial axes */
export function readWindow(n: RawNode, rank: number): Window {
  const list = (name: string, fallback: number): number[] => {
    const given = n.optInts(name);
    if (given && given.length !== rank) return invalid(`${name} has ${given.length} entries for ${rank} spatial axes`);
    if (given?.some((v) => v < 1)) return invalid(`${name} is ${JSON.stringify(given)}`);
    return given ?? new Array<number>(rank).fill(fallback);
  };
  const autoPad = (n.optString('auto_pad') || 'NOTSET') as Window['autoPad'];
  if (!['NOTSET', 'VALID', 'SAME_UPPER', 'SAME_LOWER'].includes(autoPad))
    return invalid(`auto_pad is ${JSON.stringify(autoPad)}`);
  const flat = n.optInts('pads');
  if (flat && flat.length !== 2 * rank) return invalid(`pads has ${flat.length} entries for ${rank} spatial axes`);
  const pads = Array.from({ length: rank }, (_, i): [number, number] => [flat?.[i] ?? 0, flat?.[i + rank] ?? 0]);
  const kernel = n.optInts('kernel_shape');
  return {
    ...(kernel ? { kernel } : {}),
    strides: list('strides', 1),
    dilations: list('dilations', 1),
    autoPad,
    ...(autoPad === 'NOTSET'
      ? { pads }
      : autoPad === 'VALID'
        ? { pads: pads.map((): [number, number] => [0, 0]) }
        : {}),
    ceil: (n.optInt('ceil_mode') ?? 0) !== 0,
  };
}

/** How far a dilated kernel reaches. */
export const reach = (kernel: number, dilation: number): number => (kernel - 1) * dilation + 1;

/**
 * Pads with which a window that rounds down gives ONNX's output sizes. With ceil_mode the last window may reach beyond
 * the padding, but not begin there: up to stride - 1 more behind, and never so much that a window is all padding.
 */
function explicitPads(w: Window, kernel: readonly number[]): readonly (readonly [number, number])[] | undefined {
  if (!w.pads || !w.ceil) return w.pads;
  return w.pads.map(([begin, end], i): [number, number] => [
    begin,
    Math.min(end + w.strides[i] - 1, reach(kernel[i], w.dilations[i]) - 1),
  ]);
}

/** Pads per spatial axis where they are known while converting; undefined for auto_pad SAME on sizes that aren't. */
export function knownPads(
  w: Window,
  kernel: readonly number[],
  spatial: readonly Dim[],
): readonly (readonly [number, number])[] | undefined {
  const explicit = explicitPads(w, kernel);
  // What a window that rounds down leaves out anyway need not be padded.
  if (explicit)
    return explicit.map(([begin, end], i): [number, number] => {
      const size = spatial[i];
      return !w.ceil || !isKnown(size)
        ? [begin, end]
        : [begin, Math.max(0, end - ((size + begin + end - reach(kernel[i], w.dilations[i])) % w.strides[i]))];
    });
  const totals = spatial.map((size, i) => {
    const over = reach(kernel[i], w.dilations[i]) - 1;
    if (w.strides[i] === 1) return over;
    return isKnown(size) ? Math.max(0, over - ((size - 1) % w.strides[i])) : undefined;
  });
  return totals.every((t) => t !== undefined) ? totals.map((t) => half(t, w.autoPad)) : undefined;
}

/** See {@link knownPads}: refuses where they aren't. */
export function needPads(
  w: Window,
  kernel: readonly number[],
  spatial: readonly Dim[],
): readonly (readonly [number, number])[] {
  return (
    knownPads(w, kernel, spatial) ??
    refuse(
      `auto_pad ${w.autoPad} with a stride needs the input's sizes, which are ${showDims(spatial)}`,
      'fix the sizes with input-shapes in the config, or convert to a graph-model',
    )
  );
}

/** Pads per spatial axis; for auto_pad SAME on sizes that aren't known, computed when the model runs. */
export function padsOf(
  w: Window,
  kernel: readonly number[],
  spatial: readonly Dim[],
  sizes: readonly Amount[],
  a: Amounts,
): readonly (readonly [Amount, Amount])[] {
  const known = knownPads(w, kernel, spatial);
  if (known) return known;
  // The output has ceil(size / stride) positions: the last begins (size - 1) mod stride before the last element.
  return sizes.map((size, i): [Amount, Amount] => {
    const over = reach(kernel[i], w.dilations[i]) - 1;
    const total = a.max(0, a.sub(over, a.mod(a.sub(size, 1), w.strides[i])));
    const small = a.div(total, 2);
    const large = a.sub(total, small);
    return w.autoPad === 'SAME_LOWER' ? [large, small] : [small, large];
  });
}

function half(total: number, autoPad: Window['autoPad']): [number, number] {
  const small = Math.floor(total / 2);
  return autoPad === 'SAME_LOWER' ? [total - small, small] : [small, total - small];
}

/** Sizes of the output's spatial axes. */
export function windowDims(w: Window, kernel: readonly number[], spatial: readonly Dim[]): Dim[] {
  const pads = explicitPads(w, kernel);
  return spatial.map((size, i) => {
    if (!pads) return ceilDiv(size, w.strides[i]);
    const room = subDim(addDim(size, pads[i][0] + pads[i][1]), reach(kernel[i], w.dilations[i]));
    return addDim(floorDiv(room, w.strides[i]), 1);
  });
}
