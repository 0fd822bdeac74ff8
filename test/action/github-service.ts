/**
 * GitHub's REST API on loopback, as far as this action calls it. Every request is held against GitHub's own OpenAPI
 * description (github-openapi.json), and so is every answer of this stand-in: what GitHub would not say it doesn't say.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import formats from 'ajv-formats';
import { type Context, OpenAPIBackend } from 'openapi-backend';
import { TOKEN } from './runner.js';

export interface StoredRelease {
  id: number;
  tag: string;
  draft: boolean;
  immutable?: boolean;
  assets: StoredAsset[];
}

export interface StoredAsset {
  id: number;
  name: string;
  /** `starter` is what a broken upload leaves; the description doesn't know it. */
  state: 'uploaded' | 'starter';
  bytes: Buffer;
}

export interface StoredCheck {
  name: string;
  headSha: string;
  status: string;
  conclusion?: string;
  title: string;
  summary: string;
  annotations: Record<string, unknown>[];
}

/** What to do wrong, in the order of an operation's calls: a status with GitHub's message, or a broken connection. */
export interface Fault {
  operation: string;
  answer:
    | { status: number; message: string; errors?: object[]; headers?: Record<string, string> }
    | 'reset'
    | 'reset after doing it'
    | 'starter';
  times: number;
}

export interface GitHubService {
  env: Record<string, string>;
  releases: StoredRelease[];
  checks: StoredCheck[];
  /** Of the pull request: what `pulls/list-files` gives. */
  changed: { filename: string; status: string; previous_filename?: string }[];
  faults: Fault[];
  /** `checks/create` …, as they came. */
  calls: string[];
  /** Where a request or an answer isn't what the description says. */
  violations: string[];
  close(): Promise<void>;
}

type Handled = { status: number; body?: unknown };

/** The stand-in that a request came to. */
interface Asking {
  handlers: Record<string, (request: Context['request'], raw: Buffer) => Handled>;
  violations: string[];
}

let compiled: Promise<OpenAPIBackend> | undefined;

/** The description, compiled once for all stand-ins of a process: that takes a second. */
function described(): Promise<OpenAPIBackend> {
  compiled ??= compile();
  return compiled;
}

async function compile(): Promise<OpenAPIBackend> {
  const definition = JSON.parse(readFileSync(`${import.meta.dirname}/github-openapi.json`, 'utf8'));
  const operations = Object.values(definition.paths as Record<string, Record<string, { operationId: string }>>)
    .flatMap((methods) => Object.values(methods))
    .map((o) => o.operationId);
  const backend = new OpenAPIBackend({
    definition,
    strict: true,
    // Numbers in paths and queries are text on the wire.
    coerceTypes: true,
    ajvOpts: { strict: false },
    customizeAjv: (ajv) => {
      formats.default(ajv);
      return ajv;
    },
    handlers: {
      ...Object.fromEntries(operations.map((id) => [id, handle])),
      validationFail: ({ operation, validation }: Context, _: Buffer, { violations }: Asking) => {
        for (const e of validation.errors ?? [])
          violations.push(`${operation.operationId}: ${e.instancePath} ${e.message}`);
        return { status: 422, body: { message: 'Validation Failed' } };
      },
      notFound: ({ request }: Context, _: Buffer, { violations }: Asking) => {
        violations.push(`${request.method} ${request.path} is nothing that the description has`);
        return NOT_FOUND;
      },
    },
  });
  await backend.init();
  return backend;
}

function handle(context: Context, raw: Buffer, { handlers, violations }: Asking): Handled {
  const id = context.operation.operationId ?? '';
  for (const key of unknownFields(context)) violations.push(`${id}: a field ${key} that GitHub doesn't know`);
  const answer = (handlers[id] as Asking['handlers'][string])(context.request, raw);
  const isKnown = !JSON.stringify(answer.body ?? null).includes('"starter"');
  const { errors } =
    isKnown && answer.body ? context.api.validateResponse(answer.body, context.operation, answer.status) : {};
  // GitHub says null until there is one; its description allows that in words that Ajv doesn't take together.
  for (const e of errors ?? [])
    if (e.instancePath !== '/conclusion') violations.push(`${id}: the stand-in's answer${e.instancePath} ${e.message}`);
  return answer;
}

const NOT_FOUND = {
  status: 404,
  body: { message: 'Not Found', documentation_url: 'https://docs.github.com/rest', status: '404' },
};

