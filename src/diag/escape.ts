/**
 * The one home for making untrusted text safe to show. A model's author chooses the names of its nodes, tensors and files,
 * and with them tries to forge log commands, break tables, run scripts in a report or hide text. Each place that text can
 * go has one function here; each takes the raw text and makes it visible first, so that nothing has to be applied twice.
 */

/**
 * What can't be seen or changes what is seen: control characters (ANSI's ESC and CSI among them), format characters (bidi
 * overrides, zero-width and tag characters), line and paragraph separators, lone surrogates, noncharacters.
 */
export const INVISIBLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Noncharacter_Code_Point}]/gu;

const SHORT: Record<string, string> = { '\n': '\\n', '\r': '\\r', '\t': '\\t', '\0': '\\0' };

/** Most names and messages are, and the tables of Unicode take ten times as long. */
const PLAIN = /^[ -~]*$/;

function named(char: string): string {
  const code = char.codePointAt(0) as number;
  return SHORT[char] ?? (code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u{${code.toString(16)}}`);
}

/**
 * One line in which every character can be seen: what can't is written as JavaScript would (`\n`, `\x1b`, `\u{202e}`).
 * For display only: a backslash that was there stays as it was, so this can't be undone.
 */
export function visible(text: string): string {
  return PLAIN.test(text) ? text : text.replace(INVISIBLE, named);
}

/** As `visible`, but line ends stay (as `\n`) and tabs become two spaces; for texts that have lines, such as a stack. */
export function visibleLines(text: string): string {
  return text
    .split(/\r\n|\n/)
    .map((line) => visible(line.replaceAll('\t', '  ')))
    .join('\n');
}

/** At most `max` characters (code points), the middle left out where it is longer: both ends of a name tell most. */
export function shorten(text: string, max: number): string {
  if (text.length <= max) return text;
  // A name may be megabytes long: cut by code units first, so that this stays cheap.
  const head = text.length > 2 * max + 2 ? Array.from(text.slice(0, 2 * max)) : Array.from(text);
  const tail = text.length > 2 * max + 2 ? Array.from(text.slice(-2 * max)) : head;
  if (head === tail && head.length <= max) return text;
  const left = Math.ceil((max - 1) / 2);
  const right = max - 1 - left;
  return `${head.slice(0, left).join('')}…${right > 0 ? tail.slice(-right).join('') : ''}`;
}

/**
 * Text for a log that a GitHub runner reads: give it whole lines (a fragment can't know what stands before it). The runner
 * takes `::` at the start of a line, white space before it or not, and `##[` anywhere in a line for commands; a space
 * breaks both.
 */
export function logText(text: string): string {
  return visibleLines(text).split('\n').map(withoutCommands).join('\n');
}

function withoutCommands(line: string): string {
  return line.replace(/^(\s*):(?=:)/u, '$1: ').replaceAll('##[', '# #[');
}

/** The message of a workflow command (`::error::message`): line ends arrive, and nothing else can get out of it. */
export function commandData(text: string): string {
  return visibleLines(text).replaceAll('%', '%25').replaceAll('\n', '%0A');
}

/** A property of a workflow command (`file=…`): one line, in which neither a comma nor a colon ends it. */
export function commandProperty(text: string): string {
  return visible(text).replaceAll('%', '%25').replaceAll(':', '%3A').replaceAll(',', '%2C');
}

/**
 * Prose inside Markdown, also in a table's cell or a heading, on one line: what could open or close anything is an entity,
 * so that it is text and nothing else; what means something only at the start of a line is one there alone, and `_` inside
 * a word, which can't mean anything, stays. Addresses don't become links. A zero-width space keeps `@name` and `#12` from
 * becoming mentions and references, which GitHub looks for after the entities are resolved.
 */
export function markdown(text: string): string {
  return visible(text)
    .trimStart()
    .replace(/[\\`*[\]<>&|~$]|(?<![A-Za-z0-9_])_+|_+(?![A-Za-z0-9_])/g, entities)
    .replace(/:(?=\/\/)|(?<=www)\.|^[-+=]|(?<=^\d+)[.)]/gi, entities)
    .replace(/[@]|(?<!&)#/g, (c) => `${entities(c)}&#8203;`);
}

/**
 * A name as inline code in Markdown, also in a table's cell. In backquotes where it can be; where the text holds a
 * backquote or a pipe (which ends a cell even there), as an HTML element with entities.
 */
export function code(text: string): string {
  const seen = visible(text);
  if (seen === '') return '<code></code>';
  if (/[`|]/.test(seen) || /^\s|\s$/u.test(seen)) return `<code>${entities(seen)}</code>`;
  return `\`${seen}\``;
}

/** Everything but letters, digits and spaces as entities: text that no Markdown rule can see a sign in. */
function entities(text: string): string {
  return text.replace(/[!-/:-@[-`{-~]/g, (c) => `&#${c.charCodeAt(0)};`);
}

/** A fenced block of code in Markdown; its fence is longer than any run of backquotes inside. */
export function fence(text: string, language = ''): string {
  const seen = visibleLines(text);
  let longest = 0;
  for (const run of seen.matchAll(/`+/g)) longest = Math.max(longest, run[0].length);
  const bar = '`'.repeat(Math.max(3, longest + 1));
  return `${bar}${language}\n${seen}\n${bar}`;
}

const MARKUP: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

function markup(text: string): string {
  return text.replace(/[&<>"']/g, (c) => MARKUP[c] as string);
}

/** Text or a quoted attribute's value in HTML, on one line. */
export function html(text: string): string {
  return markup(visible(text));
}

/** Text in HTML that keeps its lines, for `<pre>`. */
export function htmlLines(text: string): string {
  return markup(visibleLines(text));
}

/**
 * Text or a quoted attribute's value in XML, on one line. The five characters are XML's own, too, and what XML 1.0
 * forbids even as a reference (control characters, lone surrogates, U+FFFE) is among what `visible` spells out.
 */
export function xml(text: string): string {
  return markup(visible(text));
}

/** Text in XML that keeps its lines. */
export function xmlLines(text: string): string {
  return markup(visibleLines(text));
}

/** JSON inside a `<script>` of an HTML page: no `</script>`, no `<!--`, no line separators; JSON.parse gives it back. */
export function jsonInHtml(value: unknown): string {
  return JSON.stringify(value).replace(
    /[<>&\u2028\u2029]/g,
    (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** Names that Windows keeps for devices, whatever follows a dot. */
const DEVICE = /^(?:con|prn|aux|nul|com[0-9]|lpt[0-9])(?=\.|$)/i;

/**
 * One segment of a path that is legal on Linux, macOS and Windows and can't be an option, a hidden file or a way out:
 * letters, digits, `.`, `_`, `-`; at most `max` characters. Different texts may give the same name.
 */
export function fileName(text: string, max = 100): string {
  const legal = text
    .slice(0, max)
    .replace(/[^A-Za-z0-9._-]/g, '_')
    .replace(/^[.-]+/, '_')
    .replace(/\.+$/, '_');
  if (legal === '') return '_';
  return DEVICE.test(legal) ? `_${legal}`.slice(0, max) : legal;
}
