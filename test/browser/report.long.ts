/// <reference lib="dom" />
/** The report of a run over eight models, and the pages to try them, in a real browser: `npm run test:browser`. */
import { execFile } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, realpathSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { jest } from '@jest/globals';
import type { Browser, Locator, Page } from 'playwright-core';
import { reportHtml } from '../../src/report/html.js';
import type { ModelReport, Report } from '../../src/report/types.js';
import { serveFolder, type WebServer } from '../../src/cli/web-server.js';
import { report } from '../report/fixtures.js';
import { folder, removeFolders } from '../run/folders.js';
import { LFS_POINTER, onnxCase, withUnknownOperator, withWrongReference } from '../run/repository.js';
import { axe, complaintsOf, launch } from './chromium.js';

jest.setTimeout(180_000);

const ROOT = path.join(import.meta.dirname, '../..');
const EXAMPLE = path.join(ROOT, 'examples/fcn-resnet18');
/** Where the pictures go, for somebody to look at. */
const SCREENSHOTS = process.env.SCREENSHOTS ?? path.join(realpathSync(tmpdir()), 'onnx2keras-screenshots');

let browser: Browser;
let server: WebServer;
let out: string;

beforeAll(async () => {
  mkdirSync(SCREENSHOTS, { recursive: true });
  const unknown = onnxCase('relu', 'models/unknown');
  const fcn = (name: string, to: string) => ({ [`models/fcn/${to}`]: readFileSync(path.join(EXAMPLE, name)) });
  const workspace = folder({
    ...onnxCase('relu', 'models/relu'),
    ...onnxCase('add', 'models/add'),
    ...onnxCase('maxpool_2d_ceil', 'models/maxpool'),
    ...onnxCase('averagepool_2d_ceil', 'models/averagepool'),
    ...withWrongReference(onnxCase('averagepool_2d_ceil', 'models/wrong')),
    ...unknown,
    'models/unknown/model.onnx': withUnknownOperator(unknown['models/unknown/model.onnx'] as Buffer),
    'models/lfs/model.onnx': LFS_POINTER,
    ...fcn('fcn-resnet18.onnx', 'model.onnx'),
    ...fcn('test_data_set_0/input_0.pb', 'test_data_set_0/input_0.pb'),
    ...fcn('test_data_set_0/output_0.pb', 'test_data_set_0/output_0.pb'),
  });
  out = path.join(workspace, 'out');
  const words = [path.join(ROOT, 'lib/cli.js'), 'convert', 'models', '--out', 'out', '--fail-on', 'never'];
  await promisify(execFile)(process.execPath, words, { cwd: workspace });
  [browser, server] = await Promise.all([launch(), serveFolder(out, 0)]);
});
afterAll(async () => {
  await browser?.close();
  await server?.close();
  removeFolders();
});

const opened = async (address: string): Promise<{ page: Page; complaints: string[] }> => {
  const page = await browser.newPage({ viewport: { width: 1400, height: 1000 } });
  const complaints = complaintsOf(page);
  await page.goto(address);
  return { page, complaints };
};
const picture = (page: Page, name: string, whole = false) =>
  page.screenshot({ path: path.join(SCREENSHOTS, `${name}.png`), fullPage: whole });
const widthOf = async (of: Locator): Promise<number> => (await of.boundingBox())?.width ?? 0;

