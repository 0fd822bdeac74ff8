/**
 * The child's end of the pool: answers one call after the other over the IPC channel. A call names a task and carries
 * plain JSON; the answer is its value, or what was thrown. Nothing of the parent but this channel is known here.
 */

import { Worker } from 'node:worker_threads';

/** Parent to child. */
export interface Call {
  id: number;
  task: string;
  request: unknown;
}

/** Child to parent. */
export type Answer =
  | { id: number; kind: 'value'; value: unknown }
  | { id: number; kind: 'thrown'; name: string; message: string; stack: string }
  | { id: number; kind: 'progress'; step: string };

/** Does one task. `progress` says in a word or two what is being done now. */
export type Handler = (request: never, progress: (step: string) => void) => unknown;

/**
 * A task that never returns to the event loop would not hear that the parent has gone (killed, with no time to tidy up)
 * and run on for nobody: a thread of its own looks, and ends the process.
 */
function endWithParent(): void {
  const watch = `
    const parent = ${process.ppid};
    setInterval(() => {
      try {
        process.kill(parent, 0);
        if (process.platform === 'win32' || process.ppid === parent) return;
      } catch {}
      process.kill(process.pid, 'SIGKILL');
    }, 1000);`;
  new Worker(watch, { eval: true, env: {} }).unref();
}

/** Serves the tasks until the parent goes. */
export function serve(tasks: Readonly<Record<string, Handler>>): void {
  const send = (answer: Answer) => {
    if (process.connected) process.send?.(answer);
  };
  endWithParent();
  // Where a file may not grow any further (ulimit -f), the write is to fail, and not the process to end.
  process.on('SIGXFSZ', () => {});
  process.on('disconnect', () => process.exit(0));
  process.on('message', async ({ id, task, request }: Call) => {
    try {
      const handler = Object.hasOwn(tasks, task) ? tasks[task] : undefined;
      if (!handler) throw new Error(`there is no task ${task}`);
      const value = await handler(request as never, (step) => send({ id, kind: 'progress', step }));
      send({ id, kind: 'value', value });
    } catch (e) {
      const error = e instanceof Error ? e : new Error(String(e));
      send({ id, kind: 'thrown', name: error.name, message: error.message, stack: error.stack ?? '' });
    }
  });
}
