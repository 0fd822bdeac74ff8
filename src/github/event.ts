/** What started the workflow: GitHub's event, as far as it says which commits it is about. */
import { readFileSync } from 'node:fs';

export interface GitHubEvent {
  /** `push`, `pull_request` … */
  name: string;
  /** The commit that a check belongs to: of a pull request its head, not the merge that is checked out. */
  headSha: string;
  /** What the models are to be compared with. */
  baseSha?: string;
  pullRequest?: number;
}

const SHA = /^[0-9a-f]{40}([0-9a-f]{24})?$/;

/** The event of this job. What the payload leaves out is left out here. */
export function readEvent(env: NodeJS.ProcessEnv = process.env): GitHubEvent {
  const event = payload(env.GITHUB_EVENT_PATH);
  const name = env.GITHUB_EVENT_NAME ?? '';
  const pull = objectAt(event, 'pull_request');
  const group = objectAt(event, 'merge_group');
  const earlier = objectAt(event, 'workflow_run');
  const head = sha(objectAt(pull, 'head').sha) ?? sha(group.head_sha) ?? sha(earlier.head_sha) ?? env.GITHUB_SHA ?? '';
  const base = sha(objectAt(pull, 'base').sha) ?? sha(group.base_sha) ?? sha(event.before);
  return {
    name,
    headSha: head,
    // A branch that is new has had nothing before.
    ...(base === undefined || /^0+$/.test(base) ? {} : { baseSha: base }),
    ...(typeof pull.number === 'number' ? { pullRequest: pull.number } : {}),
  };
}

/** Whether the event is there to look at a change before it is taken over. */
export function isAboutChanges({ name }: GitHubEvent): boolean {
  return ['pull_request', 'pull_request_target', 'merge_group'].includes(name);
}

/** The workflow's own file, relative to the repository, since it holds the inputs. */
export function workflowFile(env: NodeJS.ProcessEnv = process.env): string[] {
  const [, file] = /^[^/]+\/[^/]+\/(\.github\/workflows\/[^@]+)@/.exec(env.GITHUB_WORKFLOW_REF ?? '') ?? [];
  return file === undefined ? [] : [file];
}

/** The repository and the version of it that the workflow names behind `uses`; undefined where it is a local one (`./`). */
export function actionSource(env: NodeJS.ProcessEnv = process.env): { url: string; ref: string } | undefined {
  const { GITHUB_ACTION_REPOSITORY: repository = '', GITHUB_ACTION_REF: ref = '' } = env;
  if (!/^[\w.-]+\/[\w-][\w.-]*$/.test(repository) || !/^[\w][\w./-]*$/.test(ref)) return undefined;
  return { url: `${env.GITHUB_SERVER_URL || 'https://github.com'}/${repository}`, ref };
}

/** Where the run that this job is part of can be seen. */
export function runUrl(env: NodeJS.ProcessEnv = process.env): string {
  const server = env.GITHUB_SERVER_URL || 'https://github.com';
  return `${server}/${env.GITHUB_REPOSITORY ?? ''}/actions/runs/${env.GITHUB_RUN_ID ?? ''}`;
}

type Json = Record<string, unknown>;

function payload(file: string | undefined): Json {
  try {
    return file ? (JSON.parse(readFileSync(file, 'utf8')) as Json) : {};
  } catch {
    return {};
  }
}

function objectAt(value: Json, key: string): Json {
  const inner = value[key];
  return typeof inner === 'object' && inner !== null ? (inner as Json) : {};
}

const sha = (value: unknown): string | undefined => (typeof value === 'string' && SHA.test(value) ? value : undefined);
