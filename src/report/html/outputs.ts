import { count, exactFigure, figure } from '../figures.js';
import { agreementText, toleranceText } from '../markdown-model.js';
import type { Check } from '../types.js';
import { checksWorstFirst, isSaidByFigures, verdictChecks } from '../verdict.js';
import { errorBar } from './bar.js';
import { h, join, type Markup } from './markup.js';
import { head, more, scrolling, type Section } from './section.js';

/** Rows; report.json has all. */
const SHOWN = 500;

const TITLES = [
  'Output',
  'Engine',
  'Reference',
  'Verdict',
  'Error, of what is allowed',
  'Max. abs. error',
  'Max. rel. error',
  'Beyond',
  'Worst element',
  'Expected range',
  'Tolerance',
];
const NUMERIC = ['Max. abs. error', 'Max. rel. error', 'Beyond'];
const WORDS: Record<Check['status'], string> = { pass: 'agrees', mismatch: 'differs', error: 'failed' };

/** Each output on each engine against each reference: how far it is off, and how far it might be. */
export const outputs: Section = {
  title: 'Outputs',
  body({ model }) {
    const guarded = model.checks.filter((c) => c.guarded === true);
    const checks = [...checksWorstFirst(verdictChecks(model)), ...checksWorstFirst(guarded)];
    if (checks.length === 0) return undefined;
    const table = h`<table>${head(TITLES, NUMERIC)}<tbody>${join(checks.slice(0, SHOWN).map(row))}</tbody></table>`;
    return h`${scrolling('Errors by output', table)}${more(checks.length, SHOWN)}
<p class="hint">An element agrees where <code>abs(a-b) &lt;= atol + rtol*abs(b) + range-tol*(max(b)-min(b))</code>, a being what the written model gives and b the reference.</p>`;
  },
};

function row(check: Check): Markup {
  const reason = isSaidByFigures(check) ? undefined : check.reason;
  return h`<tr><th scope="row">${check.output === undefined ? 'all outputs' : h`<code>${check.output}</code>`}</th>
<td class="wrap">${check.engine}, ${check.format}${guardedText(check)}</td>
<td class="wrap">${check.reference.kind === 'stored' ? h`<code>${check.reference.name}</code>` : 'onnxruntime; no outputs are stored'}</td>
<td${reason !== undefined && h` class="why"`}><span class="status ${check.status}">${WORDS[check.status]}</span>${reason !== undefined && h`<br>${reason}`}</td>
<td>${errorBar(check.used)}</td><td class="n">${figure(check.maxAbs)}</td><td class="n">${figure(check.maxRel)}</td>
<td class="n">${check.beyond === undefined ? '–' : `${count(check.beyond)} of ${count(check.elements ?? 0)}`}</td>
<td class="why">${worst(check)}</td><td class="wrap">${range(check)}</td><td class="wrap">${allowed(check)}</td></tr>`;
}

function allowed(check: Check): string {
  const found = agreementText([check]);
  return `${check.tolerance === undefined ? '–' : toleranceText(check.tolerance)}${found === '' ? '' : `; found: ${found}`}`;
}

function worst({ worst: w }: Check): Markup {
  return w === undefined ? h`–` : h`[${w.index.join(', ')}]: expected ${exact(w.expected)}, got ${exact(w.actual)}`;
}

const exact = (value: number | string): string => (typeof value === 'number' ? exactFigure(value) : value);

function range({ expectedRange: r }: Check): string {
  return r === undefined ? '–' : `${figure(r.min)} to ${figure(r.max)}`;
}

function guardedText({ guarded, kernels = [] }: Check): string {
  if (guarded !== true) return '';
  return `, CPU kernels in the place of suspect ones${kernels.length === 0 ? '' : ` (${kernels.join(', ')})`}; does not count`;
}
