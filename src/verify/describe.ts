import {
  outputDiffers,
  outputDTypeDiffers,
  outputNotFinite,
  outputShapeDiffers,
  type Against,
} from '../diag/catalogue-verify.js';
import type { Diagnostic } from '../diag/diagnostic.js';
import type { AppliedTolerance, Figure, Figures } from './checks.js';
import type { Comparison } from './compare.js';
import { describeShape } from './record.js';

/** A number in the fewest digits that tell what is meant. */
function short(x: Figure | string): string {
  return typeof x === 'number' ? String(Number(x.toPrecision(6))) : x;
}

/** `3 of 1000 elements are beyond tolerance; the worst, at [0, 7], is 2.5 where 2 is expected …` */
export function sentenceOf(comparison: Comparison): string | undefined {
  const { kind, figures: f } = comparison;
  if (kind === 'pass') return undefined;
  if (kind === 'shape')
    return `the shape is ${describeShape(f.shape.actual)} where ${describeShape(f.shape.expected)} is expected`;
  if (kind === 'policy') return comparison.wanting?.join('; ');
  if (kind === 'dtype') return `the type is ${f.dtype.actual} where ${f.dtype.expected} is promised`;
  return [valuesSentence(f), ...(comparison.wanting ?? [])].join('; ');
}

function valuesSentence(f: Figures): string {
  const { worst, tolerance, nonFinite } = f;
  const parts = [`${f.beyond} of ${f.elements} elements are beyond tolerance`];
  if (worst) {
    const at = worst.index.length === 0 ? 'it' : `the worst, at ${describeShape(worst.index)},`;
    const times = typeof f.used === 'number' ? `, ${short(f.used)} times what is allowed` : '';
    const off =
      typeof worst.expected === 'number' && typeof worst.actual === 'number'
        ? ` (off by ${short(Math.abs(worst.actual - worst.expected))}${times})`
        : '';
    parts.push(`${at} is ${show(worst.actual)} where ${show(worst.expected)} is expected${off}`);
  }
  if (nonFinite && (nonFinite.actual.nan !== nonFinite.expected.nan || nonFinite.actual.inf !== nonFinite.expected.inf))
    parts.push(
      `it has ${nonFinite.actual.nan} NaN and ${nonFinite.actual.inf} infinities where ${nonFinite.expected.nan} and ${nonFinite.expected.inf} are expected`,
    );
  if (tolerance)
    parts.push(
      `allowed is ${tolerance.atol} + ${tolerance.rtol}*abs(expected) + ${tolerance.rangeTol}*${short(tolerance.range ?? 0)} (atol, rtol, range-tol)${besides(tolerance)}`,
    );
  return parts.join('; ');
}

/** What else was asked for or allowed. */
function besides({ ulp, outliers, nan, infinite }: AppliedTolerance): string {
  const parts = [
    ...(ulp === undefined ? [] : [`${ulp} units in the last place`]),
    ...(outliers === undefined ? [] : [`${outliers} of the elements beyond`]),
    ...(nan === undefined ? [] : [`NaN: ${nan}`]),
    ...(infinite === undefined ? [] : [`infinities: ${infinite}`]),
  ];
  return parts.length === 0 ? '' : `, or ${parts.join(', ')}`;
}

const show = (x: Figure | string): string =>
  typeof x === 'number' || ['NaN', 'Infinity', '-Infinity'].includes(x)
    ? short(x)
    : JSON.stringify(x.length > 60 ? `${x.slice(0, 60)}…` : x);

/** The diagnostic for an output that isn't as it should be. */
export function findingOf(comparison: Comparison, at: Against, hint: string | undefined): Diagnostic {
  const { kind, figures: f } = comparison;
  const sentence = `${sentenceOf(comparison) ?? ''}${hint === undefined ? '' : `; ${hint}`}`;
  if (kind === 'shape')
    return outputShapeDiffers(
      at,
      describeShape(f.shape.actual),
      `${describeShape(f.shape.expected)}${hint === undefined ? '' : `; ${hint}`}`,
    );
  if (kind === 'dtype') return outputDTypeDiffers(at, f.dtype.actual, f.dtype.expected);
  return kind === 'non-finite' ? outputNotFinite(at, sentence) : outputDiffers(at, sentence);
}
