import { invalid } from '../diag/diagnostic.js';
import { isKnown, showDims, type Dim } from './dim.js';
import type { Bound } from './graph.js';

/**
 * The shapes that the specification asks of a node's inputs, one text per input in the order of the file:
 *
 * - `N C _ 4`: an axis each: of a size that is the same wherever its name stands, of any size, of just this one
 * - `3*H`: three times the size H
 * - `...`: any number of axes, none included; `...s`: as many wherever `s` stands; `...S`: and of the same sizes
 * - `()`: no axis, a scalar; nothing at all: any shape
 * - `A B | A B C`: one of these, the first that fits
 * - `? N`: may be left out. Read where ONNX has no schema of the operator; else that tells
 *
 * Inputs beyond the list may be anything. A size that only the run tells fits everywhere.
 */
export type Shapes = readonly string[];

type Axis =
  | { readonly kind: 'any' }
  | { readonly kind: 'size'; readonly size: number }
  | { readonly kind: 'name'; readonly name: string; readonly times: number }
  | { readonly kind: 'rest'; readonly name: string; readonly equal: boolean };

interface Wanted {
  readonly optional: boolean;
  /** Empty where any shape will do. */
  readonly forms: readonly (readonly Axis[])[];
}

const parsed = new Map<string, Wanted>();

function parse(text: string): Wanted {
  const known = parsed.get(text);
  if (known) return known;
  const [, mark, rest] = /^(\? ?)?(.*)$/.exec(text) as unknown as [string, string | undefined, string];
  const wanted: Wanted = {
    optional: mark !== undefined,
    forms: rest === '' ? [] : rest.split(' | ').map((form) => (form === '()' ? [] : form.split(' ').map(axis))),
  };
  parsed.set(text, wanted);
  return wanted;
}

function axis(word: string): Axis {
  if (word === '_') return { kind: 'any' };
  if (/^\d+$/.test(word)) return { kind: 'size', size: Number(word) };
  if (word.startsWith('...')) {
    const name = word.slice(3);
    return { kind: 'rest', name: name.toLowerCase(), equal: name !== name.toLowerCase() };
  }
  const [, times, name] = /^(?:(\d+)\*)?([A-Z]\w*)$/.exec(word) ?? [];
  if (name === undefined) throw new Error(`${JSON.stringify(word)} says no axis`);
  return { kind: 'name', name, times: Number(times ?? 1) };
}

/** What names stand for, and the input that told it. */
interface Found {
  readonly sizes: Map<string, { size: number; by: string }>;
  readonly counts: Map<string, { count: number; by: string; dims?: readonly Dim[] }>;
}

/** What the names stand for with this input, too; undefined where it doesn't fit. */
function bindings(form: readonly Axis[], dims: readonly Dim[], by: string, before: Found): Found | undefined {
  const found: Found = { sizes: new Map(before.sizes), counts: new Map(before.counts) };
  const at = form.findIndex((a) => a.kind === 'rest');
  const count = dims.length - (form.length - 1);
  if (at < 0 ? dims.length !== form.length : count < 0) return undefined;
  let next = 0;
  for (const a of form) {
    if (a.kind === 'rest') {
      const own = dims.slice(next, next + count);
      next += count;
      if (a.name === '') continue;
      const known = found.counts.get(a.name);
      if (known && known.count !== count) return undefined;
      if (a.equal && known?.dims?.some((d, i) => isKnown(d) && isKnown(own[i]) && d !== own[i])) return undefined;
      if (!known || (a.equal && !known.dims))
        found.counts.set(a.name, { count, by, ...(a.equal ? { dims: own } : {}) });
      continue;
    }
    const size = dims[next++];
    if (a.kind === 'any' || !isKnown(size)) continue;
    if (a.kind === 'size') {
      if (size !== a.size) return undefined;
      continue;
    }
    const known = found.sizes.get(a.name);
    if (known ? known.size * a.times !== size : size % a.times !== 0) return undefined;
    if (!known) found.sizes.set(a.name, { size: size / a.times, by });
  }
  return found;
}

/**
 * Holds a node's inputs against the shapes that its operator wants. Refuses the node, naming input, shapes and what
 * another input has told.
 * @param names of the inputs, where ONNX gives them
 * @param told whether a schema has told already which inputs have to be there
 */
export function checkShapes(
  op: string,
  shapes: Shapes,
  inputs: readonly (Bound | undefined)[],
  names: (i: number) => string | undefined,
  told: boolean,
): void {
  let found: Found = { sizes: new Map(), counts: new Map() };
  shapes.forEach((text, i) => {
    const { optional, forms } = parse(text);
    const given = inputs[i];
    const name = names(i);
    const input = `input ${i}${name ? ` (${name})` : ''}`;
    if (given === undefined) {
      if (!optional && !told) invalid(`${input} of ${op} is missing`);
      return;
    }
    if (given.kind !== 'tensor') {
      if (forms.length > 0 || !told) invalid(`${input} of ${op} is a ${given.kind}, where a tensor is expected`);
      return;
    }
    if (forms.length === 0) return;
    const { dims } = given.type;
    for (const form of forms) {
      const now = bindings(form, dims, input, found);
      if (now) {
        found = now;
        return;
      }
    }
    invalid(
      `${input} of ${op} has the shape ${showDims(dims)}, where ${forms.map(show).join(' or ')} is wanted${because(forms, found)}`,
      'check how the model makes this input, or the one that it has to fit; onnx.checker with full_check finds such nodes, too',
    );
  });
}

function show(form: readonly Axis[]): string {
  const words = form.map((a) => {
    if (a.kind === 'any') return '?';
    if (a.kind === 'size') return String(a.size);
    return a.kind === 'rest' ? `…${a.name}` : a.times === 1 ? a.name : `${a.times}*${a.name}`;
  });
  return `[${words.join(', ')}]`;
}

/** What the names in the forms stand for, and which inputs told it. */
function because(forms: Wanted['forms'], { sizes, counts }: Found): string {
  const reasons = new Set<string>();
  for (const a of forms.flat()) {
    const size = a.kind === 'name' ? sizes.get(a.name) : undefined;
    if (size) reasons.add(`${(a as { name: string }).name} is ${size.size} by ${size.by}`);
    const rest = a.kind === 'rest' ? counts.get(a.name) : undefined;
    if (rest)
      reasons.add(
        `…${(a as { name: string }).name} is ${rest.dims ? showDims(rest.dims) : rest.count === 1 ? '1 axis' : `${rest.count} axes`} by ${rest.by}`,
      );
  }
  return reasons.size > 0 ? `: ${[...reasons].join(', ')}` : '';
}
