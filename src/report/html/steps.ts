import { nextSteps, type Step } from '../next.js';
import { commandLine } from '../reproduce.js';
import { canBeTried, pageAddress } from '../try/page.js';
import type { ModelReport, Report } from '../types.js';
import { h, join, type Markup } from './markup.js';
import { prose } from './prose.js';
import type { Section } from './section.js';

/** What to do next, and the command that gives the same again. */
export const steps: Section = {
  title: 'What to do next',
  body: ({ report, model }) => h`<ul>${tryIt(report, model)}${join(nextSteps(report, model).map(item))}</ul>`,
};

/** Where there is a page for it. */
function tryIt(report: Report, model: ModelReport): Markup | undefined {
  if (report.settings?.['try-it'] !== true || !canBeTried(model)) return undefined;
  return h`<li><a href="${pageAddress(model)}">Try it</a> in this browser; the page has to be served: <code>${commandLine(report.tool)} serve</code>, with the folder that holds <code>report</code>.</li>`;
}

function item(step: Step): Markup {
  return h`<li>${prose(step.text)}${
    step.code !== undefined &&
    h`<div class="code"><pre tabindex="0"><code>${join(
      step.code.text.split('\n').map((line) => h`${line}`),
      '\n',
    )}</code></pre></div>`
  }</li>`;
}
