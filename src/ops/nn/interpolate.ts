import { series } from '../../ir/weights.js';

/** Interpolation along one axis, as ONNX's Resize has it, on plain numbers. What is computed when the model runs is in interpolate-graph. */

/** tf_half_pixel_for_nn is of Resize-11 alone. */
export type Transform =
  | 'half_pixel'
  | 'tf_half_pixel_for_nn'
  | 'half_pixel_symmetric'
  | 'pytorch_half_pixel'
  | 'align_corners'
  | 'asymmetric'
  | 'tf_crop_and_resize';
export const TRANSFORMS: readonly Transform[] = [
  'half_pixel',
  'tf_half_pixel_for_nn',
  'half_pixel_symmetric',
  'pytorch_half_pixel',
  'align_corners',
  'asymmetric',
  'tf_crop_and_resize',
];

export type NearestMode = 'round_prefer_floor' | 'round_prefer_ceil' | 'floor' | 'ceil' | 'simple';
/** 'simple' is that of Resize-10: down where it enlarges, up where it shrinks. */
export const NEAREST_MODES: readonly NearestMode[] = ['round_prefer_floor', 'round_prefer_ceil', 'floor', 'ceil'];

export interface Interpolation {
  readonly mode: 'nearest' | 'linear' | 'cubic';
  readonly transform: Transform;
  readonly nearest: NearestMode;
  /** The coefficient of the cubic kernel. */
  readonly cubic: number;
  /** Weights of what lies outside become 0, and the others are scaled to a sum of 1. */
  readonly excludeOutside: boolean;
  /** What stands outside, for tf_crop_and_resize. */
  readonly extrapolation: number;
  /** The kernel is widened where the axis shrinks. */
  readonly antialias: boolean;
}

/** An axis whose sizes are known. */
export interface Axis {
  readonly size: number;
  readonly out: number;
  /** ONNX's scale: out / size, but for what rounding the size down takes. */
  readonly scale: number;
  /** Start and end, for tf_crop_and_resize. */
  readonly roi: readonly [number, number];
}

/**
 * A float32 scale as the fraction that it was made from, such as 0.6 for 0.60000002, so that positions that fall on an
 * element do.
 */
export function fraction(scale: number): { p: number; q: number } | undefined {
  for (let q = 1; q <= 128; q++) {
    const p = Math.round(scale * q);
    if (p > 0 && Math.fround(p / q) === Math.fround(scale)) return { p, q };
  }
  return undefined;
}

/** Where in the input each element of the output lies. */
export function positions(t: Transform, { size, out, scale, roi }: Axis): number[] {
  const f = fraction(scale);
  const s = f ? f.p / f.q : scale;
  const width = Math.abs(s * size - out) < 1e-5 ? out : s * size;
  const at = (i: number): number => {
    switch (t) {
      case 'half_pixel':
        return (i + 0.5) / s - 0.5;
      case 'tf_half_pixel_for_nn':
        return (i + 0.5) / s;
      case 'pytorch_half_pixel':
        return out === 1 ? 0 : (i + 0.5) / s - 0.5;
      case 'half_pixel_symmetric':
        return (size / 2) * (1 - out / width) + (i + 0.5) / s - 0.5;
      case 'align_corners':
        return width === 1 ? 0 : (i * (size - 1)) / (width - 1);
      case 'asymmetric':
        return i / s;
      case 'tf_crop_and_resize': {
        const span = (roi[1] - roi[0]) * (size - 1);
        return roi[0] * (size - 1) + (width === 1 ? span / 2 : (i * span) / (width - 1));
      }
    }
  };
  // Rounded to float32, positions that are whole but for the last bits are whole.
  return series(out, (i) => Math.fround(at(i)));
}

/** Whether tf_crop_and_resize gives the extrapolation value there. */
export const isOutside = (position: number, size: number): boolean => position < 0 || position > size - 1;

export function nearestIndex(mode: NearestMode, position: number, { size, scale }: Axis): number {
  const rounded = {
    round_prefer_floor: () => Math.ceil(position - 0.5),
    round_prefer_ceil: () => Math.floor(position + 0.5),
    floor: () => Math.floor(position),
    ceil: () => Math.ceil(position),
    simple: () => (scale < 1 ? Math.ceil(position) : Math.floor(position)),
  }[mode]();
  return Math.min(size - 1, Math.max(0, rounded));
}

/** How far the kernel reaches to both sides. */
export const SUPPORT = { linear: 1, cubic: 2 } as const;

function kernelAt({ mode, cubic: a }: Interpolation, distance: number): number {
  const d = Math.abs(distance);
  if (mode === 'linear') return Math.max(0, 1 - d);
  if (d <= 1) return ((a + 2) * d - (a + 3)) * d * d + 1;
  return d < 2 ? ((a * d - 5 * a) * d + 8 * a) * d - 4 * a : 0;
}

/**
 * The matrix [out, size] that linear and cubic interpolation is. Elements outside are those at the edge, or nothing with
 * exclude_outside; rows of positions that are extrapolated are zero.
 */
export function weights(rule: Interpolation, axis: Axis): Float32Array {
  const { size, out } = axis;
  const shrink = rule.antialias ? Math.min(axis.scale, 1) : 1;
  const support = Math.ceil(SUPPORT[rule.mode as 'linear'] / shrink);
  const matrix = new Float32Array(out * size);
  positions(rule.transform, axis).forEach((position, row) => {
    if (rule.transform === 'tf_crop_and_resize' && isOutside(position, size)) return;
    const base = Math.floor(position);
    const line = new Float64Array(size);
    let sum = 0;
    for (let i = base - support; i <= base + support + 1; i++) {
      const inside = i >= 0 && i < size;
      const weight = rule.excludeOutside && !inside ? 0 : kernelAt(rule, (i - position) * shrink);
      sum += weight;
      line[Math.min(size - 1, Math.max(0, i))] += weight;
    }
    const total = rule.antialias || rule.excludeOutside ? sum : 1;
    line.forEach((v, i) => {
      matrix[row * size + i] = v / total;
    });
  });
  return matrix;
}

/** Where TensorFlow's ResizeBilinear and ResizeNearestNeighbor look, for comparison. */
export type TfCenters = 'half_pixel' | 'align_corners' | 'none';

export function tfPosition(centers: TfCenters, i: number, size: number, out: number): number {
  if (centers === 'half_pixel') return ((i + 0.5) * size) / out - 0.5;
  return centers === 'align_corners' && out > 1 ? (i * (size - 1)) / (out - 1) : (i * size) / out;
}
