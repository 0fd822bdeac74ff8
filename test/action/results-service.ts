/**
 * GitHub's artifact service on loopback, as far as @actions/artifact's client calls it: the Twirp calls (JSON with the
 * protocol's own field names) and a blob store that takes blocks, or another one (azurite) in its place.
 */
import { createHash, randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface BlobStore {
  uploadUrl(name: string): string;
  downloadUrl(name: string): string;
}

export interface StoredArtifact {
  id: number;
  name: string;
  size: number;
  digest: string;
  expiresAt?: string;
  blob: string;
}

/** What to do wrong, in the order of the calls of that name: a number is the status; `late` answers after 300 ms. */
export interface Fault {
  call: string;
  answer: 'reset' | 'reset after doing it' | 'silence' | 'late' | number;
  times: number;
}

export interface ResultsService {
  /** For the step's environment. */
  env: Record<string, string>;
  artifacts: StoredArtifact[];
  /** Names of the calls, as they came. */
  calls: string[];
  faults: Fault[];
  /** The bytes of an artifact's zip, where the store is this one. */
  bytes(name: string): Buffer | undefined;
  close(): Promise<void>;
}

const SERVICE = '/twirp/github.actions.results.api.v1.ArtifactService/';

export async function startResultsService(store?: BlobStore): Promise<ResultsService> {
  const open = new Map<string, { blob: string; expiresAt?: string }>();
  const blobs = new Map<string, Buffer>();
  const blocks = new Map<string, Buffer>();
  const artifacts: StoredArtifact[] = [];
  const calls: string[] = [];
  const faults: Fault[] = [];
  let ids = 100;
  let origin = '';
  const own: BlobStore = {
    uploadUrl: (name) => `${origin}/blobs/${name}?sig=upload-${name}`,
    downloadUrl: (name) => `${origin}/blobs/${name}.zip?sig=download-${name}`,
  };
  const { uploadUrl, downloadUrl } = store ?? own;

  const methods: Record<string, (request: Record<string, never>) => { status: number; body: unknown }> = {
    CreateArtifact({ name, expires_at }) {
      if (artifacts.some((a) => a.name === name))
        return {
          status: 409,
          body: { code: 'already_exists', msg: 'an artifact with this name already exists on the workflow run' },
        };
      const blob = randomUUID();
      open.set(name, { blob, expiresAt: expires_at });
      return { status: 200, body: { ok: true, signed_upload_url: uploadUrl(blob) } };
    },
    FinalizeArtifact({ name, size, hash }) {
      const started = open.get(name);
      if (!started) return { status: 404, body: { code: 'not_found', msg: 'no such upload' } };
      open.delete(name);
      const artifact = { id: ids++, name, size: Number(size), digest: String(hash), ...started };
      artifacts.push(artifact);
      return { status: 200, body: { ok: true, artifact_id: String(artifact.id) } };
    },
    ListArtifacts({ name_filter, id_filter }) {
      const listed = artifacts.filter(
        (a) => (!name_filter || a.name === name_filter) && (!id_filter || String(a.id) === String(id_filter)),
      );
      return {
        status: 200,
        body: {
          artifacts: listed.map((a) => ({
            workflow_run_backend_id: 'run',
            workflow_job_run_backend_id: 'job',
            database_id: String(a.id),
            name: a.name,
            size: String(a.size),
            digest: a.digest,
            created_at: '2026-11-01T00:00:00Z',
          })),
        },
      };
    },
    GetSignedArtifactURL({ name }) {
      const found = artifacts.find((a) => a.name === name);
      return found
        ? { status: 200, body: { signed_url: downloadUrl(found.blob) } }
        : { status: 404, body: { code: 'not_found', msg: name } };
    },
    DeleteArtifact({ name }) {
      const at = artifacts.findIndex((a) => a.name === name);
      if (at < 0) return { status: 404, body: { code: 'not_found', msg: name } };
      const [removed] = artifacts.splice(at, 1);
      return { status: 200, body: { ok: true, artifact_id: String(removed?.id) } };
    },
  };

  const blob = (request: IncomingMessage, response: ServerResponse, url: URL, body: Buffer) => {
    const name = url.pathname.slice('/blobs/'.length).replace(/\.zip$/, '');
    const kind = url.searchParams.get('comp');
    const headers = {
      'x-ms-request-id': randomUUID(),
      'x-ms-version': '2026-02-06',
      etag: '"1"',
      'last-modified': new Date().toUTCString(),
    };
    if (request.method === 'GET') {
      const bytes = blobs.get(name);
      response.writeHead(bytes ? 200 : 404, { 'content-type': 'application/zip' }).end(bytes);
      return;
    }
    if (kind === 'block') blocks.set(`${name} ${url.searchParams.get('blockid')}`, body);
    else if (kind === 'blocklist') {
      const list = [...body.toString('utf8').matchAll(/<(?:Latest|Uncommitted)>([^<]+)</g)].map(([, id]) =>
        blocks.get(`${name} ${id}`),
      );
      if (list.some((b) => b === undefined)) return void response.writeHead(400, headers).end();
      blobs.set(name, Buffer.concat(list as Buffer[]));
    } else blobs.set(name, body);
    response.writeHead(201, headers).end();
  };

  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const url = new URL(request.url ?? '/', origin);
      const body = Buffer.concat(chunks);
      const method = url.pathname.startsWith(SERVICE) ? url.pathname.slice(SERVICE.length) : undefined;
      const call = method ?? `${request.method} ${url.searchParams.get('comp') ?? 'blob'}`;
      calls.push(call);
      const fault = faults.find((f) => f.call === call && f.times > 0);
      if (fault) fault.times -= 1;
      if (fault?.answer === 'reset') return void request.socket.destroy();
      if (fault?.answer === 'silence') return;
      if (fault?.answer === 'late') return void setTimeout(() => answerTo(request, response, body), 300);
      if (typeof fault?.answer === 'number')
        return void response
          .writeHead(fault.answer, { 'content-type': 'application/json' })
          .end('{"msg":"out of order"}');
      answerTo(request, response, body, fault !== undefined);
    });
  });
  const answerTo = (request: IncomingMessage, response: ServerResponse, body: Buffer, breaks = false) => {
    const url = new URL(request.url ?? '/', origin);
    if (!url.pathname.startsWith(SERVICE)) return blob(request, response, url, body);
    const method = methods[url.pathname.slice(SERVICE.length)];
    const answer = method?.(JSON.parse(body.toString('utf8'))) ?? { status: 404, body: {} };
    if (breaks) return void request.socket.destroy();
    response.writeHead(answer.status, { 'content-type': 'application/json' }).end(JSON.stringify(answer.body));
  };
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  return {
    env: {
      ACTIONS_RESULTS_URL: `${origin}/`,
      ACTIONS_RUNTIME_TOKEN: token(),
      NO_PROXY: '127.0.0.1',
      no_proxy: '127.0.0.1',
    },
    artifacts,
    calls,
    faults,
    bytes: (name) => blobs.get(artifacts.find((a) => a.name === name)?.blob ?? ''),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** A JWT as the runner hands out; the client only decodes it. */
function token(): string {
  const part = (value: object | string) =>
    Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');
  return [part({ alg: 'none' }), part({ scp: 'Actions.ExampleScope Actions.Results:run:job' }), part('signature')].join(
    '.',
  );
}

export const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');
