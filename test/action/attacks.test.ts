/**
 * Each attack that is known against actions and ONNX readers, one by one, through the stand-in runner: none forges an
 * annotation, a mask, an output or a group, and none reads or writes a file outside. The models of all are in one
 * workspace, so that the step is run once.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, linkSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { micromark } from 'micromark';
import { gfm, gfmHtml } from 'micromark-extension-gfm';
import { parse } from 'yaml';
import type { ModelReport, Report } from '../../src/report/types.js';
import { model } from '../onnx/build.js';
import { folder, removeFolders } from '../run/folders.js';
import { onnxCase, withWrongReference } from '../run/repository.js';
import { type ResultsService, startResultsService } from './results-service.js';
import { readLog, runStep, type Step } from './runner.js';

afterAll(removeFolders);

/** Names that attack. All but the last few do harm where a log shows them as they are, and the runner's stand-in tells. */
const NAMES = {
  'an error annotation behind a line end': 'x\n::error file=x::forged',
  'an error annotation behind a carriage return': 'x\r::error file=x::forged',
  'a warning with a title and a place': 'x\n::warning file=x,line=1,title=forged::forged',
  'a mask over the digit 1': 'x\n::add-mask::1',
  'an end to all commands': 'x\n::stop-commands::forged',
  'an output': 'x\n::set-output name=result::forged',
  'an environment variable': 'x\n::set-env name=PATH::forged',
  'a folder on the path': 'x\n::add-path::/forged',
  'a state for later steps': 'x\n::save-state name=forged::forged',
  'a problem matcher': 'x\n::add-matcher::forged.json',
  'a group that never ends': 'x\n::group::forged',
  'the end of a group': 'x\n::endgroup::',
  'the echo of commands': 'x\n::echo::on',
  'the old form in the middle of a line': 'x ##[error]forged',
  'the old form for a mask': 'x ##[add-mask]1',
  'the old form for an end to all commands': 'x ##[stop-commands]forged',
  'a command behind white space': 'x\n \t::error file=x::forged',
  'a command behind a wide space': 'x\n\u3000::error file=x::forged',
} as const;

/** What does harm elsewhere than in the log's commands: in a terminal, in Markdown, in HTML, in XML, in a file of commands. */
const OTHERS = {
  'an escape sequence that clears the screen': 'x\u001b[2Jforged',
  'a control sequence of one character': 'x\u009b2Jforged',
  'text that reads from right to left': 'x\u202egpj.exe',
  'a character of no width': 'x\u200bforged',
  'a script in the summary': 'x</details><script>alert(1)</script>',
  'an image that calls home': 'x<img src=//forged.example>![x](//forged.example/a.png)',
  'a row of its own in a table': 'x|forged|\n|---|',
  'the end of a code span': 'x`<b>forged</b>`',
  'a mention of a person': 'x @forged #1',
  'the end of a CDATA section': 'x]]><forged/>',
  'an entity': 'x&lt;forged&gt;',
  'an encoded line end': 'x%0A::error file=x::forged',
  'the end of an output': 'x\nghadelimiter_forged\nresult=forged',
  'a command of a shell': '$(reboot)`reboot`;reboot',
  'an expression of a workflow': 'x$' + '{{ github.token }}',
};
const ALL: Record<string, string> = { ...NAMES, ...OTHERS };

const relu = onnxCase('relu', '.');
const reference = (place: string, files: Record<string, Buffer>) => ({
  [`${place}/test_data_set_0/input_0.pb`]: files['test_data_set_0/input_0.pb'] as Buffer,
  [`${place}/test_data_set_0/output_0.pb`]: files['test_data_set_0/output_0.pb'] as Buffer,
});
const value = (name: string) => ({
  name,
  docString: name,
  type: { tensorType: { elemType: 1, shape: { dim: [3, 4, 5].map((dimValue) => ({ dimValue })) } } },
});

/** A model in which every name and every text is this one. */
function named(name: string, opType: string, domain = ''): Buffer {
  const [input, output] = [`${name}-in`, `${name}-out`];
  return Buffer.from(
    model({
      producerName: name,
      producerVersion: name,
      docString: name,
      metadataProps: [{ key: name, value: name }],
      opsetImport: [{ version: 17 }, ...(domain === '' ? [] : [{ domain, version: 1 }])],
      graph: {
        name,
        docString: name,
        node: [{ name, opType, domain, docString: name, input: [input], output: [output] }],
        input: [value(input)],
        output: [value(output)],
      },
    }),
  );
}

