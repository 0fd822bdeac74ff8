import { type FindingGroup, groupFindings, placeParts } from '../findings.js';
import type { Finding, ModelReport } from '../types.js';
import { h, join, type Markup } from './markup.js';
import { prose } from './prose.js';
import { more, type Section } from './section.js';

/** Groups, and findings of one group; report.json has all. */
const SHOWN = 200;

/** What was found, with what to do about it. */
export const findings: Section = {
  title: 'Findings',
  body: ({ model }) => findingList(model.diagnostics, model),
};

/** The findings by remedy; also for those about the run. */
export function findingList(all: readonly Finding[], model?: ModelReport): Markup | undefined {
  const groups = groupFindings(all);
  if (groups.length === 0) return undefined;
  const items = groups.slice(0, SHOWN).map((group) => item(group, model));
  return h`<ul class="findings">${join(items)}</ul>${more(groups.length, SHOWN)}`;
}

function item({ code, severity, remedy, findings: list }: FindingGroup, model: ModelReport | undefined): Markup {
  const shown = list.slice(0, SHOWN).map((finding) => h`${prose(finding.message)}${place(finding, model)}`);
  const text = shown.length === 1 ? h`<p>${shown}</p>` : h`<ul>${join(shown.map((line) => h`<li>${line}</li>`))}</ul>`;
  return h`<li><p><span class="status ${severity}">${severity}</span> <code>${code}</code></p>
${text}${more(list.length, SHOWN)}
${remedy !== '' && h`<p><strong>Remedy:</strong> ${prose(remedy)}</p>`}</li>`;
}

function place(finding: Finding, model: ModelReport | undefined): Markup | undefined {
  const parts = placeParts(finding, model).map(({ what, name }) => h`${what} <code>${name}</code>`);
  return parts.length === 0 ? undefined : h` (${join(parts, ', ')})`;
}
