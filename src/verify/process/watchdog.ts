import { Worker } from 'node:worker_threads';

/** How often it is looked whether the parent is still there, and how often it may be missed: time to tidy up. */
const EVERY_MS = 500;
const MISSES = 10;

const PROGRAM = `
const { workerData } = require('node:worker_threads');
let missed = 0;
setInterval(() => {
  let there = process.ppid === workerData.parent;
  if (there) try { process.kill(workerData.parent, 0); } catch (e) { there = e.code === 'EPERM'; }
  missed = there ? 0 : missed + 1;
  if (missed > ${MISSES}) process.kill(process.pid, 'SIGKILL');
}, ${EVERY_MS});
`;

/**
 * Ends this process soon after its parent's end, also while its main thread is busy in native code and would not hear that
 * the channel was closed.
 */
export function dieWithParent(): void {
  const watchdog = new Worker(PROGRAM, {
    eval: true,
    workerData: { parent: process.ppid },
    execArgv: [],
    stdout: true,
  });
  watchdog.on('error', () => {});
  watchdog.unref();
}
