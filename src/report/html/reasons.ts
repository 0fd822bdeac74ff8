import { figure } from '../figures.js';
import { h, join } from './markup.js';
import { more, type Section } from './section.js';

/** Nodes; report.json has all. */
const SHOWN = 200;

/** The first node that differs. */
export const divergence: Section = {
  title: 'First diverging node',
  body({ model: { divergence: d } }) {
    if (d === undefined) return undefined;
    return h`<p>${d.op} <code>${d.node}</code>${d.source !== undefined && h` (number ${d.source} in the table of layers)`}: its inputs agree with the source's and its output does not${d.maxAbs !== undefined && `; it is off by ${figure(d.maxAbs)}`}. ${d.message}</p>`;
  },
};

/** Why `auto` fell to a graph-model. */
export const notLayers: Section = {
  title: 'Why it is not a layers-model',
  body({ model: { conversion } }) {
    const nodes = conversion?.notLayers ?? [];
    if (nodes.length === 0) return undefined;
    const items = nodes.slice(0, SHOWN).map((n) => h`<li>${n.op} <code>${n.node}</code>: ${n.reason}</li>`);
    return h`<ul>${join(items)}</ul>${more(nodes.length, SHOWN)}`;
  },
};
