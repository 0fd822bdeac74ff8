import {
  code,
  commandData,
  commandProperty,
  fence,
  fileName,
  html,
  htmlLines,
  jsonInHtml,
  logText,
  markdown,
  shorten,
  visible,
  visibleLines,
  xml,
  xmlLines,
} from '../../src/diag/escape.js';

/** Commands as the runner reads them: `::` at the start of a trimmed line, `##[` anywhere. */
const commandsIn = (log: string): string[] =>
  log.split(/\r\n|\r|\n/).filter((line) => line.trim().startsWith('::') || line.includes('##['));

const ATTACKS = [
  'x\n::error file=a::forged',
  'x\r::add-mask::1',
  '::stop-commands::t',
  '   ::set-output name=a::b',
  '\u00a0::warning::nbsp',
  '\u3000::notice::wide',
  'a ##[error]forged',
  '###[group]x',
  '##[##[add-mask]x',
  'x\u2028::error::separator',
  'x\u0085::error::next line',
  'x\x0b::error::tab',
  ':::error::three',
];

describe('visible', () => {
  it("spells out what can't be seen", () => {
    expect(visible('a\nb\rc\td\0e')).toBe('a\\nb\\rc\\td\\0e');
    expect(visible('\x1b[31mred\x9b0m')).toBe('\\x1b[31mred\\x9b0m');
    expect(visible('user\u202Egnp.exe')).toBe('user\\u{202e}gnp.exe');
    expect(visible('a\u2066b\u2069\u200bc\ufeffd\u061ce')).toBe('a\\u{2066}b\\u{2069}\\u{200b}c\\u{feff}d\\u{61c}e');
    expect(visible('\ud800x\u{e0041}\uffff')).toBe('\\u{d800}x\\u{e0041}\\u{ffff}');
  });

  it('leaves ordinary names of any language as they are', () => {
    for (const name of [
      '/layer1/conv/Conv_output_0',
      'onnx::Conv_12',
      'Größe',
      '層_1',
      'слой',
      '😀',
      'a b',
      'C:\\m.onnx',
    ])
      expect(visible(name)).toBe(name);
  });

  it('keeps lines only where asked to', () => {
    expect(visibleLines('a\r\n\tb\x1b[2J\nc')).toBe('a\n  b\\x1b[2J\nc');
    expect(visibleLines('a\rb')).toBe('a\\rb');
  });
});

describe('shorten', () => {
  it('keeps both ends and whole characters', () => {
    expect(shorten('short', 5)).toBe('short');
    expect(shorten('abcdefghij', 5)).toBe('ab…ij');
    expect(shorten('abcdefghij', 1)).toBe('…');
    expect(shorten('😀'.repeat(10), 5)).toBe('😀😀…😀😀');
    expect(shorten('😀'.repeat(4), 5)).toBe('😀'.repeat(4));
    expect(shorten(`start${'x'.repeat(3e6)}end`, 9)).toBe('star…xend');
  });

  it.each([5, 6, 50])('never gives more than %i characters', (max) => {
    for (let n = 0; n < 120; n++) expect(Array.from(shorten('é😀'.repeat(n), max)).length).toBeLessThanOrEqual(max);
  });
});

describe('logs and workflow commands', () => {
  it('the attacks are attacks', () => {
    for (const attack of ATTACKS.slice(0, 9)) expect(commandsIn(attack)).not.toEqual([]);
  });

  it.each(ATTACKS)('no command comes out of %j', (attack) => {
    expect(commandsIn(logText(attack))).toEqual([]);
    expect(commandsIn(`  ${logText(attack)}`)).toEqual([]);
  });

  it('an ordinary text stays readable', () => {
    expect(logText('onnx::Conv_12 [1, 3]\n  at 50 %')).toBe('onnx::Conv_12 [1, 3]\n  at 50 %');
    expect(logText('::error::x ##[group]')).toBe(': :error::x # #[group]');
  });

  it("command values can't end their command", () => {
    expect(commandData('100%\r\nsecond\x1b')).toBe('100%25%0Asecond\\x1b');
    expect(commandProperty('a,b:c%\nd')).toBe('a%2Cb%3Ac%25\\nd');
    for (const attack of ATTACKS)
      expect(
        commandsIn(`::error file=${commandProperty(attack)}::${commandData(attack)}`).filter(
          (line) => !line.startsWith('::error'),
        ),
      ).toEqual([]);
  });
});

