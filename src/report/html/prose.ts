import { type Content, h, join, type Markup } from './markup.js';

/** A message: what stands between backticks is code, as who wrote it meant it. */
export function prose(text: string): Markup {
  const pieces = text.split(/`([^`\n]+)`/);
  return join(pieces.map((piece, i): Content => (i % 2 === 0 ? piece : h`<code>${piece}</code>`)));
}
