/** Attaches files to a release that is there already: one after the other, patiently, replacing nothing unasked. */
import { stat } from 'node:fs/promises';
import { sha256OfFile } from '../run/hash.js';
import { type Api, ApiError, isPassing } from './api.js';

export interface Asset {
  /** Letters, digits, `.`, `_` and `-`: GitHub would change others. */
  name: string;
  /** Absolute. */
  file: string;
}

export interface Attached {
  name: string;
  url: string;
  bytes: number;
}

/** The release can't take the files: one sentence that says why, and what to do. */
export class ReleaseError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'ReleaseError';
  }
}

interface Release {
  id: number;
  tag_name: string;
  draft: boolean;
  upload_url: string;
  html_url: string;
  immutable?: boolean;
}

interface ReleaseAsset {
  id: number;
  name: string;
  /** `starter` where an upload broke off. */
  state: string;
  size: number;
  digest?: string | null;
  browser_download_url: string;
}

/** Releases looked through for a draft, and assets of one. */
const MOST_RELEASES = 1000;
const MOST_ASSETS = 1000;
/** Waits between attempts, in milliseconds; their number is that of the retries. */
const DELAYS = [1000, 5000, 15000];

/** All or an exception; what was attached before it stays. `overwrite`: an asset of the same name is replaced. Throws ReleaseError. */
export async function attach(api: Api, tag: string, assets: readonly Asset[], overwrite: boolean): Promise<Attached[]> {
  try {
    const release = await releaseOf(api, tag);
    if (release.immutable === true) throw new ReleaseError(immutable(tag));
    const attached: Attached[] = [];
    for (const asset of assets) attached.push(await attachOne(api, release, asset, overwrite));
    return attached;
  } catch (e) {
    if (e instanceof ApiError) throw new ReleaseError(inWords(e, tag));
    throw e;
  }
}

/** The release of a tag, or a draft for it; GitHub finds only the former by the tag. */
async function releaseOf(api: Api, tag: string): Promise<Release> {
  try {
    return await api.request<Release>('GET', `${api.repository}/releases/tags/${encodeURIComponent(tag)}`);
  } catch (e) {
    if (!(e instanceof ApiError) || e.status !== 404) throw e;
  }
  const all = await api.list<Release>(`${api.repository}/releases`, MOST_RELEASES);
  const found = all.find((r) => r.tag_name === tag);
  if (!found)
    throw new ReleaseError(
      `there is no release and no draft with the tag ${tag}: this action creates none. Create it before, for example with \`gh release create ${tag} --draft\``,
    );
  return found;
}

async function attachOne(api: Api, release: Release, { name, file }: Asset, overwrite: boolean): Promise<Attached> {
  const { size: bytes } = await stat(file);
  let mine = await assetNamed(api, release, name);
  if (mine && mine.state !== 'uploaded') mine = await remove(api, mine);
  if (mine) {
    if (mine.size === bytes && mine.digest === `sha256:${await sha256OfFile(file)}`) return attached(mine);
    if (!overwrite)
      throw new ReleaseError(
        `the release ${release.tag_name} has an asset ${name} already, with other contents: set \`overwrite: true\` to replace it`,
      );
    await remove(api, mine);
  }
  const address = `${release.upload_url.replace(/\{[^}]*\}$/, '')}?name=${encodeURIComponent(name)}`;
  for (let attempt = 0; ; attempt += 1)
    try {
      return attached(await api.send<ReleaseAsset>(address, { file, bytes, type: 'application/zip' }));
    } catch (e) {
      const delay = DELAYS[attempt];
      if (!(e instanceof ApiError) || !isPassing(e.status) || delay === undefined) throw e;
      await new Promise((resolve) => setTimeout(resolve, delay));
      // The answer may have been lost, and not the file; or the name is taken by what arrived of it.
      const there = await assetNamed(api, release, name);
      if (there?.state === 'uploaded' && there.size === bytes) return attached(there);
      if (there) await remove(api, there);
    }
}

async function assetNamed(api: Api, release: Release, name: string): Promise<ReleaseAsset | undefined> {
  const all = await api.list<ReleaseAsset>(`${api.repository}/releases/${release.id}/assets`, MOST_ASSETS);
  return all.find((a) => a.name === name);
}

async function remove(api: Api, { id }: ReleaseAsset): Promise<undefined> {
  try {
    await api.request('DELETE', `${api.repository}/releases/assets/${id}`);
  } catch (e) {
    // Gone already is as good.
    if (!(e instanceof ApiError) || e.status !== 404) throw e;
  }
}

function attached({ name, browser_download_url: url, size: bytes }: ReleaseAsset): Attached {
  return { name, url, bytes };
}

const immutable = (tag: string): string =>
  `the release ${tag} is immutable: nothing can be added once it is published. Attach to the draft, and publish afterwards`;

function inWords({ status, message, codes }: ApiError, tag: string): string {
  if (status === 422 && /immutable/i.test(message)) return immutable(tag);
  if (status === 422 && codes.includes('already_exists'))
    return `the release ${tag} has an asset of that name already, which another job may have attached meanwhile: ${message}`;
  if (status === 401 || status === 403 || status === 404)
    return `nothing could be attached to the release ${tag}: the token may not. Give the job \`permissions: contents: write\` (${message})`;
  return `not everything could be attached to the release ${tag}: ${message}`;
}