/** A model whose only weight is external, with these entries. */
function external(entries: Record<string, string>): Buffer {
  const dims = [3, 4, 5];
  const externalData = Object.entries(entries).map(([key, value]) => ({ key, value }));
  return Buffer.from(
    model({
      graph: {
        node: [{ opType: 'Add', input: ['x', 'w'], output: ['y'] }],
        initializer: [{ name: 'w', dims, dataType: 1, dataLocation: 1, externalData }],
        input: [value('x')],
        output: [value('y')],
      },
    }),
  );
}

/** What must not be read: where its bytes are in the output, they have been. */
const SECRET = Buffer.from('a secret of the machine '.repeat(10));

/** Attacks by where a model says that its weights lie: what it says, and what lies beside it. */
const FILES: Record<
  string,
  { location: string; beside?: (home: string, outside: string) => void; more?: Record<string, string> }
> = {
  'CVE-2022-25882: the path begins with ..': { location: '../../outside/secret.bin' },
  'CVE-2022-25882: the path is absolute': { location: '' },
  'CVE-2024-27318: .. further in': {
    location: 'a/../../../outside/secret.bin',
    beside: (home) => mkdirSync(path.join(home, 'a')),
  },
  'CVE-2025-51480: what would be written over': { location: '../../outside/victim.bin' },
  'CVE-2026-27489: a folder on the way is a link': {
    location: 'link/secret.bin',
    beside: (home, outside) => symlinkSync(outside, path.join(home, 'link')),
  },
  'CVE-2026-34447: the file is a link': {
    location: 'link.bin',
    beside: (home, outside) => symlinkSync(path.join(outside, 'secret.bin'), path.join(home, 'link.bin')),
  },
  'CVE-2026-34446: the file is a hard link': {
    location: 'hard.bin',
    beside: (home, outside) => linkSync(path.join(outside, 'secret.bin'), path.join(home, 'hard.bin')),
  },
  'CVE-2026-34445: entries named as attributes of a class': {
    location: 'w.bin',
    more: { __class__: 'str', constructor: 'x', __proto__: 'x', basepath: '/', length: '99999999999' },
    beside: (home) => writeFileSync(path.join(home, 'w.bin'), Buffer.alloc(240)),
  },
  'a pipe, which never ends': { location: 'pipe', beside: (home) => execFileSync('mkfifo', [path.join(home, 'pipe')]) },
  'a device by way of a link': {
    location: 'zero',
    beside: (home) => symlinkSync('/dev/zero', path.join(home, 'zero')),
  },
  'a device of Windows': { location: 'NUL' },
  "Windows' separators": { location: '..\\..\\outside\\secret.bin' },
  'a share of Windows': { location: '\\\\outside\\share\\secret.bin' },
  'a NUL behind an innocent name': { location: 'w.bin\0/../../../outside/secret.bin' },
  "a process's environment": { location: '/proc/self/environ' },
};
const onPosix = process.platform === 'win32' ? describe.skip : describe;

/** Every regular file below a folder. */
const filesBelow = (root: string): string[] =>
  readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name));

