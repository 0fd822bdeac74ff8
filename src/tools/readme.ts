/** The parts of README.md that are generated: the action's inputs and outputs, as tables, from action.yml. */
import { parse } from 'yaml';

interface Action {
  inputs: Record<string, { description: string; default?: string }>;
  outputs: Record<string, { description: string }>;
}

/** Markdown's own signs in a cell of a table; descriptions are ours and may hold Markdown. */
const cell = (text: string): string =>
  text
    .trim()
    .replaceAll(/\s*\n\s*/g, ' ')
    .replaceAll('|', '\\|');

function table(head: string[], rows: string[][]): string {
  return [head, head.map(() => '---'), ...rows].map((row) => `| ${row.map(cell).join(' | ')} |`).join('\n');
}

const TABLES: Record<string, (action: Action) => string> = {
  inputs: ({ inputs }) =>
    table(
      ['input', 'default', 'meaning'],
      Object.entries(inputs).map(([name, { description, default: usual }]) => [
        `\`${name}\``,
        usual === undefined || usual === '' ? '' : `\`${usual}\``,
        description,
      ]),
    ),
  outputs: ({ outputs }) =>
    table(
      ['output', 'meaning'],
      Object.entries(outputs).map(([name, { description }]) => [`\`${name}\``, description]),
    ),
};

/**
 * The README with each part between `<!-- NAME: generated … -->` and `<!-- end of NAME -->` written anew from the text of
 * action.yml. Throws where such a part is missing.
 */
export function withTables(readme: string, actionYml: string): string {
  const action = parse(actionYml) as Action;
  let text = readme;
  for (const [name, draw] of Object.entries(TABLES)) {
    const part = new RegExp(`(<!-- ${name}: generated[^>]*-->\n)[\\s\\S]*?(<!-- end of ${name} -->)`);
    if (!part.test(text)) throw new Error(`README.md has no part for ${name}`);
    text = text.replace(part, (_, open, close) => `${open}\n${draw(action)}\n\n${close}`);
  }
  return text;
}
