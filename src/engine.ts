/** The child of a judge: runs native code (onnxruntime, TensorFlow) apart from it. Loads what a task needs when it comes. */
import { serve } from './serve.js';
import { dieWithParent } from './verify/process/watchdog.js';
import type { CloseRequest, OpenRequest, RunRequest } from './verify/source/session.js';

dieWithParent();
const sessions = () => import('./verify/source/session.js');

serve({
  'source.open': async (request: OpenRequest) => (await sessions()).openSession(request),
  'source.run': async (request: RunRequest) => (await sessions()).runSession(request),
  'source.close': async (request: CloseRequest) => (await sessions()).closeSession(request),
});