onPosix('a workspace of attacks', () => {
  let workspace: string;
  let outside: string;
  let done: Step;
  let report: Report;
  let service: ResultsService;
  let outputs: string[];
  const place = (i: number, kind: string) => `names/${i}/${kind}.onnx`;
  const found = (at: string) => report.models.find((m) => m.path === at) as ModelReport;

  beforeAll(async () => {
    const wrong = withWrongReference(relu);
    const root = folder({
      'outside/secret.bin': SECRET,
      'outside/victim.bin': 'as it was',
      ...Object.fromEntries(
        Object.values(ALL).flatMap((name, i) => [
          [`workspace/${place(i, 'wrong')}`, named(name, 'Relu')],
          [`workspace/${place(i, 'unknown')}`, named(name, name)],
          [`workspace/${place(i, 'foreign')}`, named(name, 'Thing', name)],
          ...Object.entries(reference(`workspace/names/${i}`, wrong)),
        ]),
      ),
    });
    workspace = path.join(root, 'workspace');
    outside = path.join(root, 'outside');
    for (const [i, { location, beside, more }] of Object.values(FILES).entries()) {
      const home = path.join(workspace, 'files', String(i));
      mkdirSync(home, { recursive: true });
      const absolute = path.join(outside, 'secret.bin');
      writeFileSync(path.join(home, 'model.onnx'), external({ location: location || absolute, ...more }));
      beside?.(home, outside);
    }
    service = await startResultsService();
    const secrets = {
      ACTIONS_ID_TOKEN_REQUEST_TOKEN: 'top-secret',
      NPM_TOKEN: 'top-secret',
      GITHUB_TOKEN: 'top-secret',
    };
    done = await runStep({
      workspace,
      env: { ...service.env, ...secrets },
      with: { 'when-no-reference': 'skip', 'artifact-per-model': 'true', concurrency: '' },
    });
    const output = done.outputs['output-directory'] as string;
    report = JSON.parse(readFileSync(path.join(output, 'report/report.json'), 'utf8')) as Report;
    outputs = filesBelow(output);
  });
  afterAll(() => service.close());

  test('all of it was looked at, and the step fails for what it found', () => {
    expect(done).toMatchObject({ conclusion: 'failure', exitCode: 1, environment: '', path: '' });
    expect(report.models).toHaveLength(3 * Object.keys(ALL).length + Object.keys(FILES).length);
    expect(report.models.flatMap((m) => m.diagnostics.filter((d) => d.code === 'internal-error'))).toEqual([]);
  });

  describe.each(Object.entries(NAMES))('%s', (_, name) => {
    test('does harm where nobody cares', () => {
      const before = readLog('x\n');
      const after = readLog(`error: node ${name}\n`);
      expect(after.commands.length).toBeGreaterThan(before.commands.length);
    });
  });

  describe.each(Object.entries(ALL).map(([attack, name], i) => [attack, name, i] as const))('%s', (_, name, i) => {
    test('stands in the report as it is, and in the log and the summary as text', () => {
      const { status, checks } = found(place(i, 'wrong'));
      expect(status).toBe('mismatch');
      expect([...new Set(checks.map((check) => check.output))]).toEqual([`${name}-out`]);
      expect(found(place(i, 'unknown')).diagnostics[0]?.place.op).toBe(name);
      expect(found(place(i, 'foreign')).status).toBe('unsupported');
      const harmful = name
        .split(/[\r\n]+/)
        .slice(1)
        .filter((line) => /^\s*::(?!endgroup)/.test(line) || line.includes('|'));
      for (const line of done.stdout.split(/\r\n|\r|\n/))
        for (const bad of harmful) expect(line.trimStart().startsWith(bad.trim())).toBe(false);
    });
  });

  test('no annotation is forged, and none vanishes', () => {
    for (const annotation of [...done.annotations, ...done.dropped]) {
      expect(annotation.message).not.toMatch(/^\/?forged/);
      expect(annotation.title ?? '').not.toBe('forged');
      if (annotation.file !== undefined) expect(existsSync(path.join(workspace, annotation.file))).toBe(true);
    }
    expect(done.dropped).toEqual([]);
    expect(done.annotations.filter((a) => a.level === 'error')).toHaveLength(10);
  });

  test('nothing is masked but the signatures of addresses', () => {
    expect(done.masks.filter((m) => !/^(upload|download)-[0-9a-f-]+$/.test(m))).toEqual([]);
  });

  test('no command is given but ours', () => {
    const names = new Set(done.commands.map((c) => c.name));
    for (const name of ['error', 'warning', 'notice', 'group', 'endgroup', 'add-mask', 'debug']) names.delete(name);
    expect([...names]).toEqual([]);
    const count = (name: string) => done.commands.filter((c) => c.name === name).length;
    expect(count('group')).toBe(report.models.length + 1);
    expect(count('endgroup')).toBe(count('group'));
  });

  test('the outputs are those of action.yml, and what they say is ours', () => {
    const { outputs: declared } = parse(readFileSync(path.join(import.meta.dirname, '../../action.yml'), 'utf8'));
    expect(Object.keys(done.outputs).filter((name) => !(name in declared))).toEqual([]);
    expect(done.outputs.result).toBe('failure');
  });

  test('nothing of log, annotations and summary moves a cursor or hides', () => {
    for (const text of [done.stdout, done.summary, ...done.annotations.map((a) => `${a.title} ${a.message} ${a.file}`)])
      expect(text).not.toMatch(/[\u001b\u009b\u202e\u200b]/);
  });

  test('the summary, rendered, has no element of another, and no address', () => {
    const rendered = micromark(done.summary, {
      extensions: [gfm()],
      htmlExtensions: [gfmHtml()],
      allowDangerousHtml: true,
    });
    expect(rendered).toContain('names/0/wrong.onnx');
    expect(rendered).not.toMatch(/<script|<img|<b>|<a [^>]*forged|<forged/);
    // in code GitHub looks for no mentions
    expect(rendered.replace(/<code>[\s\S]*?<\/code>/g, '')).not.toContain('@forged');
    expect(rendered.match(/<details/g)?.length).toBe(rendered.match(/<\/details>/g)?.length);
  });

  describe.each(Object.keys(FILES).map((attack, i) => [attack, i] as const))('%s', (attack, i) => {
    test('is refused, with its reason', () => {
      const { status, diagnostics, artefacts } = found(`files/${i}/model.onnx`);
      expect({ status, artefacts }).toEqual({ status: 'error', artefacts: [] });
      const codes = attack.startsWith('CVE-2026-34445') ? ['external-too-short'] : ['external-unsafe'];
      expect(diagnostics.filter((d) => d.severity === 'error').map((d) => d.code)).toEqual(codes);
    });
  });

  test('what lies outside was neither read nor written', () => {
    expect(readFileSync(path.join(outside, 'victim.bin'), 'utf8')).toBe('as it was');
    expect(readFileSync(path.join(outside, 'secret.bin'))).toEqual(SECRET);
    expect(readdirSync(outside).sort()).toEqual(['secret.bin', 'victim.bin']);
    for (const file of outputs) expect(readFileSync(file).includes('a secret of the machine')).toBe(false);
  });

  test('no token is in what was written or printed', () => {
    for (const file of outputs) expect(readFileSync(file).includes('top-secret')).toBe(false);
    expect(done.stdout).not.toContain('top-secret');
  });

  test('what was uploaded is what was written, and has harmless names', () => {
    for (const { name } of service.artifacts) expect(name).toMatch(/^[A-Za-z0-9._-]+$/);
    expect(service.artifacts.length).toBe(Object.keys(ALL).length + 1);
  });
});

