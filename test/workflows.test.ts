/** Our own workflows and those of the examples: GitHub's own parser takes them, and what they name of the action exists. */
import { execFileSync, spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { convertWorkflowTemplate, NoOperationTraceWriter, parseWorkflow } from '@actions/workflow-parser';
import { parse } from 'yaml';
import { matrixOf } from '../src/run/shard.js';
import { folder, removeFolders } from './run/folders.js';

const ROOT = path.join(import.meta.dirname, '..');
const read = (file: string): string => readFileSync(path.join(ROOT, file), 'utf8');
const action = parse(read('action.yml')) as { inputs: Record<string, unknown>; outputs: Record<string, unknown> };

interface Step {
  id?: string;
  uses?: string;
  with?: Record<string, unknown>;
  run?: string;
}
interface Job {
  steps?: Step[];
  needs?: string | string[];
  outputs?: Record<string, string>;
  permissions?: unknown;
}
interface Workflow {
  on: Record<string, { workflows?: string[] } | null>;
  name: string;
  permissions?: unknown;
  jobs: Record<string, Job>;
}

const FILES = ['.github/workflows', 'examples/workflows'].flatMap((folder) =>
  readdirSync(path.join(ROOT, folder)).map((file) => `${folder}/${file}`),
);
const workflow = (file: string) => parse(read(file)) as Workflow;
const isOurs = ({ uses = '' }: Step) => uses === './' || uses.startsWith('OWNER/onnx2keras-action@');
/** What expressions name: `steps.plan.outputs.matrix` … */
const named = (text: string, pattern: RegExp) => [...text.matchAll(pattern)].map((m) => m.slice(1) as string[]);

test('there is an example of each kind', () => {
  for (const name of ['pull-request', 'release', 'matrix', 'self-hosted', 'git-lfs', 'forks', 'earlier-job'])
    expect(FILES).toContain(`examples/workflows/${name}.yml`);
});

describe.each(FILES)('%s', (file) => {
  const { jobs, permissions } = workflow(file);
  const steps = Object.values(jobs).flatMap((job) => job.steps ?? []);

  test("is a workflow to GitHub's parser, expressions and all", async () => {
    const { context, value } = parseWorkflow({ name: file, content: read(file) }, new NoOperationTraceWriter());
    const problems = () => context.errors.getErrors().map((e) => e.message);
    expect(problems()).toEqual([]);
    const template = await convertWorkflowTemplate(context, value as NonNullable<typeof value>);
    expect(problems()).toEqual([]);
    expect(template.jobs?.length).toBe(Object.keys(jobs).length);
  });

  test('gives the action inputs that it has, and takes outputs that it has', () => {
    for (const step of steps.filter(isOurs))
      expect(Object.keys(step.with ?? {}).filter((name) => !Object.hasOwn(action.inputs, name))).toEqual([]);
    const ours = new Set(steps.filter(isOurs).flatMap(({ id }) => id ?? []));
    for (const [id, output] of named(read(file), /\bsteps\.([\w-]+)\.outputs\.([\w-]+)/g))
      if (ours.has(id as string)) expect(Object.keys(action.outputs)).toContain(output);
      else expect(steps.some((step) => step.id === id)).toBe(true);
    for (const [job, output] of named(read(file), /\bneeds\.([\w-]+)\.outputs\.([\w-]+)/g))
      expect(Object.keys(jobs[job as string]?.outputs ?? {})).toContain(output);
  });

  test('pins what it uses, and asks for no more rights than it says', () => {
    for (const step of steps.filter((s) => s.uses !== undefined && !isOurs(s)))
      expect(step.uses).toMatch(/^[\w-]+\/[\w-]+@[0-9a-f]{40}$/);
    // The version stands beside each, for whoever updates it.
    expect(read(file).match(/@[0-9a-f]{40}(?! # v\d+\.\d+\.\d+$)/gm)).toBeNull();
    expect(permissions).toBeDefined();
  });

  test('puts no expression into a shell, where names of others become commands', () => {
    for (const { run = '' } of steps) expect(run).not.toContain('${{');
  });

  test('checks out no foreign code where it has rights', () => {
    const triggers = Object.keys(workflow(file).on);
    if (triggers.includes('workflow_run') || triggers.includes('pull_request_target'))
      expect(steps.filter(({ uses }) => uses?.startsWith('actions/checkout@'))).toEqual([]);
  });
});

test('a wrong expression, and a key that GitHub does not know, would be noticed', async () => {
  for (const [from, to] of [
    ['fromJSON(needs.plan.outputs.matrix)', 'fromJSON(needs.plan.outputs.matrix'],
    ['strategy:', 'strategies:'],
  ] as const) {
    const content = read('examples/workflows/matrix.yml').replaceAll(from, to);
    const { context, value } = parseWorkflow({ name: 'x', content }, new NoOperationTraceWriter());
    if (value) await convertWorkflowTemplate(context, value);
    expect(context.errors.getErrors()).not.toEqual([]);
  }
});

test('the matrix of the example has what a plan gives', () => {
  const text = read('examples/workflows/matrix.yml');
  const model = { file: '/m', root: '/', path: 'm', shown: 'm', bytes: 1 };
  const [row] = matrixOf([model], 8).include;
  const keys = named(text, /\bmatrix\.([\w-]+)/g).map(([key]) => key);
  expect(keys).toContain('shard');
  for (const key of keys) expect(Object.keys(row ?? {})).toContain(key);
});

test('the workflow for forks follows that for pull requests', () => {
  const { on } = workflow('examples/workflows/forks.yml');
  expect(on.workflow_run?.workflows).toEqual([workflow('examples/workflows/pull-request.yml').name]);
});

describe('a release of the action', () => {
  const steps = workflow('.github/workflows/release.yml').jobs.move?.steps ?? [];
  const script = steps.find(({ run }) => run?.includes('git tag'))?.run as string;
  afterAll(removeFolders);

  const git = (cwd: string, ...words: string[]) =>
    execFileSync('git', ['-c', 'user.name=t', '-c', 'user.email=t@example.test', ...words], {
      cwd,
      encoding: 'utf8',
    }).trim();
  /** As the workflow's step, in a clone. */
  const released = (clone: string, tag: string) =>
    spawnSync('bash', ['-e', '-c', script], { cwd: clone, env: { ...process.env, TAG: tag }, encoding: 'utf8' }).status;

  // Runners of workflows are Linux; a shell is not everywhere where tests run.
  (process.platform === 'win32' ? test.skip : test)('moves the tag of its major, unless an older one is mended', () => {
    const origin = folder();
    git(origin, 'init', '-q', '--bare');
    const clone = path.join(folder(), 'clone');
    git(origin, 'clone', '-q', origin, clone);
    const tagged = (tag: string) => {
      git(clone, 'commit', '-q', '--allow-empty', '-m', tag);
      git(clone, 'tag', tag);
      git(clone, 'push', '-q', 'origin', tag);
    };
    const at = (tag: string) => git(origin, 'rev-parse', `${tag}^{commit}`);
    for (const tag of ['v1.9.0', 'v1.10.0', 'v2.0.0', 'v1.9.1']) tagged(tag);
    for (const tag of ['v1.9.0', 'v1.10.0', 'v1.9.1', 'v2.0.0']) expect(released(clone, tag)).toBe(0);
    expect([at('v1'), at('v2')]).toEqual([at('v1.10.0'), at('v2.0.0')]);
    tagged('v1.11.0');
    expect(released(clone, 'v1.11.0')).toBe(0);
    expect(at('v1')).toBe(at('v1.11.0'));
    expect(released(clone, 'v1.12')).not.toBe(0);
    expect(at('v1')).toBe(at('v1.11.0'));
  });
});
