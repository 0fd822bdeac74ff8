/** A check run of one's own, with every finding: the Checks API takes fifty annotations at a time, as often as one likes. */
import type { Annotation } from '../report/annotations.js';
import { type Api, ApiError } from './api.js';

export interface CheckRun {
  name: string;
  headSha: string;
  conclusion: 'success' | 'failure' | 'neutral';
  title: string;
  /** Markdown, safe, of at most 65,535 characters. */
  summary: string;
  annotations: readonly Annotation[];
  /** Where the whole report is. */
  detailsUrl?: string;
}

const PER_REQUEST = 50;
/** Twenty requests; nobody reads more. */
const MOST = 1000;
const LONGEST_TITLE = 255;

/**
 * Writes the check run. Undefined where it stands; else a sentence that says why it doesn't, which is nothing to fail for:
 * in a pull request from a fork it is the rule.
 */
export async function writeCheckRun(api: Api, check: CheckRun): Promise<string | undefined> {
  const all = check.annotations.slice(0, MOST).map(forApi);
  const batches = Array.from({ length: Math.max(1, Math.ceil(all.length / PER_REQUEST)) }, (_, i) =>
    all.slice(i * PER_REQUEST, (i + 1) * PER_REQUEST),
  );
  const output = { title: check.title.slice(0, LONGEST_TITLE), summary: check.summary };
  const end = { status: 'completed', conclusion: check.conclusion };
  try {
    const { id } = await api.request<{ id: number }>('POST', `${api.repository}/check-runs`, {
      name: check.name,
      head_sha: check.headSha,
      ...(check.detailsUrl === undefined ? {} : { details_url: check.detailsUrl }),
      ...(batches.length === 1 ? end : { status: 'in_progress' }),
      output: { ...output, annotations: batches[0] },
    });
    for (const [i, annotations] of batches.slice(1).entries())
      await api.request('PATCH', `${api.repository}/check-runs/${id}`, {
        ...(i === batches.length - 2 ? end : {}),
        output: { ...output, annotations },
      });
    return undefined;
  } catch (e) {
    if (!(e instanceof ApiError)) throw e;
    return inWords(e);
  }
}

const LEVELS = { error: 'failure', warning: 'warning', notice: 'notice' } as const;

function forApi({ level, title, message, file = '.github', line = 1 }: Annotation) {
  return {
    path: file,
    start_line: line,
    end_line: line,
    annotation_level: LEVELS[level],
    title: title.slice(0, LONGEST_TITLE),
    message,
  };
}

function inWords({ status, message }: ApiError): string {
  if (status === 403 || status === 404)
    return `the check run was not written: the token may not. Give the job \`permissions: checks: write\`; a pull request from a fork never has it (${message})`;
  return `the check run was not written: ${message}`;
}
