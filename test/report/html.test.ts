import { createHash } from 'node:crypto';
import { type DefaultTreeAdapterTypes as Tree, parse } from 'parse5';
import { h, join, raw } from '../../src/report/html/markup.js';
import { reportHtml } from '../../src/report/html.js';
import type { Report } from '../../src/report/types.js';
import { manyModels, REPORTS, report } from './fixtures.js';

function elements(node: Tree.ParentNode): Tree.Element[] {
  return node.childNodes.flatMap((child) => ('tagName' in child ? [child, ...elements(child)] : []));
}

function text(node: Tree.ParentNode): string {
  return node.childNodes
    .map((child) => ('value' in child ? child.value : 'childNodes' in child ? text(child) : ''))
    .join('');
}

const attribute = (e: Tree.Element, name: string): string | undefined => e.attrs.find((a) => a.name === name)?.value;
const tags = (all: readonly Tree.Element[], tag: string): Tree.Element[] => all.filter((e) => e.tagName === tag);
const cells = (row: Tree.Element): string[] =>
  elements(row)
    .filter((e) => /^t[dh]$/.test(e.tagName))
    .map((e) => text(e).trim());

describe.each([...REPORTS])('index.html of %s', (_, given) => {
  const errors: string[] = [];
  const page = reportHtml(given);
  const all = elements(parse(page, { onParseError: (e) => errors.push(`${e.code} at ${e.startLine}`) }));

  it('is HTML without a mistake', () => expect(errors).toEqual([]));

  it('asks for nothing outside itself', () => {
    for (const e of all)
      for (const { name, value } of e.attrs) {
        expect(['srcset', 'style', 'action', 'data']).not.toContain(name);
        expect(name).not.toMatch(/^on/);
        if (name === 'src' || e.tagName === 'image') {
          if (name === 'src' || name === 'href') expect(value).toMatch(/^data:image\/png;base64,[A-Za-z0-9+/=]+$/);
        } else if (name === 'href') expect(value).toMatch(/^#/);
      }
    expect(tags(all, 'link')).toEqual([]);
    expect(text(tags(all, 'style')[0] as Tree.Element)).not.toMatch(/url\(|@import/);
  });

  it('lets run its own script and style and no others', () => {
    const policy = attribute(
      all.find((e) => attribute(e, 'http-equiv') === 'Content-Security-Policy') as Tree.Element,
      'content',
    );
    for (const tag of ['script', 'style']) {
      expect(tags(all, tag)).toHaveLength(1);
      const digest = createHash('sha256')
        .update(text(tags(all, tag)[0] as Tree.Element))
        .digest('base64');
      expect(policy).toContain(`${tag}-src 'sha256-${digest}'`);
    }
    expect(policy).toContain("default-src 'none'");
  });

  it('has an article and a row for each model, and links that lead somewhere', () => {
    expect(tags(all, 'article')).toHaveLength(given.models.length);
    const ids = all.flatMap((e) => attribute(e, 'id') ?? []);
    expect(new Set(ids).size).toBe(ids.length);
    for (const link of tags(all, 'a')) expect(ids).toContain(attribute(link, 'href')?.slice(1));
  });

  it('names what scrolls, what its columns are, and the state of a bar', () => {
    for (const e of all.filter((e) => attribute(e, 'class') === 'scroll')) {
      expect(attribute(e, 'tabindex')).toBe('0');
      expect(attribute(e, 'aria-label')).toBeTruthy();
    }
    for (const e of tags(all, 'th')) expect(attribute(e, 'scope')).toMatch(/^(col|row)$/);
    for (const e of tags(all, 'svg').filter((svg) => attribute(svg, 'aria-hidden') !== 'true'))
      expect(attribute(e, 'aria-label')).toMatch(/allowed|as a graph|Histogram|against|The input|Difference of/);
    expect(attribute(tags(all, 'html')[0] as Tree.Element, 'lang')).toBe('en');
  });
});

describe('index.html', () => {
  const all = elements(parse(reportHtml(report('mixed'))));
  const article = (path: string): Tree.Element =>
    tags(all, 'article').find((e) => text(e).trim().startsWith(path)) as Tree.Element;

  it('says the verdict first', () => {
    expect(text(tags(all, 'h1')[0] as Tree.Element)).toMatch(
      /^2 of 8 models differ: models\/pool\.onnx, models\/wasm\.onnx\. /,
    );
    expect(text(tags(all, 'title')[0] as Tree.Element)).toBe(text(tags(all, 'h1')[0] as Tree.Element));
  });

  it('shows both summaries by number, each connection leading to its layer', () => {
    const rows = elements(article('models/block.onnx')).filter((e) => attribute(e, 'data-n') === '4');
    expect(rows.map(cells)).toEqual([
      ['4', '', '', '', '8_pad (ZeroPadding2D)', '(None, 18, 18, 8)', '0', '7[0][0]', ''],
      [
        '4',
        'Conv2d-4',
        '[-1, 8, 16, 16]',
        '584',
        '8 (Conv2D)',
        '(None, 16, 16, 8)',
        '584',
        '8_pad[0][0]',
        'Conv Conv_3',
      ],
    ]);
    const [pad, conv] = rows as [Tree.Element, Tree.Element];
    const link = tags(elements(conv), 'a')[0] as Tree.Element;
    expect(attribute(link, 'href')).toBe(`#${attribute(pad, 'id')}`);
  });

  it('shows what became of each node of a graph-model', () => {
    const rows = elements(article('models/heads.onnx')).filter((e) => attribute(e, 'data-n') === '2');
    expect(rows.map(cells)).toEqual([['2', 'ReLU-2', '[-1, 16]', '0', 'fused', 'feat_Gemm', 'Relu /feat/Relu']]);
  });

  it('shows error, worst element, tolerance, diverging node, remedy and command of a model that differs', () => {
    const shown = text(article('models/pool.onnx'));
    for (const words of [
      '17 of 256',
      '[0, 1, 0, 7]: expected 0.0413, got 0.0595',
      'rtol 0.001, atol 0.00001',
      'MaxPool_5',
      'compare the first diverging node',
      'node dist/cli.js convert models/pool.onnx --out out --no-change-ordering',
    ])
      expect(shown).toContain(words);
  });

  it('draws errors, values, the best classes and the maps of both sides', () => {
    const pool = article('models/pool.onnx');
    const labels = elements(pool).flatMap((e) => attribute(e, 'aria-label') ?? attribute(e, 'alt') ?? []);
    for (const words of [
      'Histogram of 256 errors: 200 are exactly 0, 17 beyond tolerance',
      'Expected against actual: 4 of 256 values, from -1.5 to 2.25',
      'Response map of the predicted class, 7 <b>cat, difference: 0 (white) to 0.6 (dark red)',
      'The input with the response map over it, actual; the box holds what is above 0.25',
    ])
      expect(labels).toContain(words);
    // of three by two places those above 0.25: the second and third of the lower row; one alone on the other side
    const boxes = elements(pool).filter((e) => attribute(e, 'class') === 'box');
    expect(boxes.map((e) => ['x', 'y', 'width', 'height'].map((name) => attribute(e, name)))).toEqual([
      ['2', '2', '4', '2'],
      ['2', '2', '2', '2'],
    ]);
    const classes = elements(article('models/heads.onnx')).filter((e) => attribute(e, 'class') === 'chart');
    expect(classes.map(text).join()).toMatch(/1\s*2 tabby\s*0.8\s*2 tabby\s*0.8\s*2\s*1\s*0.15\s*0 differs\s*0.16/);
  });

  it('shows the engines beside each other where there are several', () => {
    const given = report('mixed');
    const heads = given.models.find((m) => m.path === 'models/heads.onnx') as Report['models'][number];
    const [check] = heads.checks as [Report['models'][number]['checks'][number]];
    heads.checks.push({ ...check, engine: 'cpu' });
    const shown = elements(parse(reportHtml(given)));
    const tables = shown.filter((e) => attribute(e, 'aria-label') === 'Errors by output and engine');
    expect(tables.map((table) => tags(elements(table), 'tr').map((row) => cells(row).slice(0, 1)))).toEqual([
      [['Output'], ['output_0']],
      [['Output'], ['logits'], ['/feat/Relu_output_0']],
    ]);
  });

  it('takes hostile names for text', () => {
    const given = report('hostile');
    const page = reportHtml(given);
    const shown = elements(parse(page));
    expect(tags(shown, 'script')).toHaveLength(1);
    expect(text(tags(shown, 'h2').find((e) => text(e).startsWith('models/')) as Tree.Element)).toContain(
      'a|b`c`</summary><script>alert(1)</script>\\n\\n# forged\\r\\n::error::x',
    );
    expect(page).not.toMatch(/[\u202a-\u202e\u200b\r]/);
    expect(page).not.toContain('\x1b');
  });

  it('stays small, whatever the number of models, layers, findings and the length of names', () => {
    expect(Buffer.byteLength(reportHtml(report('mixed')))).toBeLessThan(120_000);
    const many = manyModels(300, 10);
    const page = reportHtml(many);
    expect(Buffer.byteLength(page)).toBeLessThan(8_000_000);
    const shown = elements(parse(reportHtml(manyModels(60, 10))));
    const ids = new Set(shown.flatMap((e) => attribute(e, 'id') ?? []));
    for (const link of tags(shown, 'a')) expect(ids.has(attribute(link, 'href')?.slice(1) ?? '')).toBe(true);
    for (const model of many.models) expect(page).toContain(`<code>${model.path}</code>`);
    const large = report('mixed');
    const model = large.models[2] as Report['models'][number];
    const long = '<&'.repeat(200_000);
    model.path = long;
    model.diagnostics = Array.from({ length: 2000 }, (_, i) => ({
      code: 'c',
      severity: 'warning',
      message: long,
      remedy: `${i}`,
      place: { node: long },
    }));
    model.layers = {
      rows: Array.from({ length: 100_000 }, (_, i) => ({ number: i + 1, op: 'Conv', name: `c${i}`, params: 0 })),
    };
    expect(Buffer.byteLength(reportHtml(large))).toBeLessThan(8_000_000);
  });
});

describe('markup', () => {
  it("escapes what isn't markup", () => {
    const name = '<b "\'&';
    expect(h`<td title="${name}">${name}${h`<i>${name}</i>`}</td>`.html).toBe(
      '<td title="&lt;b &quot;&#39;&amp;">&lt;b &quot;&#39;&amp;<i>&lt;b &quot;&#39;&amp;</i></td>',
    );
    expect(h`${[h`<a>`, '<', 1]}${undefined}${false}${raw('<hr>')}`.html).toBe('<a>&lt;1<hr>');
    expect(join(['a', undefined, h`<br>`, ''], ', ').html).toBe('a, <br>');
  });
});

test('says which outcomes are waived, why and until when, and which waivers have ended', () => {
  const all = elements(parse(reportHtml(report('waived'))));
  const said = tags(all, 'article').map((a) =>
    elements(a)
      .filter((e) => attribute(e, 'class') === 'waiver')
      .map(text),
  );
  expect(said).toEqual([
    ['The waiver ended on 2020-01-31 and counts no more. It said: known since January'],
    ['This is known, and waived until 2999-06-30: Waits for NonMaxSuppression <in> layers'],
    ['This is known, and waived until 2999-12-31: The reference was made by torch 1.2; issue 17'],
    [],
  ]);
  expect(tags(all, 'article').map((a) => attribute(a, 'data-status'))).toEqual([
    'mismatch',
    'waived',
    'waived',
    'pass',
  ]);
});

test('draws how the error grows from node to node, where values inside were compared', () => {
  const all = elements(parse(reportHtml(report('mixed'))));
  const curves = tags(all, 'svg').filter((e) => attribute(e, 'aria-label')?.startsWith('Difference of'));
  expect(curves.map((e) => attribute(e, 'aria-label'))).toEqual([
    'Difference of 5 values inside, beside their usual size: from 0 at node 0 to Infinity at node 6',
  ]);
  const path = (name: string) =>
    elements(curves[0] as Tree.Element)
      .filter((e) => attribute(e, 'class') === name)
      .map((e) => attribute(e, 'd') ?? '');
  expect(path('dots good')[0]?.match(/h0/g)).toHaveLength(3);
  expect(path('dots bad')[0]?.match(/h0/g)).toHaveLength(2);
  // it never goes up but where the error falls: y grows downwards
  const heights = [...(path('curve')[0] ?? '').matchAll(/[ML][\d.]+ ([\d.]+)/g)].map((m) => Number(m[1]));
  expect(heights).toEqual([...heights].sort((a, b) => b - a));
});