describe('the report', () => {
  let page: Page;
  let complaints: string[];
  beforeAll(async () => {
    // As from an artifact that was unpacked: no server.
    ({ page, complaints } = await opened(pathToFileURL(path.join(out, 'report/index.html')).href));
  });
  beforeEach(() => page.getByRole('button', { name: 'Open all' }).click());
  afterEach(() => expect(complaints).toEqual([]));
  afterAll(() => page.close());

  test('says the verdict, and has a line for each of eight models', async () => {
    const verdict = await page.getByRole('heading', { level: 1 }).textContent();
    expect(verdict).toMatch(
      /^1 of 8 models differs: models\/wrong\/model\.onnx\. 1 could not be read: .*lfs.* 1 could not be converted: .*unknown/,
    );
    const table = page.getByRole('group', { name: 'All models' }).getByRole('table');
    expect(await table.getByRole('row').count()).toBe(9);
    expect(await table.getByRole('row', { name: /models\/wrong/ }).textContent()).toContain('differs');
    expect(await page.getByRole('main').count()).toBe(1);
    await picture(page, 'overview');
  });

  test('sorts and filters its models', async () => {
    const table = page.getByRole('group', { name: 'All models' });
    await table.getByRole('button', { name: 'ONNX' }).click();
    expect(await table.getByRole('columnheader', { name: 'ONNX' }).getAttribute('aria-sort')).toBe('ascending');
    expect(await table.getByRole('row').last().textContent()).toContain('models/fcn');
    await page.getByRole('searchbox', { name: /Show only models/ }).fill('pool');
    expect(await table.getByRole('row').filter({ visible: true }).count()).toBe(3);
    expect(await page.getByRole('article').filter({ visible: true }).count()).toBe(2);
    await page.getByRole('searchbox', { name: /Show only models/ }).fill('');
  });

  test('opens a model by its link, with the keyboard', async () => {
    await page.getByRole('button', { name: 'Close all' }).click();
    await page.getByRole('link', { name: 'models/fcn/model.onnx' }).focus();
    await page.keyboard.press('Enter');
    const fcn = page.getByRole('article').filter({ hasText: 'models/fcn/model.onnx' });
    await fcn.getByRole('heading', { name: 'Graphs' }).waitFor({ state: 'visible' });
    expect(await page.evaluate(() => document.activeElement?.textContent)).toContain('models/fcn/model.onnx');
  });

  test('draws both graphs, zooms them, and lights up what belongs together', async () => {
    const fcn = page.getByRole('article').filter({ hasText: 'models/fcn/model.onnx' });
    const [source, written] = [
      fcn.getByRole('img', { name: /^Source \(ONNX\) as a graph/ }),
      fcn.getByRole('img', { name: /^Written .* as a graph/ }),
    ];
    const before = await widthOf(source);
    await fcn.getByRole('button', { name: 'Zoom in' }).click();
    expect(await widthOf(source)).toBeCloseTo(before * 1.25, 0);
    expect(await widthOf(written)).toBeGreaterThan(100);
    await fcn.getByRole('button', { name: 'Fit' }).click();
    expect(await widthOf(source)).toBeLessThan(before);
    const scales = [source, written].map((svg) =>
      svg.evaluate((e) => e.getBoundingClientRect().width / (e as SVGSVGElement).viewBox.baseVal.width),
    );
    const [one, other] = await Promise.all(scales);
    expect(one).toBeCloseTo(other as number, 3);
    await picture(page, 'graphs-fit');
    await fcn.getByRole('button', { name: 'Zoom in' }).click({ clickCount: 8 });

    // By keyboard: the first node, then the third.
    const pane = fcn.getByRole('group', { name: 'Source (ONNX)' });
    await pane.focus();
    for (const key of ['n', 'n', 'n']) await page.keyboard.press(key);
    const lit = (which: Locator) => which.locator('g.same > title').allTextContents();
    expect((await lit(source))[0]).toMatch(/^Relu \/relu\/Relu/);
    expect((await lit(written))[0]).toMatch(/^Activation relu_Relu_output_0/);
    expect(await fcn.getByRole('status').textContent()).toMatch(/Relu .* — Activation/);

    // By pointer, from the other side.
    const conv = written.locator('g[data-o="0"]').last();
    await conv.scrollIntoViewIfNeeded();
    await conv.hover();
    expect((await lit(source))[0]).toMatch(/^Conv \/conv1\/Conv/);
    await picture(page, 'graphs');
  });

  test('shows how far the one that differs is off', async () => {
    const wrong = page.getByRole('article').filter({ hasText: 'models/wrong/model.onnx' });
    expect(await wrong.getByRole('img', { name: /^Histogram of .* beyond tolerance/ }).count()).toBe(1);
    expect(await wrong.getByRole('img', { name: /^Expected against actual/ }).count()).toBe(1);
    await wrong.scrollIntoViewIfNeeded();
    await picture(page, 'differs');
  });

  test('shows the response maps and the layers of the fully convolutional network, as the article does', async () => {
    const fcn = page.getByRole('article').filter({ hasText: 'models/fcn/model.onnx' });
    await fcn.getByRole('heading', { name: 'Values' }).scrollIntoViewIfNeeded();
    for (const which of ['expected', 'actual', 'difference'])
      expect(
        await fcn
          .getByRole('img', { name: new RegExp(`^Response map of the predicted class, \\d+, ${which}`) })
          .count(),
      ).toBe(1);
    expect(await fcn.getByRole('img', { name: /over it, actual; the box holds what is above/ }).count()).toBe(1);
    await picture(page, 'maps');
    const layers = fcn.getByRole('group', { name: 'Layers of the source and of the written model' }).getByRole('table');
    expect(await layers.getByRole('row', { name: /Conv2d-1 .*Conv2D/ }).count()).toBe(1);
    await layers.scrollIntoViewIfNeeded();
    await picture(page, 'layers');
  });

  test('switches its theme', async () => {
    const ground = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    const button = page.getByRole('button', { name: /^Theme/ });
    await button.click();
    const light = await ground();
    await button.click();
    expect(await button.textContent()).toBe('Theme: dark');
    expect(await ground()).not.toBe(light);
    await page.evaluate(() => scrollTo(0, 0));
    await picture(page, 'dark');
    await button.click();
  });

  test.each(['light', 'dark'] as const)('has nothing that axe-core minds, all models open, %s', async (colorScheme) => {
    await page.emulateMedia({ colorScheme });
    expect(await axe(page)).toEqual([]);
    await picture(page, `all-${colorScheme}`, true);
  });

  test('fits a narrow window, and paper', async () => {
    await page.setViewportSize({ width: 400, height: 800 });
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(400);
    await picture(page, 'narrow');
    await page.setViewportSize({ width: 1400, height: 1000 });
    const pdf = await page.pdf({ path: path.join(SCREENSHOTS, 'paper.pdf') });
    expect(pdf.subarray(0, 5).toString()).toBe('%PDF-');
    // Where columns shrink to a letter each, a table of layers takes hundreds of pages.
    const pages = pdf.toString('latin1').match(/\/Type\s*\/Page\b(?!s)/g)?.length ?? 0;
    expect(pages).toBeGreaterThan(8);
    expect(pages).toBeLessThan(50);
  });
});

