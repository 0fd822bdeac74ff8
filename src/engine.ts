/** The child of a judge: runs native code (onnxruntime, TensorFlow) apart from it. Loads what a task needs when it comes. */
import { serve } from './run/serve.js';
import type {
  DisposeRequest,
  LoadRequest,
  OpenEngineRequest,
  RunRequest as RunEngineRequest,
} from './verify/engines/served.js';
import { leaveNetwork } from './verify/process/network.js';
import { dieWithParent } from './verify/process/watchdog.js';
import type { CloseRequest, OpenRequest, RunRequest } from './verify/source/session.js';

leaveNetwork();
dieWithParent();
const sessions = () => import('./verify/source/session.js');
const engines = () => import('./verify/engines/served.js');

serve({
  'source.open': async (request: OpenRequest) => (await sessions()).openSession(request),
  'source.run': async (request: RunRequest) => (await sessions()).runSession(request),
  'source.close': async (request: CloseRequest) => (await sessions()).closeSession(request),
  'engine.open': async (request: OpenEngineRequest) => (await engines()).open(request),
  'engine.load': async (request: LoadRequest) => (await engines()).load(request),
  'engine.run': async (request: RunEngineRequest) => (await engines()).run(request),
  'engine.dispose': async (request: DisposeRequest) => (await engines()).dispose(request),
});
