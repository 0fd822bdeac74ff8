/** Our upload alone, in a process of its own: `node upload.js <root> <file> <name> <level>`; prints what it gives. */
import path from 'node:path';
import { upload } from '../../lib/github/artifact.js';

const [root, file, name, level] = process.argv.slice(2);
const uploaded = await upload({
  name,
  root,
  files: [path.join(root, file)],
  retentionDays: 0,
  compressionLevel: Number(level),
  overwrite: false,
});
console.log(JSON.stringify(uploaded));
