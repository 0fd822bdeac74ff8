import { counted, figure } from '../figures.js';
import { errorCurve } from './charts.js';
import { type Content, h, join } from './markup.js';
import { more, type Section } from './section.js';

/** Nodes; report.json has all. */
const SHOWN = 200;

/** The first node that differs. */
export const divergence: Section = {
  title: 'First diverging node',
  body({ model: { divergence: d } }) {
    if (d === undefined) return undefined;
    const attributes = Object.entries(d.attributes ?? {}).map(([name, value]) => h`${name} ${value}`);
    const others = (d.group ?? []).filter((g) => g.index !== d.index).map((g) => h`${g.op} <code>${g.node}</code>`);
    const facts: [string, Content][] = [
      ['Value', d.output === undefined ? '' : h`<code>${d.output}</code>`],
      ['Attributes', attributes.length === 0 ? '' : join(attributes, ', ')],
      ['Together with', others.length === 0 ? '' : join(others, ', ')],
      [
        'In the written model',
        d.tfjs === undefined
          ? ''
          : join(
              d.tfjs.map((name) => h`<code>${name}</code>`),
              ', ',
            ),
      ],
      ['Found on', [d.engine, d.format].filter((word) => word !== undefined).join(', ')],
      ['By', d.runs === undefined ? '' : `${counted(d.runs, 'run')}, ${counted(d.compared ?? 0, 'value')} compared`],
      ['That node alone', d.artefact === undefined ? '' : h`<code>${d.artefact}</code>`],
    ];
    const rows = facts.filter(([, fact]) => fact !== '').map(([term, fact]) => h`<dt>${term}</dt><dd>${fact}</dd>`);
    return h`<p>${d.op} <code>${d.node}</code>${d.source !== undefined && h` (number ${d.source} in the table of layers)`}: its inputs agree with the source's and its output does not${d.maxAbs !== undefined && `; it is off by ${figure(d.maxAbs)}`}. ${d.message}</p>
${rows.length > 0 && h`<dl>${join(rows)}</dl>`}${errorCurve(d)}`;
  },
};

/** Why `auto` fell to a graph-model. */
export const notLayers: Section = {
  title: 'Why it is not a layers-model',
  body({ model: { conversion } }) {
    const nodes = conversion?.notLayers ?? [];
    if (nodes.length === 0) return undefined;
    const items = nodes
      .slice(0, SHOWN)
      .map(
        (n) => h`<li>${n.op} <code>${n.node}</code>: ${n.reason}${n.remedy !== undefined && h` (${n.remedy})`}</li>`,
      );
    return h`<ul>${join(items)}</ul>${more(nodes.length, SHOWN)}`;
  },
};
