import type { Dim, Figure } from './types.js';

/** How numbers are written, one way in every report. Pure text; nothing here needs escaping but symbols in shapes. */

/** Two decimals as Python's `%.2f` gives them: exact ties (odd eighths) go to the even digit (4.125 is 4.12), unlike toFixed. */
export function fixed2(x: number): string {
  const isTie = Number.isInteger(8 * x) && !Number.isInteger(4 * x);
  if (!isTie) return x.toFixed(2);
  const low = Math.floor(100 * x);
  return ((low + (low % 2)) / 100).toFixed(2);
}

const UNITS = ['Byte', 'KB', 'MB', 'GB', 'TB', 'PB'];

/** A size as Keras writes it: 1024-based, two decimals (`44.63 MB`). */
export function kerasSize(bytes: number): string {
  let unit = 0;
  let size = bytes;
  while (size / 1024 >= 1 && unit < UNITS.length - 1) {
    size /= 1024;
    unit++;
  }
  return `${fixed2(size)} ${UNITS[unit]}`;
}

/** A size for people: 1024-based as Keras's, three digits at most (`44.6 MB`, `512 bytes`). */
export function size(bytes: number): string {
  if (bytes < 1024) return bytes === 1 ? '1 byte' : `${bytes} bytes`;
  let unit = 0;
  let rest = bytes;
  while (rest >= 1023.5 && unit < UNITS.length - 1) {
    rest /= 1024;
    unit++;
  }
  return `${rest < 99.95 ? rest.toFixed(1) : Math.round(rest)} ${UNITS[unit]}`;
}

/** A count with commas (`11,689,512`). */
export function count(n: number): string {
  return String(n).replace(/\B(?=(\d{3})+$)/g, ',');
}

/** `1 model`, `2 models`. */
export function counted(n: number, one: string, many = `${one}s`): string {
  return `${count(n)} ${n === 1 ? one : many}`;
}

/** What became of the nodes, as `41 layers, 3 ops, 2 folded`. */
export function fatesText(fates: Readonly<Record<string, number | undefined>>): string {
  return Object.entries(fates)
    .flatMap(([fate, n = 0]) =>
      n === 0 ? [] : [fate === 'layer' || fate === 'op' ? counted(n, fate) : `${count(n)} ${fate}`],
    )
    .join(', ');
}

/** A time (`840 ms`, `12.3 s`, `3 min 5 s`). */
export function duration(ms: number): string {
  if (ms < 999.5) return `${Math.round(ms)} ms`;
  if (ms < 99_950) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}

/** A value in full, since its last digits may be what differs: nine tell all of float32's apart. */
export function exactFigure(x: number): string {
  return Math.fround(x) === x ? String(Number(x.toPrecision(9))) : String(x);
}

/** An error or a value: three significant digits, exponents where they say more (`0`, `0.0123`, `4.77e-7`). */
export function figure(x: Figure | undefined): string {
  if (x === undefined) return '–';
  if (typeof x === 'string') return x;
  if (x === 0 || (Number.isInteger(x) && Math.abs(x) < 1e6)) return String(x);
  const magnitude = Math.abs(x);
  if (magnitude >= 0.001 && magnitude < 1e5) return String(Number(x.toPrecision(3)));
  return String(x.toExponential(2))
    .replace(/\.?0+e/, 'e')
    .replace('e+', 'e');
}

/** The number itself, with NaN and the infinities as JavaScript has them. */
export function numberOf(x: Figure): number {
  return typeof x === 'number' ? x : Number(x);
}

/** A share of the tolerance as words: `31 %`, `< 1 %`, `41 times`. */
export function share(used: Figure): string {
  const x = numberOf(used);
  if (Number.isNaN(x)) return 'NaN';
  if (x === 0) return '0 %';
  if (x === Infinity) return 'beyond all';
  if (x > 1 && x < 1.1) return 'just over';
  if (x > 1)
    return `${x < 9.95 ? x.toFixed(1) : x < 1e6 ? count(Math.round(x)) : x.toExponential(1).replace('e+', 'e')} times`;
  return x < 0.01 ? '< 1 %' : `${Math.min(100, Math.ceil(x * 100))} %`;
}

/** The same in a sentence: `31 % of what is allowed`, `41 times what is allowed`. */
export function shareOfAllowed(used: Figure): string {
  const x = numberOf(used);
  if (Number.isNaN(x) || x === Infinity) return 'beyond all that is allowed';
  return x > 1 ? `${share(used)} what is allowed` : `${share(used)} of what is allowed`;
}

/** A shape as ONNX's (`[1, 3, h, w]`); `?` where nothing is known. Symbols are the model's own text: escape the result. */
export function shape(dims: readonly Dim[] | undefined): string {
  return dims === undefined ? '?' : `[${dims.map((d) => d ?? '?').join(', ')}]`;
}
