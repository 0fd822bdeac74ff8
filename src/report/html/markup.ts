import { html, shorten } from '../../diag/escape.js';

/** A text longer than this is shortened in the middle: no name may make a page large. report.json has it whole. */
const LONGEST = 2000;

/** A piece of HTML that is safe to put into a page. Made by `h` and `raw` alone. */
export interface Markup {
  readonly html: string;
}

/** What can stand between the pieces of a template: text is escaped, markup isn't, nothing is nothing. */
export type Content = string | number | Markup | undefined | false | readonly Content[];

/**
 * HTML from a template: h`<td>${name}</td>`. Whatever is put in is escaped unless it is markup already, so that a name can't
 * get out of its place by being forgotten. Attributes have to be quoted.
 */
export function h(pieces: TemplateStringsArray, ...contents: readonly Content[]): Markup {
  return { html: pieces.reduce((text, piece, i) => text + textOf(contents[i - 1]) + piece) };
}

/** Text that is HTML already: styles, scripts, what another function escaped. */
export function raw(text: string): Markup {
  return { html: text };
}

/** Several pieces as one. */
export function join(contents: readonly Content[], between = ''): Markup {
  return {
    html: contents
      .map(textOf)
      .filter((text) => text !== '')
      .join(between),
  };
}

function textOf(content: Content): string {
  if (content === undefined || content === false) return '';
  if (typeof content === 'string') return html(shorten(content, LONGEST));
  if (typeof content === 'number') return String(content);
  return 'html' in content ? content.html : content.map(textOf).join('');
}
