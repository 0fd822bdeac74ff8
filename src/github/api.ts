/** GitHub's REST API, as far as this action calls it: with the job's token, through the machine's proxy, patiently. */
import { createReadStream } from 'node:fs';
import type { IncomingHttpHeaders } from 'node:http';
import { HttpClient, type HttpClientResponse } from '@actions/http-client';
import { BearerCredentialHandler } from '@actions/http-client/lib/auth';
import { TOOL } from '../version.js';

/** GitHub said no, or wasn't there. */
export class ApiError extends Error {
  /** HTTP's; 0 where there was no answer. */
  readonly status: number;
  /** What GitHub gives as the reasons: `already_exists` … */
  readonly codes: readonly string[];
  constructor(status: number, message: string, codes: readonly string[] = []) {
    super(message);
    this.name = 'ApiError';
    this.status = status;
    this.codes = codes;
  }
}

export interface UploadedFile {
  /** Absolute. */
  file: string;
  bytes: number;
  type: string;
}

export interface Api {
  /** `path` from `/repos/…`, or a whole address of this GitHub. Throws ApiError. */
  request<T>(method: 'GET' | 'POST' | 'PATCH' | 'DELETE', path: string, body?: unknown): Promise<T>;
  /** Sends a file, once: whoever calls knows what a failed attempt leaves behind. Throws ApiError. */
  send<T>(address: string, file: UploadedFile): Promise<T>;
  /** All pages of a list, at most `most` of them. Throws ApiError. */
  list<T>(path: string, most: number): Promise<T[]>;
  /** `/repos/owner/name`. */
  readonly repository: string;
}

/** Waits between attempts, in milliseconds; their number is that of the retries. */
const DELAYS = [1000, 4000, 12000];
/** GitHub may ask for more patience than that, up to so much. */
const LONGEST_WAIT = 60_000;
const PER_PAGE = 100;

/** Undefined where there is no token or no repository: on a machine of one's own. */
export function createApi(token: string, env: NodeJS.ProcessEnv = process.env): Api | undefined {
  const repository = env.GITHUB_REPOSITORY ?? '';
  if (token === '' || !/^[\w.-]+\/[\w.-]+$/.test(repository)) return undefined;
  const base = (env.GITHUB_API_URL || 'https://api.github.com').replace(/\/+$/, '');
  const client = new HttpClient(TOOL.name, [new BearerCredentialHandler(token)], {
    socketTimeout: 120_000,
    allowRedirects: false,
    headers: { accept: 'application/vnd.github+json', 'x-github-api-version': '2022-11-28' },
  });

  const once = async <T>(work: () => Promise<HttpClientResponse>): Promise<T> => {
    let response: HttpClientResponse;
    let text: string;
    try {
      response = await work();
      text = await response.readBody();
    } catch (e) {
      throw new ApiError(0, (e as Error).message);
    }
    const status = response.message.statusCode ?? 0;
    if (status >= 200 && status < 300) return (text === '' ? undefined : JSON.parse(text)) as T;
    throw Object.assign(refusal(status, text), { wait: waitAsked(response.message.headers) });
  };

  const api: Api = {
    repository: `/repos/${repository}`,
    async request<T>(method: string, path: string, body?: unknown) {
      const address = ours(base, path);
      const data = body === undefined ? '' : JSON.stringify(body);
      const headers = body === undefined ? {} : { 'content-type': 'application/json' };
      for (let attempt = 0; ; attempt += 1)
        try {
          return await once<T>(() => client.request(method, address, data || null, headers));
        } catch (e) {
          const delay = delayBefore(e, attempt);
          if (delay === undefined) throw e;
          await new Promise((resolve) => setTimeout(resolve, delay));
        }
    },
    send: (address, { file, bytes, type }) =>
      once(() =>
        client.request('POST', ours(base, address), createReadStream(file), {
          'content-type': type,
          'content-length': String(bytes),
        }),
      ),
    async list<T>(path: string, most: number) {
      const all: T[] = [];
      for (let page = 1; all.length < most; page += 1) {
        const some = await api.request<T[]>('GET', `${path}?per_page=${PER_PAGE}&page=${page}`);
        all.push(...some);
        if (some.length < PER_PAGE) break;
      }
      return all.slice(0, most);
    },
  };
  return api;
}

/** The token goes to GitHub's own hosts alone, whatever address an answer gave. */
function ours(base: string, path: string): string {
  if (path.startsWith('/')) return base + path;
  const { host, protocol } = new URL(path);
  const home = new URL(base);
  const hosts = [home.host, home.host.replace(/^api\./, 'uploads.')];
  if (protocol !== home.protocol || !hosts.includes(host))
    throw new ApiError(0, `${host} is no host of ${home.host}'s`);
  return path;
}

function refusal(status: number, text: string): ApiError {
  let body: { message?: unknown; errors?: { code?: unknown; message?: unknown }[] } = {};
  try {
    body = JSON.parse(text) as typeof body;
  } catch {}
  const errors = Array.isArray(body.errors) ? body.errors : [];
  const messages = [body.message, ...errors.map((e) => e?.message)].filter((m) => typeof m === 'string');
  const codes = errors.flatMap((e) => (typeof e?.code === 'string' ? [e.code] : []));
  return new ApiError(status, `${messages.join('; ') || 'no reason was given'} (${status})`, codes);
}

/** What GitHub's headers ask to wait, in milliseconds; undefined where they ask nothing. */
function waitAsked(headers: IncomingHttpHeaders): number | undefined {
  const after = Number(headers['retry-after']);
  if (headers['retry-after'] !== undefined && Number.isFinite(after)) return after * 1000;
  if (headers['x-ratelimit-remaining'] !== '0') return undefined;
  const reset = Number(headers['x-ratelimit-reset']) * 1000 - Date.now();
  return Number.isFinite(reset) ? Math.max(0, reset) : undefined;
}

/** How long to wait for another attempt; undefined where there is none. */
function delayBefore(error: unknown, attempt: number): number | undefined {
  const usual = DELAYS[attempt];
  if (usual === undefined || !(error instanceof ApiError)) return undefined;
  const { status, wait } = error as ApiError & { wait?: number };
  if (isPassing(status)) return Math.min(Math.max(usual, wait ?? 0), LONGEST_WAIT);
  const isLimited = (status === 403 || status === 429) && wait !== undefined && wait <= LONGEST_WAIT;
  return isLimited ? wait : undefined;
}

/** A fault that may be gone the next time. */
export function isPassing(status: number): boolean {
  return status === 0 || status === 408 || status >= 500;
}
