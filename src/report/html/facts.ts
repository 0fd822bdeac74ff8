import { counted, duration, fatesText, size } from '../figures.js';
import { h, join, type Content, type Markup } from './markup.js';
import { head, more, scrolling, type Section, type SectionInput } from './section.js';

/** Files; report.json has all. */
const SHOWN = 200;

/** Where the model came from, what was written, how, on what and how long it took. */
export const facts: Section = {
  title: 'Provenance',
  body(input) {
    const rows = [...sourceFacts(input), ...conversionFacts(input), ...engineFacts(input), ...times(input)];
    return h`<dl>${join(rows.map(([term, value]) => h`<dt>${term}</dt><dd>${value}</dd>`))}</dl>${files(input)}`;
  },
};

type Fact = [term: string, value: Content];

function sourceFacts({ model: { source } }: SectionInput): Fact[] {
  if (source === undefined) return [];
  const rows: Fact[] = [['ONNX file', size(source.bytes)]];
  if (source.sha256 !== undefined) rows.push(['SHA-256', h`<code>${source.sha256}</code>`]);
  if (source.opsets !== undefined)
    rows.push([
      'Opset',
      Object.entries(source.opsets)
        .map(([domain, v]) => (domain === '' ? `${v}` : `${domain} ${v}`))
        .join(', '),
    ]);
  if (source.irVersion !== undefined) rows.push(['IR version', source.irVersion]);
  if (source.producer) rows.push(['Producer', source.producer]);
  if (source.nodes !== undefined)
    rows.push(['Size', `${counted(source.nodes, 'node')}, ${counted(source.parameters ?? 0, 'parameter')}`]);
  const operators = Object.entries(source.operators ?? {}).sort(([a, n], [b, m]) => m - n || (a < b ? -1 : 1));
  if (operators.length > 0) rows.push(['Operators', operators.map(([op, n]) => `${op} ${n}`).join(', ')]);
  return rows;
}

function conversionFacts({ model }: SectionInput): Fact[] {
  const rows: Fact[] = [];
  if (model.format !== undefined)
    rows.push(['Format', `${model.format}${model.conversion?.async === true ? '; executeAsync must be used' : ''}`]);
  if (model.conversion === undefined) return rows;
  rows.push(['Nodes became', fatesText(model.conversion.fates)]);
  if (model.conversion.relayouts !== undefined)
    rows.push(['Inserted for layout', counted(model.conversion.relayouts, 'transpose')]);
  return rows;
}

function engineFacts({ model }: SectionInput): Fact[] {
  return (model.engines ?? []).map((engine) => {
    const details = Object.entries(engine.details).map(([name, value]) => `${name} ${value}`);
    return ['Engine', [engine.name, ' ', engine.version, details.length === 0 ? '' : ` (${details.join(', ')})`]];
  });
}

function times({ model: { timings, cached } }: SectionInput): Fact[] {
  if (cached) return [['Taken over', 'from an earlier run: nothing that it rests on has changed']];
  const { total, ...stages } = timings;
  const parts = Object.entries(stages).map(([stage, ms]) => `${stage} ${duration(ms ?? 0)}`);
  if (total === undefined && parts.length === 0) return [];
  return [
    ['Time', [total === undefined ? '' : duration(total), parts.length === 0 ? '' : ` (${parts.join(', ')})`].join('')],
  ];
}

function files({ model }: SectionInput): Markup | undefined {
  if (model.artefacts.length === 0) return undefined;
  const rows = model.artefacts
    .slice(0, SHOWN)
    .map(
      (a) =>
        h`<tr><th scope="row"><code>${a.path}</code></th><td>${a.format ?? ''}</td><td class="n">${size(a.bytes)}</td><td><code>${a.sha256 ?? ''}</code></td></tr>`,
    );
  const table = h`<table>${head(['Written file', 'Format', 'Size', 'SHA-256'], ['Size'])}<tbody>${join(rows)}</tbody></table>`;
  return h`${scrolling('Written files', table)}${more(model.artefacts.length, SHOWN)}`;
}
