import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { micromark } from 'micromark';
import { gfm, gfmHtml } from 'micromark-extension-gfm';
import { type DefaultTreeAdapterTypes as Tree, parseFragment } from 'parse5';
import { summaryMarkdown } from '../../src/report/markdown.js';
import { DECIDING } from '../../src/report/reproduce.js';
import type { ModelReport, Report } from '../../src/report/types.js';
import { headline, modelVerdict, statusWords } from '../../src/report/verdict.js';
import { inputName, optionsOf } from '../../src/run/options.js';
import { manyModels, REPORTS, report } from './fixtures.js';

/** As GitHub would parse it, raw HTML and all; what its sanitizer would take away is left in, so that we see it. */
function rendered(markdown: string): Tree.DocumentFragment {
  return parseFragment(
    micromark(markdown, { extensions: [gfm()], htmlExtensions: [gfmHtml()], allowDangerousHtml: true }),
  );
}

function elements(node: Tree.ParentNode): Tree.Element[] {
  return node.childNodes.flatMap((child) => ('tagName' in child ? [child, ...elements(child)] : []));
}

function text(node: Tree.ParentNode): string {
  return node.childNodes
    .map((child) => ('value' in child ? child.value : 'childNodes' in child ? text(child) : ''))
    .join('');
}

const tags = (node: Tree.ParentNode, tag: string): Tree.Element[] => elements(node).filter((e) => e.tagName === tag);

/** The body rows of the first table, by the text of their cells. */
function modelRows(node: Tree.ParentNode): string[][] {
  const [table] = tags(node, 'table');
  return table === undefined
    ? []
    : tags(table, 'tr')
        .slice(1)
        .map((row) => tags(row, 'td').map((cell) => text(cell).trim()));
}

/** Reads the golden file, which is made anew with UPDATE_GOLDEN=1 and then read in review. */
function golden(name: string, actual: string): string {
  const file = `${import.meta.dirname}/golden/${name}`;
  if (process.env.UPDATE_GOLDEN === '1') writeFileSync(file, actual);
  return existsSync(file) ? readFileSync(file, 'utf8') : '';
}

