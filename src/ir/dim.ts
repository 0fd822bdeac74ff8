import { beyond } from '../diag/diagnostic.js';
import { LIMITS } from '../diag/limits.js';

/**
 * Sizes of axes: a number, or a polynomial over symbols with integer coefficients. Two sizes are the same where their
 * keys are; what can't be said as a polynomial (a rounded division, a maximum) is a symbol named by its expression, so
 * that the same expression is the same symbol.
 */
export type Dim = number | Sym;

interface Term {
  readonly coefficient: number;
  /** Sorted symbols; one that is squared stands twice. */
  readonly factors: readonly string[];
}

/** A size that is known only when the model runs. Immutable. */
export class Sym {
  /** Canonical text; equal sizes have equal keys. */
  readonly key: string;
  readonly terms: readonly Term[];
  constructor(terms: readonly Term[]) {
    this.terms = terms;
    this.key = terms.map(showTerm).join('+').replaceAll('+-', '-');
  }
  toString(): string {
    return this.key;
  }
}

function showTerm({ coefficient, factors }: Term): string {
  if (factors.length === 0) return String(coefficient);
  const product = factors.join('*');
  return coefficient === 1 ? product : coefficient === -1 ? `-${product}` : `${coefficient}*${product}`;
}

/** A size that has a name of its own. */
export function symbol(name: string): Sym {
  if (name.length > LIMITS.sizeText) return tooComplex();
  return new Sym([{ coefficient: 1, factors: [name] }]);
}

function termsOf(d: Dim): readonly Term[] {
  return typeof d === 'number' ? (d === 0 ? [] : [{ coefficient: d, factors: [] }]) : d.terms;
}

function normal(terms: Iterable<Term>): Dim {
  const sums = new Map<string, { coefficient: number; factors: readonly string[] }>();
  for (const t of terms) {
    const key = t.factors.join('*');
    const sum = sums.get(key);
    if (sum) sum.coefficient += t.coefficient;
    else sums.set(key, { coefficient: t.coefficient, factors: t.factors });
  }
  const kept = [...sums]
    .filter(([, t]) => t.coefficient !== 0)
    .sort(([a], [b]) => (a === '' ? 1 : b === '' ? -1 : a < b ? -1 : 1));
  if (kept.length === 0) return 0;
  if (kept.length === 1 && kept[0][0] === '') return kept[0][1].coefficient;
  if (
    kept.length > LIMITS.sizeTerms ||
    kept.some(([, t]) => t.factors.length > LIMITS.sizeFactors || !Number.isSafeInteger(t.coefficient))
  )
    return tooComplex();
  return new Sym(kept.map(([, t]) => t));
}

function tooComplex(): never {
  return beyond(
    'size-too-complex',
    'sizes that only the run tells grow into an expression too long to follow',
    'fix the sizes with input-shapes in the config, or export the model with fixed sizes',
  );
}

export const isKnown = (d: Dim): d is number => typeof d === 'number';

/** Whether all sizes are numbers. */
export function areKnown(dims: readonly Dim[]): dims is readonly number[] {
  return dims.every(isKnown);
}

/** Whether the two are the same whatever the symbols stand for. */
export function sameDim(a: Dim, b: Dim): boolean {
  return typeof a === 'number' || typeof b === 'number' ? a === b : a.key === b.key;
}

export function sameDims(a: readonly Dim[], b: readonly Dim[]): boolean {
  return a.length === b.length && a.every((d, i) => sameDim(d, b[i]));
}

export function addDim(a: Dim, b: Dim): Dim {
  if (typeof a === 'number' && typeof b === 'number') return a + b;
  return normal([...termsOf(a), ...termsOf(b)]);
}

export function mulDim(a: Dim, b: Dim): Dim {
  if (typeof a === 'number' && typeof b === 'number') return a * b;
  const terms: Term[] = [];
  if (termsOf(a).length * termsOf(b).length > LIMITS.sizeTerms ** 2) return tooComplex();
  for (const s of termsOf(a))
    for (const t of termsOf(b))
      terms.push({ coefficient: s.coefficient * t.coefficient, factors: [...s.factors, ...t.factors].sort() });
  return normal(terms);
}

export function subDim(a: Dim, b: Dim): Dim {
  return addDim(a, mulDim(b, -1));
}

export function productOf(dims: readonly Dim[]): Dim {
  return dims.reduce<Dim>(mulDim, 1);
}

/** The product of sizes, those that only the run tells taken as 1: so many there are at least, where there is anything. */
export const knownProduct = (dims: readonly Dim[]): number =>
  dims.reduce<number>((product, d) => product * (isKnown(d) ? d : 1), 1);

