import { nextSteps, type Step } from '../next.js';
import { h, join, type Markup } from './markup.js';
import type { Section } from './section.js';

/** What to do next, and the command that gives the same again. */
export const steps: Section = {
  title: 'What to do next',
  body: ({ report, model }) => h`<ul>${join(nextSteps(report, model).map(item))}</ul>`,
};

function item(step: Step): Markup {
  return h`<li>${step.text}${
    step.code !== undefined &&
    h`<div class="code"><pre tabindex="0"><code>${join(
      step.code.text.split('\n').map((line) => h`${line}`),
      '\n',
    )}</code></pre></div>`
  }</li>`;
}
