/** What download-artifact does, in a process of its own: `node download.js <id> <folder>`, with the step's environment. */
import { DefaultArtifactClient } from '@actions/artifact';

const [id, folder] = process.argv.slice(2);
await new DefaultArtifactClient().downloadArtifact(Number(id), { path: folder });
