import { logText } from '../diag/escape.js';

/**
 * Runs `work`, in which a library prints as it likes: what doesn't start as a command (the toolkit escapes those) is made
 * safe line by line, since it may hold a path or a message from elsewhere.
 */
export async function withSafeOutput<T>(work: () => Promise<T>): Promise<T> {
  const { write } = process.stdout;
  const safe: typeof write = function (this: NodeJS.WriteStream, chunk: string | Uint8Array, ...rest: never[]) {
    const text = typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString('utf8');
    return write.call(this, text.startsWith('::') ? text : logText(text), ...rest);
  };
  process.stdout.write = safe;
  try {
    return await work();
  } finally {
    process.stdout.write = write;
  }
}
