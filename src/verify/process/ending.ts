import type { ChildProcess } from 'node:child_process';

/** How long after its end a process's last words are waited for. */
const GRACE_MS = 200;

/**
 * Tells, once or twice, that a process has ended: when the last of its output has been read, or a while after its end, where
 * a grandchild holds its pipes open.
 */
export function whenEnded(
  child: ChildProcess,
  told: (code: number | null, signal: NodeJS.Signals | null) => void,
): void {
  let grace: NodeJS.Timeout | undefined;
  child.on('exit', (code, signal) => {
    grace = setTimeout(() => told(code, signal), GRACE_MS);
  });
  child.on('close', (code, signal) => {
    clearTimeout(grace);
    told(code, signal);
  });
}