/** a / b where the division leaves nothing whatever the symbols stand for; undefined where that isn't certain. */
export function exactDiv(a: Dim, b: Dim): Dim | undefined {
  if (typeof b === 'number' && b === 0) return undefined;
  if (typeof a === 'number' && typeof b === 'number') return a % b === 0 ? a / b : undefined;
  if (sameDim(a, b)) return 1;
  const divisor = termsOf(b);
  if (divisor.length !== 1) return undefined;
  const terms: Term[] = [];
  for (const t of termsOf(a)) {
    if (t.coefficient % divisor[0].coefficient !== 0) return undefined;
    const factors = [...t.factors];
    for (const f of divisor[0].factors) {
      const at = factors.indexOf(f);
      if (at < 0) return undefined;
      factors.splice(at, 1);
    }
    terms.push({ coefficient: t.coefficient / divisor[0].coefficient, factors });
  }
  return normal(terms);
}

/** floor(a / b), b a positive number. */
export function floorDiv(a: Dim, b: number): Dim {
  if (typeof a === 'number') return Math.floor(a / b);
  if (b === 1) return a;
  const exact = exactDiv(a, b);
  if (exact !== undefined) return exact;
  // Multiples of b come out: floor((b*H + W + 2b) / b) = H + floor(W / b) + 2.
  const whole = normal(
    a.terms.map((t) =>
      t.factors.length === 0
        ? { ...t, coefficient: Math.floor(t.coefficient / b) }
        : { ...t, coefficient: t.coefficient % b === 0 ? t.coefficient / b : 0 },
    ),
  );
  const rest = subDim(a, mulDim(whole, b));
  return addDim(
    typeof rest === 'number' ? Math.floor(rest / b) : symbol(called(`floor((${rest})/${b})`, isNatural(rest))),
    whole,
  );
}

/** ceil(a / b), b a positive number. */
export function ceilDiv(a: Dim, b: number): Dim {
  return floorDiv(addDim(a, b - 1), b);
}

export function maxDim(a: Dim, b: Dim): Dim {
  if (typeof a === 'number' && typeof b === 'number') return Math.max(a, b);
  if (sameDim(a, b)) return a;
  return symbol(called(`max(${[String(a), String(b)].sort().join(',')})`, isNatural(a) || isNatural(b)));
}

export function minDim(a: Dim, b: Dim): Dim {
  if (typeof a === 'number' && typeof b === 'number') return Math.min(a, b);
  if (sameDim(a, b)) return a;
  return symbol(called(`min(${[String(a), String(b)].sort().join(',')})`, isNatural(a) && isNatural(b)));
}

/**
 * The dims of a broadcast (numpy's rule, ONNX's multidirectional broadcasting). Where one side is a symbol and the
 * other a number above 1, the number is right, since anything else would be an error when the model runs.
 * Undefined where the two can't be broadcast.
 */
export function broadcastDims(a: readonly Dim[], b: readonly Dim[], fresh: () => Dim): Dim[] | undefined {
  const rank = Math.max(a.length, b.length);
  const out: Dim[] = [];
  for (let i = 0; i < rank; i++) {
    const x = i < rank - a.length ? 1 : a[i - rank + a.length];
    const y = i < rank - b.length ? 1 : b[i - rank + b.length];
    if (sameDim(x, y)) out.push(x);
    else if (x === 1) out.push(y);
    else if (y === 1) out.push(x);
    else if (typeof x === 'number' && typeof y === 'number') return undefined;
    else if (typeof x === 'number') out.push(x);
    else if (typeof y === 'number') out.push(y);
    else out.push(fresh());
  }
  return out;
}

export function showDims(dims: readonly Dim[]): string {
  return `[${dims.join(', ')}]`;
}

/** What an expression is called that has a name of its own; one that may be negative says so. */
const called = (expression: string, natural: boolean): string => (natural ? expression : `±${expression}`);

/** The least that a symbol stands for: 1 for a size that the file names, 0 for what operators find out or compute. */
function leastOf(name: string): number {
  if (name.startsWith('±')) return Number.NEGATIVE_INFINITY;
  return /^[\w.{}]+$/.test(name) ? 1 : 0;
}

/** Whether a size follows from what operators find in the data (`?1`, `?2` …), which may be nothing. */
export function mayBeNothing(d: Dim): boolean {
  return (
    typeof d !== 'number' && d.terms.some((t) => t.factors.some((f) => f.includes('?'))) && !isNatural(subDim(d, 1))
  );
}

/** Whether a size can't be negative, whatever its symbols stand for. */
export function isNatural(d: Dim): boolean {
  if (typeof d === 'number') return d >= 0;
  let least = 0;
  for (const { coefficient, factors } of d.terms) {
    const bounds = factors.map(leastOf);
    if (factors.length > 0 && (coefficient < 0 || bounds.some((b) => b < 0))) return false;
    least += bounds.reduce((product, b) => product * b, coefficient);
  }
  return least >= 0;
}