describe('what a run of eight models has not', () => {
  const page = async (given: Report, name: string) => {
    const file = path.join(folder({ 'index.html': reportHtml(given) }), 'index.html');
    const found = await opened(pathToFileURL(file).href);
    await found.page.getByRole('button', { name: 'Open all' }).click();
    expect(await axe(found.page)).toEqual([]);
    await picture(found.page, name, true);
    for (const width of [390, 1400]) {
      await found.page.setViewportSize({ width, height: 1000 });
      expect(await found.page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(width);
    }
    return found;
  };
  const colour = (of: Locator) => of.evaluate((e) => getComputedStyle(e).fill);

  test('the diverging node is red on both sides, beside how the error grew', async () => {
    const { page: mixed, complaints } = await page(report('mixed'), 'mixed');
    const pool = mixed.getByRole('article').filter({ hasText: 'First diverging node' }).first();
    expect(await pool.getByRole('img', { name: /^Difference of 5 values inside/ }).isVisible()).toBe(true);
    for (const side of [/^Source/, /^Written/]) {
      const graph = pool.getByRole('img', { name: side });
      const red = await colour(graph.locator('.marked rect').first());
      const [r = 0, g = 0, b = 0] = red.match(/\d+/g)?.map(Number) ?? [];
      expect(r).toBeGreaterThan(2 * Math.max(g, b));
    }
    await pool.getByRole('heading', { name: 'First diverging node' }).scrollIntoViewIfNeeded();
    await picture(mixed, 'diverging');
    expect(complaints).toEqual([]);
    await mixed.close();
  });

  test('waivers are said, and what has ended', async () => {
    const { page: waived, complaints } = await page(report('waived'), 'waived');
    expect(await waived.getByText(/^This is known, and waived until/).count()).toBe(2);
    expect(await waived.getByText('differs, waiver ended').first().isVisible()).toBe(true);
    expect(complaints).toEqual([]);
    await waived.close();
  });

  test('a very large model is drawn by collapsed blocks', async () => {
    const given = report('mixed');
    const large = given.models.find((m) => m.divergence) as ModelReport;
    const chain = Array.from({ length: 3000 }, (_, i) => ({
      kind: 'node' as const,
      op: 'Relu',
      name: `n${i}`,
      onnx: [i],
    }));
    large.graphs = { source: { nodes: chain, edges: chain.slice(1).map((_, i): [number, number] => [i, i + 1]) } };
    given.models = [large];
    const { page: one, complaints } = await page(given, 'large');
    const graph = one.getByRole('img', { name: /^Source \(ONNX\) as a graph/ });
    expect(await graph.locator('.block').count()).toBeGreaterThan(10);
    expect(await graph.locator('rect').count()).toBeLessThanOrEqual(200);
    // the diverging node stays by itself
    expect(await graph.locator('.marked').count()).toBe(1);
    expect(complaints).toEqual([]);
    await one.close();
  });

  // 46 MB of weights aren't in the repository; where the project's data lies beside it, the article's own network is shown.
  const FULL = path.join(ROOT, '../shared/data/fcn-resnet18/fcn_resnet18_128x160_bn');
  const whereItIs = existsSync(FULL) ? test : test.skip;
  whereItIs('fcn-resnet18 as it is: the best of its 1000 classes by name, and its layers', async () => {
    const classes = Array.from({ length: 1000 }, (_, i) => `the class ${i}`).join('\n');
    const base = folder({ 'onnx2keras.yml': 'defaults: { labels: classes.txt }\n', 'classes.txt': classes });
    cpSync(FULL, path.join(base, 'fcn-resnet18'), { recursive: true });
    const words = [path.join(ROOT, 'lib/cli.js'), 'convert', 'fcn-resnet18', '--out', 'out'];
    await promisify(execFile)(process.execPath, words, { cwd: base });
    const { page: fcn, complaints } = await opened(pathToFileURL(path.join(base, 'out/report/index.html')).href);
    const best = fcn.locator('figure').filter({ hasText: 'Best classes (after softmax)' });
    expect(await best.locator('tbody tr').count()).toBe(5);
    const cells = await best.locator('tbody tr').first().locator('td').allTextContents();
    expect(cells[1]).toMatch(/^(\d+) the class \1$/);
    expect(cells[3]).toBe(cells[1]);
    const first = fcn.locator('table.layers tr').filter({ hasText: 'Conv2d-1' }).first();
    expect(await first.textContent()).toMatch(/9,408.*\(Conv2D\)/);
    await picture(fcn, 'fcn-resnet18', true);
    expect(complaints).toEqual([]);
    await fcn.close();
  });
});

describe('the page to try a model', () => {
  test.each(['wasm', 'cpu', 'webgl'])('runs it on %s, on the stored inputs', async (backend) => {
    const { page, complaints } = await opened(server.address);
    await page.getByRole('link', { name: 'models/add/model.onnx' }).click();
    const add = page.getByRole('article').filter({ hasText: 'models/add/model.onnx' });
    await add.getByRole('link', { name: 'Try it' }).click();
    await page.getByLabel('Backend').selectOption(backend);
    const run = page.getByRole('button', { name: 'Run' });
    await run.click();
    await page.getByText('all outputs agree').waitFor({ timeout: 60_000 });
    expect(await page.getByRole('status').textContent()).toMatch(
      new RegExp(`^On the stored inputs of test_data_set_0, on ${backend}: all outputs agree`),
    );
    expect(await page.getByRole('row').count()).toBe(2);
    expect(await page.getByRole('row').last().textContent()).toContain('agrees');
    expect(complaints).toEqual([]);
    expect(await axe(page)).toEqual([]);
    await page.close();
  });

  test('shows that the wrong one differs', async () => {
    const { page, complaints } = await opened(`${server.address}report/try/wrong/model.onnx/index.html`);
    await page.getByRole('button', { name: 'Run' }).click();
    await page.getByText('1 of 1 outputs differ').waitFor({ timeout: 60_000 });
    await picture(page, 'try');
    expect(complaints).toEqual([]);
    await page.close();
  });

  test('says what to do where it was opened as a file', async () => {
    const page = await browser.newPage();
    await page.goto(pathToFileURL(path.join(out, 'report/try/add/model.onnx/index.html')).href);
    expect(await page.getByRole('status').textContent()).toMatch(/Serve the folder .*: node dist\/cli\.js serve/);
    await page.close();
  });
});
