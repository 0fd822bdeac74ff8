/** The child of the pool: converts, judges and inspects, one model at a time. Loads what a task needs when it comes. */
import type { ConvertRequest, InspectRequest } from './convert/convert-types.js';
import { serve } from './run/serve.js';
import type { VerifyRequest } from './verify/judge.js';
import { leaveNetwork } from './verify/process/network.js';
import type { RecordingRequest } from './verify/source/recording.js';
import type { StorageRequest } from './verify/storage/find.js';

const conversion = () => import('./convert/to-disk.js');

leaveNetwork();
serve({
  async convert(request: ConvertRequest) {
    const { convertToDisk } = await conversion();
    return convertToDisk(request);
  },
  async inspect(request: InspectRequest) {
    const { inspectModel } = await import('./convert/convert.js');
    return inspectModel(request);
  },
  async record(request: RecordingRequest) {
    const { recordReference } = await import('./verify/source/recording.js');
    return recordReference(request);
  },
  async storage(request: StorageRequest, progress: (step: string) => void) {
    const { findStorage } = await import('./verify/storage/find.js');
    return findStorage(request, progress);
  },
  async verify(request: VerifyRequest, progress: (step: string) => void) {
    const { judge } = await import('./verify/judge.js');
    return judge(request, progress);
  },
});
// What it will be asked first, loaded while the parent gets ready. What goes wrong here does so again when it is asked.
if (process.argv[2] === 'convert') conversion().catch(() => {});
