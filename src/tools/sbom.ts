/** A bill of materials of dist/ (CycloneDX 1.6, cyclonedx.org): every package whose code is in it, as the lockfile has it. */
import type { Package } from './licences.js';

interface Locked {
  version?: string;
  integrity?: string;
}

/** By the folder that npm puts a package in, as package-lock.json's `packages`. */
export type Lockfile = Readonly<Record<string, Locked>>;

/** The same bytes for the same packages: neither a date nor a random number. Throws where the lockfile has no such package. */
export function sbomOf(
  packages: readonly Package[],
  locked: Lockfile,
  root: { name: string; version: string },
): string {
  const components = [...packages]
    .sort((a, b) => (`${a.name}@${a.version}` < `${b.name}@${b.version}` ? -1 : 1))
    .map((one) => componentOf(one, locked));
  const bill = {
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    version: 1,
    metadata: { component: { type: 'application', ...named(root) } },
    components,
  };
  return `${JSON.stringify(bill, null, 2)}\n`;
}

function componentOf({ name, version, licence }: Package, locked: Lockfile): object {
  const entry = Object.entries(locked).find(
    ([folder, one]) => folder.endsWith(`node_modules/${name}`) && one.version === version,
  );
  const [algorithm, digest] = entry?.[1].integrity?.split('-') ?? [];
  if (algorithm !== 'sha512' || digest === undefined)
    throw new Error(`package-lock.json has no SHA-512 of ${name} ${version}`);
  const isExpression = / (OR|AND|WITH) /.test(licence);
  return {
    type: 'library',
    ...named({ name, version }),
    licenses: [isExpression ? { expression: licence } : { license: { id: licence } }],
    hashes: [{ alg: 'SHA-512', content: Buffer.from(digest, 'base64').toString('hex') }],
  };
}

/** A scope is a group, and the package's address (purl) writes its `@` encoded. */
function named({ name, version }: { name: string; version: string }): object {
  const [scope, rest] = name.startsWith('@') ? name.split('/') : [undefined, name];
  const purl = `pkg:npm/${name.replace('@', '%40')}@${version}`;
  return { ...(scope === undefined ? {} : { group: scope }), name: rest, version, purl, 'bom-ref': purl };
}
