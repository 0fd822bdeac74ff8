/**
 * `node src/tools/cut-openapi.mjs FILE`: GitHub's own description of its REST API, cut to the operations that this action
 * calls, for the tests that hold every call against it. FILE is `generated/api.github.com.json` of the npm package
 * @octokit/openapi, which is too large (385 MB) to be installed for that.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const OPERATIONS = [
  'checks/create',
  'checks/update',
  'repos/list-releases',
  'repos/get-release-by-tag',
  'repos/list-release-assets',
  'repos/upload-release-asset',
  'repos/delete-release-asset',
  'pulls/list-files',
];
/** Words for people. */
const LEFT_OUT = new Set([
  'description',
  'summary',
  'example',
  'examples',
  'externalDocs',
  'tags',
  'x-github',
  'x-octokit',
  'servers',
]);

const [file] = process.argv.slice(2);
const whole = JSON.parse(readFileSync(file, 'utf8'));
const { version } = JSON.parse(readFileSync(join(dirname(file), '..', 'package.json'), 'utf8'));

/** `inProperties`: the keys are names of fields, which may be called `description`, too. */
const bare = (value, inProperties = false) => {
  if (Array.isArray(value)) return value.map((item) => bare(item));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key]) => inProperties || !LEFT_OUT.has(key))
      .map(([key, inner]) => [key, bare(inner, key === 'properties' && !inProperties)]),
  );
};

const paths = {};
for (const [path, operations] of Object.entries(whole.paths))
  for (const [method, operation] of Object.entries(operations))
    if (OPERATIONS.includes(operation.operationId)) paths[path] = { ...paths[path], [method]: bare(operation) };

const components = {};
const take = (value) => {
  if (typeof value !== 'object' || value === null) return;
  for (const [key, inner] of Object.entries(value)) {
    if (key !== '$ref' || typeof inner !== 'string') {
      take(inner);
      continue;
    }
    const [, , kind, name] = inner.split('/');
    if (components[kind]?.[name]) continue;
    components[kind] = { ...components[kind], [name]: bare(whole.components[kind][name]) };
    take(components[kind][name]);
  }
};
take(paths);

// The one place where a description may not be missing.
const operations = Object.values(paths).flatMap((methods) => Object.values(methods));
for (const responses of [components.responses ?? {}, ...operations.map((o) => o.responses)])
  for (const response of Object.values(responses)) if (!response.$ref) response.description = '';

const found = operations.map((o) => o.operationId);
const missing = OPERATIONS.filter((id) => !found.includes(id));
if (missing.length > 0) throw new Error(`not in ${file}: ${missing.join(', ')}`);

const info = {
  title: "GitHub's REST API, cut to what this action calls",
  version,
  license: { name: 'MIT' },
  description: `From @octokit/openapi ${version}, made by src/tools/cut-openapi.mjs.`,
};
const to = join(import.meta.dirname, '..', '..', 'test', 'action', 'github-openapi.json');
writeFileSync(to, `${JSON.stringify({ openapi: whole.openapi, info, paths, components }, null, 1)}\n`);
