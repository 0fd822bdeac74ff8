import { changeRows, layerLines, sinceText } from '../changes-text.js';
import { h, join } from './markup.js';
import { head, more, scrolling, type Section } from './section.js';

/** Lines of layers; report.json has all. */
const SHOWN = 200;

/** What is another than in the version that a pull request goes out from. */
export const changes: Section = {
  title: 'What has changed',
  body({ model: { changes: c } }) {
    if (c === undefined) return undefined;
    const rows = changeRows(c).map(
      ([name, before, now]) => h`<tr><th scope="row">${name}</th><td>${before}</td><td>${now}</td></tr>`,
    );
    const table = h`<table>${head(['', 'Then', 'Now'])}<tbody>${join(rows)}</tbody></table>`;
    const lines = layerLines(c.layers);
    const items = lines
      .slice(0, SHOWN)
      .map(({ what, op, name, text }) => h`<li>${what}: ${op} <code>${name}</code>${text}</li>`);
    return h`<p>${sinceText(c)}</p>${rows.length > 0 && scrolling('What has changed', table)}
${items.length > 0 && h`<ul>${join(items)}</ul>`}${more(lines.length, SHOWN)}`;
  },
};
