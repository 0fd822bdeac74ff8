/** `node lib/tools/docs.js`: writes the generated parts of the documentation anew. test/docs.test.ts proves them fresh. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CONFIG_SCHEMA } from '../run/config-file.js';
import { withTables } from './readme.js';

const ROOT = join(import.meta.dirname, '..', '..');
const readme = join(ROOT, 'README.md');
writeFileSync(readme, withTables(readFileSync(readme, 'utf8'), readFileSync(join(ROOT, 'action.yml'), 'utf8')));
writeFileSync(join(ROOT, 'schema', 'config.schema.json'), `${JSON.stringify(CONFIG_SCHEMA, null, 2)}\n`);
