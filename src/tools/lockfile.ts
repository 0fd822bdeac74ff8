/**
 * `node lib/tools/lockfile.js [--check]`: completes package-lock.json for platforms other than this one.
 *
 * Tools with a compiled part list one optional package a platform. A registry mirror that doesn't carry the foreign ones
 * makes npm leave them out of the lockfile, and `npm ci` then refuses the lockfile everywhere, as not in step with
 * package.json. An entry needs no more than name, version and platform to mend that; npm fills in `integrity` where it
 * can fetch the package. `--check` only tells what is missing, and ends with 1 where something is.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

interface Entry {
  version?: string;
  dev?: boolean;
  optional?: boolean;
  os?: string[];
  cpu?: string[];
  libc?: string[];
  optionalDependencies?: Record<string, string>;
}

const SYSTEMS = ['aix', 'android', 'darwin', 'freebsd', 'linux', 'netbsd', 'openbsd', 'openharmony', 'sunos', 'win32'];
const PROCESSORS = ['arm', 'arm64', 'ia32', 'loong64', 'ppc64', 'riscv64', 's390x', 'x64'];

/** The entry of a package that is named after its platform, like cli-linux-x64-musl or core-win32-ia32-msvc. */
function entryOf(name: string, version: string, dev: boolean): Entry {
  const words = name.split(/[-/]/);
  const os = SYSTEMS.filter((word) => words.includes(word));
  const cpu = PROCESSORS.filter((word) => words.includes(word));
  if (os.length !== 1 || cpu.length !== 1) throw new Error(`${name}: which platform is that?`);
  const libc = os[0] !== 'linux' ? [] : words.some((word) => word.startsWith('musl')) ? ['musl'] : ['glibc'];
  return { version, cpu, ...(dev && { dev }), ...(libc.length > 0 && { libc }), optional: true, os };
}

/** Adds what is missing to the `packages` of a lockfile; returns the names added. */
export function complete(packages: Record<string, Entry>): string[] {
  const added: string[] = [];
  for (const owner of Object.values({ ...packages }))
    for (const [name, version] of Object.entries(owner.optionalDependencies ?? {})) {
      if (Object.keys(packages).some((key) => key.endsWith(`node_modules/${name}`))) continue;
      packages[`node_modules/${name}`] = entryOf(name, version, owner.dev === true);
      added.push(name);
    }
  return added.sort();
}

const file = join(import.meta.dirname, '..', '..', 'package-lock.json');
const lock = JSON.parse(readFileSync(file, 'utf8')) as { packages: Record<string, Entry> };
const added = complete(lock.packages);
const sorted = Object.keys(lock.packages).sort((a, b) => a.localeCompare(b, 'en'));
lock.packages = Object.fromEntries(sorted.map((key) => [key, lock.packages[key] as Entry]));
if (process.argv.includes('--check')) {
  for (const name of added) console.error(`package-lock.json has no entry for ${name}: run \`npm run lockfile\``);
  if (added.length > 0) process.exitCode = 1;
} else if (added.length > 0) {
  writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`);
  console.log(`added to package-lock.json: ${added.join(', ')}`);
}