describe.each([...REPORTS])('summary.md of %s', (name, given) => {
  const markdown = summaryMarkdown(given);
  const page = rendered(markdown);

  it('is the golden one', () => {
    expect(markdown).toBe(golden(`${name}.md`, markdown));
  });

  it('begins with the verdict, has a row and details for each model', () => {
    expect(markdown.split('\n')[0]).toMatch(/^## \S+ \S/);
    expect(elements(page)[0]?.tagName).toBe('h2');
    expect(modelRows(page)).toHaveLength(given.models.length);
    const outer = tags(page, 'details').filter((e) => e.parentNode === page);
    expect(outer).toHaveLength(given.models.length);
  });

  it('has no row with a cell too many or too few, and closes what it opens', () => {
    for (const table of tags(page, 'table')) {
      const widths = tags(table, 'tr').map((row) => tags(row, 'td').length + tags(row, 'th').length);
      expect(new Set(widths).size).toBe(1);
    }
    expect(markdown.match(/<details/g)?.length).toBe(markdown.match(/<\/details>/g)?.length);
  });

  it('holds no element but those of a summary, and no attribute that could do anything', () => {
    const allowed = [
      'h2',
      'h4',
      'p',
      'table',
      'thead',
      'tbody',
      'tr',
      'th',
      'td',
      'details',
      'summary',
      'code',
      'pre',
      'strong',
      'ul',
      'li',
      'em',
    ];
    expect([...new Set(elements(page).map((e) => e.tagName))].filter((tag) => !allowed.includes(tag))).toEqual([]);
    const attributes = elements(page).flatMap((e) => e.attrs.map((a) => a.name));
    expect(attributes.filter((a) => !['align', 'class', 'open'].includes(a))).toEqual([]);
  });

  it('can be printed to a log', () => {
    expect(markdown.split('\n').filter((line) => line.trim().startsWith('::'))).toEqual([]);
    expect(markdown).not.toMatch(/[\u202a-\u202e\u2066-\u2069\r]/);
    expect(markdown).not.toContain('\x1b');
  });
});

describe('the verdict in words', () => {
  const line = (change: (r: Report) => void, from = 'mixed'): string => {
    const r = report(from);
    change(r);
    return summaryMarkdown(r).split('\n')[0] as string;
  };
  const only =
    (...paths: string[]) =>
    (r: Report) => {
      r.models = r.models.filter((m) => paths.some((p) => m.path.endsWith(`${p}.onnx`)));
    };

  it.each<[string, (r: Report) => void, string]>([
    ['one that passes', only('block'), '## ✅ `models/block.onnx` still computes the same.'],
    ['two that pass', only('block', 'heads'), '## ✅ Both models still compute the same.'],
    [
      'one of two that differs',
      only('block', 'pool'),
      '## ❌ 1 of 2 models differs: `models/pool.onnx`. The other one still computes the same.',
    ],
    ['one that differs', only('pool'), '## ❌ `models/pool.onnx` does not compute the same any more.'],
    ["one that can't be read", only('cut'), '## ❌ `models/cut.onnx` could not be read.'],
    [
      "only one that wasn't compared",
      only('unjudged'),
      '## ⚪ `models/unjudged.onnx` was converted, but compared with nothing.',
    ],
    ['two that differ', only('pool', 'wasm'), '## ❌ Both models differ: `models/pool.onnx`, `models/wasm.onnx`.'],
    ['none', only(), '## ⚪ No models were found.'],
  ])('%s', (_, change, expected) => expect(line(change)).toBe(expected));

  it('eight that pass', () => {
    const eight = (r: Report) => {
      r.models = Array.from({ length: 8 }, (_, i) => ({
        ...(r.models[0] as Report['models'][number]),
        path: `m${i}.onnx`,
      }));
    };
    expect(line(eight, 'all-pass')).toBe('## ✅ All 8 models still compute the same.');
  });

  it('names three and counts the others', () => {
    expect(summaryMarkdown(manyModels(300, 10)).split('\n')[0]).toBe(
      '## ❌ 30 of 300 models differ: `models/family-0/model-0000.onnx`, `models/family-0/model-0070.onnx`, ' +
        '`models/family-0/model-0140.onnx` and 27 more. The other 270 still compute the same.',
    );
  });
});

describe('the worst comes first', () => {
  it('in the table, with its figures', () => {
    const rows = modelRows(rendered(summaryMarkdown(report('mixed'))));
    expect(rows.map((row) => row[1])).toEqual(
      ['big', 'cut', 'pool', 'wasm', 'detector', 'unjudged', 'block', 'heads'].map((name) => `models/${name}.onnx`),
    );
    expect(rows[2]).toEqual([
      '❌',
      'models/pool.onnx',
      'differs, 1 warning',
      'layers-model',
      '██████████▶ 41 times',
      '4.7 KB',
      '10.8 KB',
      '17',
      '412 ms',
    ]);
    expect(rows[7]?.[4]).toBe('████████░░ 83 %');
  });

  it('and a guarded run explains, but never decides', () => {
    const r = report('mixed');
    r.models = r.models.filter((m) => m.path === 'models/wasm.onnx');
    const markdown = summaryMarkdown(r);
    expect(modelRows(rendered(markdown))[0]?.[4]).toBe('██████████▶ beyond all');
    expect(markdown).toContain('CPU kernels in the place of its WASM ones (Softmax, Pow) the outputs agree');
    for (const check of r.models[0]?.checks ?? []) if (check.guarded) check.status = 'mismatch';
    expect(summaryMarkdown(r)).not.toContain('the outputs agree');
  });
});

describe('hostile names', () => {
  const page = rendered(summaryMarkdown(report('hostile')));
  const path = report('hostile').models[0]?.path as string;

  it("are shown as they are, what can't be seen spelt out", () => {
    const shown = path
      .replace('\n\n', '\\n\\n')
      .replace('\r\n', '\\r\\n')
      .replace('\u202e', '\\u{202e}')
      .replace('\u200b', '\\u{200b}')
      .replace('\x1b', '\\x1b');
    expect(modelRows(page)[0]?.[1]).toBe(shown);
  });

  it('in prose neither mention nor refer', () => {
    const loose = elements(page)
      .filter((e) => e.tagName !== 'code' && e.tagName !== 'pre')
      .flatMap((e) => e.childNodes)
      .map((child) => ('value' in child ? child.value : ''))
      .join(' ');
    expect(loose).toContain('octocat');
    expect(loose).not.toMatch(/@octocat|#1\b/);
  });
});

describe('limits', () => {
  const MIB = 1024 * 1024;
  const many = manyModels(300, 10);

  it('300 models stay below, and every failing one is still shown', () => {
    const markdown = summaryMarkdown(many);
    expect(Buffer.byteLength(markdown)).toBeLessThan(MIB);
    expect(Buffer.byteLength(markdown)).toBeGreaterThan(MIB / 2);
    expect(markdown).toContain('Shortened to stay within');
    expect(modelRows(rendered(markdown.slice(0, markdown.indexOf('<details'))))).toHaveLength(300);
    for (const model of many.models.filter((m) => m.status === 'mismatch')) {
      expect(markdown).toContain(`<summary>❌ <code>${model.path}</code>: differs. `);
    }
    expect(markdown.match(/off by 0\.0182/g)).toHaveLength(30);
  });

  it.each([60_000, 30_000, 10_000, 3000])('holds to %i bytes, giving up what matters least first', (limit) => {
    const markdown = summaryMarkdown(many, {
      limit,
      artifactUrl: 'https://github.com/o/r/actions/runs/1/artifacts/2',
    });
    expect(Buffer.byteLength(markdown)).toBeLessThanOrEqual(limit);
    expect(markdown).toContain('[the artifact](https://github.com/o/r/actions/runs/1/artifacts/2)');
    expect(markdown.split('\n')[0]).toContain('30 of 300 models differ');
    const page = rendered(markdown);
    const rows = modelRows(page);
    const failing = rows.filter((row) => row[0] === '❌').length;
    const detailed = tags(page, 'details')
      .filter((e) => e.parentNode === page)
      .map((e) => text(tags(e, 'summary')[0] as Tree.Element));
    const detailedFailing = detailed.filter((t) => t.startsWith('❌')).length;
    // A passing model has a row only where all failing ones have, and details only where all failing ones have.
    if (rows.length > failing) expect(failing).toBe(30);
    if (detailed.length > detailedFailing) expect(detailedFailing).toBe(30);
    const counted = /and ([\d,]+) models? more: /.exec(markdown)?.[1] ?? '0';
    expect(rows.length + Number(counted)).toBe(300);
  });

  it('one model with endless lists and names stays below', () => {
    const given = report('mixed');
    const long = '|`'.repeat(500_000);
    const model = given.models.find((m) => m.path === 'models/pool.onnx') as Report['models'][number];
    model.path = `${long}.onnx`;
    model.diagnostics = Array.from({ length: 5000 }, (_, i) => ({
      code: 'operator-unsupported',
      severity: 'unsupported',
      message: long.slice(0, 1000),
      remedy: `${i % 700}`,
      place: { node: long },
    }));
    model.layers = {
      rows: Array.from({ length: 20_000 }, (_, i) => ({ number: i + 1, op: 'Conv', name: `c${i}`, params: 0 })),
    };
    const markdown = summaryMarkdown(given);
    expect(Buffer.byteLength(markdown)).toBeLessThan(MIB);
    expect(modelRows(rendered(markdown))).toHaveLength(8);
  });

  it("doubtful addresses don't become links", () => {
    const markdown = summaryMarkdown(many, { limit: 20_000, artifactUrl: 'javascript:alert(1)' });
    expect(markdown).not.toContain('javascript');
    expect(tags(rendered(markdown), 'a')).toEqual([]);
  });
});

test('the command that reproduces a verdict fetches the program first, where it is known whose', () => {
  const r = report('all-pass');
  r.tool.source = { url: 'https://github.com/someone/onnx2keras-action', ref: 'v1.2' };
  expect(summaryMarkdown(r)).toContain(
    [
      '  git clone --quiet https://github.com/someone/onnx2keras-action ../onnx2keras-action',
      '  git -C ../onnx2keras-action checkout --quiet v1.2',
      '  node ../onnx2keras-action/dist/cli.js convert ',
    ].join('\n'),
  );
});

test('the command that reproduces a verdict names each setting that was not the usual one', () => {
  const edges = {
    // Where and when, and what a run does with its verdict: none of it changes a model or its verdict.
    idle: [
      ...['output-directory', 'fail-on', 'if-no-models-found', 'timeout-per-model', 'max-model-size', 'concurrency'],
      ...['shard', 'cache-dir', 'try-it', 'tfjs-node', 'chrome'],
    ],
    deciding: Object.keys(DECIDING),
  };
  const names = optionsOf('convert').map(([key]) => inputName(key));
  expect([...edges.idle, ...edges.deciding].sort()).toEqual(names.sort());
  const r = report('all-pass');
  r.settings = {
    target: 'webgl',
    'when-no-reference': 'skip',
    verify: true,
    config: 'ml/onnx2keras.yml',
    atol: 0.00001,
  };
  expect(summaryMarkdown(r)).toMatch(
    /^ {2}node dist\/cli\.js convert \S+ --out out --target webgl --when-no-reference skip --config ml\/onnx2keras\.yml$/m,
  );
});

describe('the verdict on one model says why', () => {
  const lone = (change: (model: ModelReport) => void): string => {
    const model = structuredClone(report('mixed').models.find((m) => m.path === 'models/pool.onnx') as ModelReport);
    change(model);
    return modelVerdict(model);
  };
  it('where the reference is at fault', () => {
    const code = 'reference-at-fault';
    const finding = { code, severity: 'note' as const, message: '', remedy: '', place: {} };
    expect(lone((m) => m.diagnostics.push(finding))).toMatch(
      /^It computes what onnxruntime computes from the source, but the stored reference holds something else: 17 of/,
    );
  });
  it('where nothing is stored', () => {
    expect(
      lone((m) => {
        for (const check of m.checks) check.reference = { kind: 'onnxruntime', name: 'seed 0' };
      }),
    ).toMatch(/^It was converted, but an output is not what the source gives: /);
  });
  it('an error beside the file is no unreadable file', () => {
    const given = report('mixed');
    given.models = given.models.filter((m) => m.path === 'models/cut.onnx');
    const [model] = given.models as [ModelReport];
    expect(headline(given, (name) => name)).toBe('models/cut.onnx could not be read.');
    for (const finding of model.diagnostics) finding.code = 'timed-out';
    expect(headline(given, (name) => name)).toBe('models/cut.onnx ended in an error.');
    for (const finding of model.diagnostics) finding.code = 'reference-missing-input';
    model.source = { bytes: 1, opsets: { '': 17 } };
    expect(headline(given, (name) => name)).toBe('models/cut.onnx ended in an error.');
    expect(statusWords(model)).toBe('in error');
  });
});

test('what a message has between backticks is code, and nothing gets out of it', () => {
  const r = report('mixed');
  const [model] = r.models;
  if (model?.diagnostics[0]) model.diagnostics[0].remedy = 'set `lfs: true`, not `<b>`, `a|b` or ``` alone';
  const page = rendered(summaryMarkdown(r));
  const codes = tags(page, 'code').map(text);
  expect(codes).toEqual(expect.arrayContaining(['lfs: true', '<b>', 'a|b']));
  expect(tags(page, 'b')).toEqual([]);
});
