import { invalid } from '../../diag/diagnostic.js';

/** An equation, its ellipses written out: a label for each axis of each operand and of the result. */
export interface Equation {
  readonly operands: readonly (readonly string[])[];
  readonly output: readonly string[];
}

/** The label of an axis that an ellipsis stands for, counted from the end, so that broadcasting lines up. */
const nameless = (fromEnd: number): string => `.${fromEnd}`;

/** Reads an Einsum equation (ONNX, Einsum-12) for operands of the given ranks. */
export function parseEquation(equation: string, ranks: readonly number[]): Equation {
  const text = equation.replaceAll(' ', '');
  const [left, right, ...more] = text.split('->');
  const terms = left.split(',');
  if (more.length > 0) return invalid(`the equation ${JSON.stringify(equation)} has more than one ->`);
  if (terms.length !== ranks.length)
    return invalid(
      `the equation ${JSON.stringify(equation)} is for ${terms.length} operands, and there are ${ranks.length}`,
    );
  const operands = terms.map((term, i) => {
    const letters = [...term.replace('...', '')];
    const hidden = ranks[i] - letters.length;
    if (hidden < 0 || (hidden > 0 && !term.includes('...')))
      return invalid(`the term ${JSON.stringify(term)} does not fit an operand of rank ${ranks[i]}`);
    return labels(term, hidden);
  });
  const hidden = Math.max(...operands.map((o) => o.filter((l) => l.startsWith('.')).length));
  if (right !== undefined) {
    const output = labels(right, hidden);
    for (const l of output)
      if (!operands.some((o) => o.includes(l)))
        return invalid(`the label ${JSON.stringify(l)} of the result is in no operand`);
    return { operands, output };
  }
  const all = operands.flat().filter((l) => !l.startsWith('.'));
  const once = [...new Set(all)].filter((l) => all.indexOf(l) === all.lastIndexOf(l)).sort();
  return { operands, output: [...ellipsis(hidden), ...once] };
}

const ellipsis = (count: number): string[] => Array.from({ length: count }, (_, i) => nameless(count - 1 - i));

function labels(term: string, hidden: number): string[] {
  const [before, after, ...more] = term.split('...');
  if (more.length > 0 || !/^[A-Za-z]*$/.test(before + (after ?? '')))
    return invalid(`the term ${JSON.stringify(term)} is none of Einsum's`);
  return after === undefined ? [...before] : [...before, ...ellipsis(hidden), ...after];
}