describe('Markdown', () => {
  it('prose can open nothing', () => {
    expect(markdown('a|b')).toBe('a&#124;b');
    expect(markdown('<img src=x onerror=alert(1)>')).toBe('&#60;img src=x onerror=alert(1)&#62;');
    expect(markdown('[x](javascript:1) `c` *b* ~~s~~ $m$ &lt;')).not.toMatch(/[[\]`*~$<>]|&(?!#)/);
    expect(markdown('@admin #12')).toBe('&#64;&#8203;admin &#35;&#8203;12');
    expect(markdown('a\n\n# b')).toBe('a&#92;n&#92;n&#35;&#8203; b');
    expect(markdown('https://a.example www.b.example')).toBe('https&#58;//a.example www&#46;b.example');
    expect(markdown('__init__ a_b__c x_')).toBe('&#95;&#95;init&#95;&#95; a_b__c x&#95;');
  });

  it('prose starts no list, no rule, no block of code', () => {
    expect(markdown('- a')).toBe('&#45; a');
    expect(markdown('===')).toBe('&#61;==');
    expect(markdown('12. a')).toBe('12&#46; a');
    expect(markdown('1) a')).toBe('1&#41; a');
    expect(markdown('\u00a0    a')).toBe('a');
    expect(markdown('> a')).toBe('&#62; a');
  });

  it('an ordinary sentence stays readable in the source', () => {
    const sentence = 'abs(a-b) <= 1.5e-3 + rtol*abs(b): 50 % of Conv_0, "Größe" in a/b.onnx; why?';
    expect(markdown(sentence)).toBe(
      'abs(a-b) &#60;= 1.5e-3 + rtol&#42;abs(b): 50 % of Conv_0, "Größe" in a/b.onnx; why?',
    );
  });

  it('code can neither leave its span nor its cell', () => {
    expect(code('/layer1/Conv_output_0')).toBe('`/layer1/Conv_output_0`');
    expect(code('a`b')).toBe('<code>a&#96;b</code>');
    expect(code('a|b')).toBe('<code>a&#124;b</code>');
    expect(code('a\\|b')).toBe('<code>a&#92;&#124;b</code>');
    expect(code('')).toBe('<code></code>');
    expect(code(' ')).toBe('<code> </code>');
    expect(code('a\nb')).toBe('`a\\nb`');
    expect(code('</code><script>|')).toBe('<code>&#60;&#47;code&#62;&#60;script&#62;&#124;</code>');
  });

  it('a fence is longer than what it holds', () => {
    expect(fence('a\nb', 'text')).toBe('```text\na\nb\n```');
    expect(fence('```\nx\n`````')).toBe('``````\n```\nx\n`````\n``````');
  });
});

describe('HTML, XML, JSON', () => {
  it('markup is text', () => {
    expect(html(`<a href="x" title='y'>&\n`)).toBe('&lt;a href=&quot;x&quot; title=&#39;y&#39;&gt;&amp;\\n');
    expect(htmlLines('<b>\r\nx')).toBe('&lt;b&gt;\nx');
    expect(xml(']]>\x00\ufffe')).toBe(']]&gt;\\0\\u{fffe}');
    expect(xmlLines('a\n\x1b<')).toBe('a\n\\x1b&lt;');
  });

  it('JSON in a page comes back the same and ends no script', () => {
    const value = { a: '</script><!--<script>', b: '\u2028\u2029&amp;', c: [1, null] };
    const text = jsonInHtml(value);
    expect(text).not.toMatch(/[<>&\u2028\u2029]/);
    expect(JSON.parse(text)).toEqual(value);
  });
});

describe('fileName', () => {
  it.each([
    ['../../etc/passwd', '__.._etc_passwd'],
    ['..', '_'],
    ['.', '_'],
    ['', '_'],
    ['-rf', '_rf'],
    ['con.txt', '_con.txt'],
    ['NUL', '_NUL'],
    ['console', 'console'],
    ['a:b*c?', 'a_b_c_'],
    ['x. ', 'x._'],
    ['x.', 'x_'],
    ['ü', '_'],
    ['a\0b', 'a_b'],
  ])('%j becomes %j', (from, to) => expect(fileName(from)).toBe(to));

  it('is never longer than asked', () => {
    expect(fileName('x'.repeat(1e6)).length).toBe(100);
    expect(fileName('nul', 3).length).toBe(3);
  });
});