export async function startGitHub(): Promise<GitHubService> {
  const violations: string[] = [];
  const calls: string[] = [];
  const faults: Fault[] = [];
  const releases: StoredRelease[] = [];
  const checks: StoredCheck[] = [];
  const changed: GitHubService['changed'] = [];
  let origin = '';
  let ids = 1000;

  const releaseJson = (r: StoredRelease) => ({
    url: `${origin}/repos/someone/models/releases/${r.id}`,
    html_url: `https://github.com/someone/models/releases/${encodeURIComponent(r.tag)}`,
    assets_url: `${origin}/repos/someone/models/releases/${r.id}/assets`,
    upload_url: `${origin}/repos/someone/models/releases/${r.id}/assets{?name,label}`,
    tarball_url: null,
    zipball_url: null,
    id: r.id,
    node_id: `R_${r.id}`,
    tag_name: r.tag,
    target_commitish: 'main',
    name: r.tag,
    draft: r.draft,
    prerelease: false,
    ...(r.immutable === undefined ? {} : { immutable: r.immutable }),
    created_at: '2026-11-01T00:00:00Z',
    published_at: r.draft ? null : '2026-11-01T00:00:00Z',
    author: userJson,
    assets: r.assets.filter((a) => a.state === 'uploaded').map(assetJson),
  });
  const assetJson = (a: StoredAsset) => ({
    url: `${origin}/repos/someone/models/releases/assets/${a.id}`,
    browser_download_url: `https://github.com/someone/models/releases/download/v1/${a.name}`,
    id: a.id,
    node_id: `RA_${a.id}`,
    name: a.name,
    label: null,
    state: a.state,
    content_type: 'application/zip',
    size: a.bytes.length,
    digest: a.state === 'uploaded' ? `sha256:${createHash('sha256').update(a.bytes).digest('hex')}` : null,
    download_count: 0,
    created_at: '2026-11-01T00:00:00Z',
    updated_at: '2026-11-01T00:00:00Z',
    uploader: null,
  });
  const checkJson = (c: StoredCheck, id: number) => ({
    id,
    head_sha: c.headSha,
    node_id: `CR_${id}`,
    external_id: null,
    url: `${origin}/repos/someone/models/check-runs/${id}`,
    html_url: null,
    details_url: null,
    status: c.status,
    conclusion: c.conclusion ?? null,
    started_at: null,
    completed_at: null,
    output: {
      title: c.title,
      summary: c.summary,
      text: null,
      annotations_count: c.annotations.length,
      annotations_url: `${origin}/repos/someone/models/check-runs/${id}/annotations`,
    },
    name: c.name,
    check_suite: null,
    app: null,
    pull_requests: [],
  });
  const page = <T>(all: T[], { query }: Context['request']): T[] => {
    const { per_page = '30', page: n = '1' } = query as Record<string, string>;
    return all.slice((Number(n) - 1) * Number(per_page), Number(n) * Number(per_page));
  };
  const releaseById = ({ params }: Context['request']) => releases.find((r) => String(r.id) === params.release_id);

  const handlers: Asking['handlers'] = {
    'checks/create'({ requestBody: b }) {
      checks.push({
        name: b.name,
        headSha: b.head_sha,
        status: b.status ?? 'queued',
        conclusion: b.conclusion,
        title: b.output?.title,
        summary: b.output?.summary,
        annotations: [...(b.output?.annotations ?? [])],
      });
      return { status: 201, body: checkJson(checks.at(-1) as StoredCheck, checks.length) };
    },
    'checks/update'({ params, requestBody: b }) {
      const check = checks[Number(params.check_run_id) - 1];
      if (!check) return NOT_FOUND;
      check.annotations.push(...(b.output?.annotations ?? []));
      if (b.conclusion !== undefined) Object.assign(check, { conclusion: b.conclusion, status: 'completed' });
      return { status: 200, body: checkJson(check, Number(params.check_run_id)) };
    },
    'repos/list-releases': (request) => ({ status: 200, body: page(releases, request).map(releaseJson) }),
    'repos/get-release-by-tag'({ params }) {
      const found = releases.find((r) => r.tag === params.tag && !r.draft);
      return found ? { status: 200, body: releaseJson(found) } : NOT_FOUND;
    },
    'repos/list-release-assets'(request) {
      const found = releaseById(request);
      return found ? { status: 200, body: page(found.assets, request).map(assetJson) } : NOT_FOUND;
    },
    'repos/upload-release-asset'(request, bytes) {
      const found = releaseById(request);
      if (!found) return NOT_FOUND;
      const { name } = request.query as Record<string, string>;
      const errors = [{ resource: 'ReleaseAsset', code: 'already_exists', field: 'name' }];
      if (found.immutable) return { status: 422, body: { message: 'Cannot upload assets to an immutable release.' } };
      if (found.assets.some((a) => a.name === name))
        return {
          status: 422,
          body: { message: 'Validation Failed', errors, documentation_url: 'https://docs.github.com' },
        };
      const asset: StoredAsset = { id: ids++, name: name as string, state: 'uploaded', bytes };
      found.assets.push(asset);
      return { status: 201, body: assetJson(asset) };
    },
    'repos/delete-release-asset'({ params }) {
      for (const release of releases) {
        const at = release.assets.findIndex((a) => String(a.id) === params.asset_id);
        if (at >= 0) {
          release.assets.splice(at, 1);
          return { status: 204 };
        }
      }
      return NOT_FOUND;
    },
    'pulls/list-files': (request) => ({
      status: 200,
      body: page(changed, request).map((file) => ({
        sha: 'a'.repeat(40),
        additions: 1,
        deletions: 0,
        changes: 1,
        blob_url: 'https://github.com/x',
        raw_url: 'https://github.com/x',
        contents_url: 'https://github.com/x',
        ...file,
      })),
    }),
  };

  const backend = await described();
  const asking: Asking = { handlers, violations };

  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => void answer(request, response, Buffer.concat(chunks)));
  });
  const answer = async (request: IncomingMessage, response: ServerResponse, raw: Buffer) => {
    const url = new URL(request.url ?? '/', origin);
    const isJson = request.headers['content-type'] === 'application/json';
    const asked = {
      method: request.method ?? 'GET',
      path: url.pathname,
      query: Object.fromEntries(url.searchParams),
      // The description calls every file an octet-stream; the text around it says to name the file's own type.
      headers: { ...request.headers, ...(isJson ? {} : { 'content-type': 'application/octet-stream' }) } as Record<
        string,
        string
      >,
      body: isJson ? JSON.parse(raw.toString('utf8')) : undefined,
    };
    const id = backend.router.matchOperation(asked)?.operationId ?? 'unknown';
    calls.push(id);
    const send = (status: number, body: unknown, headers: Record<string, string> = {}) =>
      response
        .writeHead(status, { 'content-type': 'application/json', ...headers })
        .end(body === undefined ? '' : JSON.stringify(body));
    if (request.headers.authorization !== `Bearer ${TOKEN}`) return send(401, { message: 'Bad credentials' });
    if (request.headers['x-github-api-version'] !== '2022-11-28') violations.push(`${id}: no version of the API`);

    const fault = faults.find((f) => f.operation === id && f.times > 0);
    if (fault) fault.times -= 1;
    if (fault?.answer === 'reset') return request.socket.destroy();
    if (fault?.answer === 'starter') {
      const found = releases.find((r) => url.pathname.includes(`/${r.id}/`));
      found?.assets.push({ id: ids++, name: asked.query.name as string, state: 'starter', bytes: Buffer.alloc(0) });
      return send(502, { message: 'Server Error' });
    }
    if (typeof fault?.answer === 'object') {
      const { status, message, errors, headers } = fault.answer;
      return send(status, { message, ...(errors ? { errors } : {}) }, headers);
    }
    const { status, body } = (await backend.handleRequest(asked, raw, asking)) as Handled;
    if (fault?.answer === 'reset after doing it') return request.socket.destroy();
    return send(status, body);
  };
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  return {
    env: { GITHUB_API_URL: origin },
    releases,
    checks,
    changed,
    faults,
    calls,
    violations,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

/** Fields of a request's body that the description doesn't name: GitHub would ignore them, and so would we never know. */
function unknownFields({ operation, request }: Context): string[] {
  const schema = (operation.requestBody as { content?: Record<string, { schema?: Schema }> } | undefined)?.content?.[
    'application/json'
  ]?.schema;
  return schema === undefined ? [] : unknownIn(request.requestBody, schema, '');
}

interface Schema {
  properties?: Record<string, Schema>;
  items?: Schema;
}

function unknownIn(value: unknown, schema: Schema, at: string): string[] {
  if (Array.isArray(value))
    return value.flatMap((item) => (schema.items ? unknownIn(item, schema.items, `${at}[]`) : []));
  if (typeof value !== 'object' || value === null || !schema.properties) return [];
  const { properties } = schema;
  return Object.entries(value).flatMap(([key, inner]) => {
    const known = properties[key];
    return known ? unknownIn(inner, known, `${at}.${key}`) : [`${at}.${key}`];
  });
}

const userJson = {
  login: 'someone',
  id: 1,
  node_id: 'U_1',
  avatar_url: 'https://github.com/x',
  gravatar_id: null,
  url: 'https://github.com/x',
  html_url: 'https://github.com/x',
  followers_url: 'https://github.com/x',
  following_url: 'https://github.com/x',
  gists_url: 'https://github.com/x',
  starred_url: 'https://github.com/x',
  subscriptions_url: 'https://github.com/x',
  organizations_url: 'https://github.com/x',
  repos_url: 'https://github.com/x',
  events_url: 'https://github.com/x',
  received_events_url: 'https://github.com/x',
  type: 'User',
  site_admin: false,
};
