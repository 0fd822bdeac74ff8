/**
 * The longer suite (`npm run test:artifacts`): the same uploads into Azurite, Microsoft's own stand-in for Azure Blob
 * Storage, which checks signatures, block lists and headers that our small store doesn't. Needs Node 22 or newer.
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { promisify } from 'node:util';
import {
  BlobSASPermissions,
  ContainerClient,
  generateBlobSASQueryParameters,
  StorageSharedKeyCredential,
} from '@azure/storage-blob';
import { jest } from '@jest/globals';
import { folder, removeFolders } from '../run/folders.js';
import { onnxCase } from '../run/repository.js';
import { type BlobStore, type ResultsService, sha256, startResultsService } from './results-service.js';
import { runStep } from './runner.js';

jest.setTimeout(180_000);

const run = promisify(execFile);
const require = createRequire(import.meta.url);
let azurite: ChildProcess;
let service: ResultsService;

beforeAll(async () => {
  const account = 'onnx2keras';
  const key = randomBytes(32).toString('base64');
  azurite = spawn(
    process.execPath,
    [
      require.resolve('azurite/dist/src/blob/main.js'),
      '--blobHost',
      '127.0.0.1',
      '--blobPort',
      '0',
      '--location',
      folder(),
      '--disableTelemetry',
      '--silent',
      '--skipApiVersionCheck',
    ],
    {
      env: { PATH: process.env.PATH, HOME: folder(), AZURITE_ACCOUNTS: `${account}:${key}` },
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  const origin = await new Promise<string>((resolve, reject) => {
    let said = '';
    azurite.stdout?.on('data', (chunk: Buffer) => {
      said += chunk;
      const listening = /success\w+ listen\w+ \w+ (http:\/\/127\.0\.0\.1:\d+)/.exec(said);
      if (listening) resolve(listening[1] as string);
    });
    setTimeout(() => reject(new Error(`azurite does not listen: ${said}`)), 30_000).unref();
    azurite.on('exit', () => reject(new Error(`azurite ended: ${said}`)));
  });
  const credential = new StorageSharedKeyCredential(account, key);
  const container = new ContainerClient(`${origin}/${account}/artifacts`, credential);
  await container.create();
  const signed = (blob: string, permissions: string) => {
    const query = generateBlobSASQueryParameters(
      {
        containerName: 'artifacts',
        blobName: blob,
        permissions: BlobSASPermissions.parse(permissions),
        expiresOn: new Date(Date.now() + 3_600_000),
      },
      credential,
    );
    return `${origin}/${account}/artifacts/${blob}?${query}`;
  };
  const store: BlobStore = {
    uploadUrl: (name) => signed(`${name}.zip`, 'cw'),
    downloadUrl: (name) => signed(`${name}.zip`, 'r'),
  };
  service = await startResultsService(store);
});

afterAll(async () => {
  // It writes into its folder until it has ended.
  const ended = new Promise((resolve) => azurite.once('close', resolve));
  if (azurite.kill()) await ended;
  await service?.close();
  removeFolders();
});

const inStep = (workspace: string) => ({ PATH: process.env.PATH, GITHUB_WORKSPACE: workspace, ...service.env });

async function download(id: number | string, workspace: string): Promise<string> {
  const place = folder();
  await run(process.execPath, [path.join(import.meta.dirname, 'download.js'), String(id), place], {
    env: inStep(workspace),
  });
  return place;
}

test('what the action uploads comes back byte for byte', async () => {
  const workspace = folder(onnxCase('relu', 'models/relu'));
  const done = await runStep({ workspace, env: service.env });
  expect(done).toMatchObject({ conclusion: 'success', outputs: { 'models-passed': '1' } });
  const place = await download(done.outputs['artifact-id'] as string, workspace);
  for (const file of [
    'report/report.json',
    'models/relu/model.onnx/model.json',
    'models/relu/model.onnx/conversion.json',
  ])
    expect(readFileSync(path.join(place, file))).toEqual(
      readFileSync(path.join(done.outputs['output-directory'] as string, file)),
    );
});

test.each([0, 6])('100 MB that do not compress come back byte for byte, at level %s', async (level) => {
  const bytes = randomBytes(100_000_000);
  const root = folder({ 'weights.bin': bytes });
  const { stdout } = await run(
    process.execPath,
    [path.join(import.meta.dirname, 'upload.js'), root, 'weights.bin', `big-${level}`, String(level)],
    { env: inStep(root) },
  );
  const { id } = JSON.parse(stdout.trim().split('\n').at(-1) as string);
  expect(sha256(readFileSync(path.join(await download(id, root), 'weights.bin')))).toBe(sha256(bytes));
});