/** CVE-2023-51664: who puts an output into a shell by an expression runs what a file is called. */
describe('CVE-2023-51664: names of files in outputs', () => {
  const pages = ['README.md', ...readdirSync('docs').map((f) => `docs/${f}`)].filter((f) => f.endsWith('.md'));
  test.each(pages)('%s shows no expression inside run', (page) => {
    const blocks = [...readFileSync(page, 'utf8').matchAll(/```ya?ml\n([\s\S]*?)```/g)].map(
      ([, text]) => text as string,
    );
    for (const block of blocks) expect(block).not.toMatch(/run:(?:[^\n]*|\s*[|>][\s\S]*?)\$\{\{/);
  });
});

onPosix('an output directory that a pull request has prepared', () => {
  const prepared = async (link: (workspace: string, outside: string) => void) => {
    const outside = folder({ 'keep.txt': 'as it was' });
    const workspace = folder(onnxCase('relu', 'models/relu'));
    link(workspace, outside);
    const done = await runStep({ workspace, with: { 'output-directory': 'converted', upload: 'none' } });
    expect(readdirSync(outside)).toEqual(['keep.txt']);
    return done;
  };
  test('as a link out of the workspace', async () => {
    const done = await prepared((workspace, outside) => symlinkSync(outside, path.join(workspace, 'converted')));
    expect(done.annotations.map((a) => a.message)).toEqual([expect.stringContaining('leads out of the workspace')]);
    expect(done).toMatchObject({ conclusion: 'failure', outputs: { result: 'failure' } });
  });
  test('with a link in the place of the reports', async () => {
    const done = await prepared((workspace, outside) => {
      mkdirSync(path.join(workspace, 'converted'));
      symlinkSync(outside, path.join(workspace, 'converted/report'));
    });
    expect(done.annotations.map((a) => a.message)).toEqual([expect.stringContaining('symbolic link that leads out')]);
    expect(done.conclusion).toBe('failure');
  });
  test('with a link in the place of the models', async () => {
    const done = await prepared((workspace, outside) => {
      mkdirSync(path.join(workspace, 'converted'));
      symlinkSync(outside, path.join(workspace, 'converted/models'));
    });
    expect(done.annotations.map((a) => a.message).join()).toContain('symbolic link that leads out');
    expect(done).toMatchObject({ conclusion: 'failure', outputs: { 'models-converted': '0' } });
  });
});
