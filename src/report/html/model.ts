import { modelVerdict, shownPath, statusWords, waiverText } from '../verdict.js';
import { changes } from './changes.js';
import { engines } from './engines.js';
import { facts } from './facts.js';
import { findings } from './findings.js';
import { graphs } from './graphs.js';
import { interfaces } from './interface.js';
import { layers } from './layers.js';
import { h, join, type Markup } from './markup.js';
import { outputs } from './outputs.js';
import { divergence, notLayers } from './reasons.js';
import type { Section, SectionInput } from './section.js';
import { statusClass } from './status-class.js';
import { steps } from './steps.js';
import { values } from './values.js';
import { weights } from './weights.js';

/** The sections of a model, in the page's order. */
const SECTIONS: readonly Section[] = [
  divergence,
  changes,
  outputs,
  engines,
  values,
  weights,
  findings,
  steps,
  interfaces,
  graphs,
  notLayers,
  layers,
  facts,
];

/** One model's part of the page. */
export function modelArticle(input: SectionInput, open: boolean): Markup {
  const { model, id } = input;
  const sections = SECTIONS.map((section) => {
    const body = section.body(input);
    return body && h`<h3>${section.title}</h3>\n${body}`;
  });
  const waiver = waiverText(model);
  return h`<article id="${id}" class="model" data-status="${statusClass(model)}">
<details${open && h` open`}><summary><h2><code>${shownPath(model)}</code> <span class="status ${statusClass(model)}">${statusWords(model)}</span></h2><p class="verdict">${modelVerdict(model)}</p></summary>
${waiver !== undefined && h`<p class="waiver">${waiver}</p>`}
${join(sections, '\n')}
</details></article>`;
}
