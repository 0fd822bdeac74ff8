/**
 * A process for what must not run in the judge's own: onnxruntime's and TensorFlow's native code. It may crash, hang or
 * bloat without taking the judge with it, and its instance of WebAssembly or native library is its own.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { whenEnded } from './ending.js';
import { allowed } from './environment.js';
import { memoryOfMachine, residentBytes } from './memory.js';
import { ownPermissionFlags } from './permissions.js';
import { programOf } from './program.js';

/** Parent to child. */
export interface Call {
  id: number;
  task: string;
  request: unknown;
}

/** Child to parent. */
export type Answer =
  | { id: number; kind: 'value'; value: unknown }
  | { id: number; kind: 'thrown'; name: string; message: string };

/** Why a call gave no value. `thrown`: the task's own error, and the process goes on; else it has come to its end. */
export class SubprocessError extends Error {
  readonly reason: 'thrown' | 'crashed' | 'out-of-memory';
  constructor(reason: SubprocessError['reason'], message: string) {
    super(message);
    this.name = 'SubprocessError';
    this.reason = reason;
  }
}

export interface Subprocess {
  /** Has the process do one task; requests and values may hold typed arrays. Rejects with SubprocessError alone. */
  call<T>(task: string, request: unknown): Promise<T>;
  readonly ended: boolean;
  readonly pid: number | undefined;
  /** Ends it at once. */
  close(): void;
}

const PROGRAM = 'engine.js';
const OUTPUT_KEPT = 4096;
const WATCH_MS = 250;

/** Starts a process; nothing is loaded in it yet. `environment` is added to what it may know of this one's. */
export function startSubprocess(environment: Readonly<Record<string, string>> = {}): Subprocess {
  const limit = Math.floor(memoryOfMachine() * 0.85);
  const program = programOf(PROGRAM);
  if (program === undefined) throw new SubprocessError('crashed', `${PROGRAM} is not where the program is`);
  const child: ChildProcess = fork(program, [], {
    env: { ...allowed(process.env), ...environment },
    // Flags of the parent (a debugger's port, jest's modules) are not the child's.
    execArgv: [
      '--no-warnings',
      `--max-old-space-size=${Math.max(256, Math.floor(limit / 2 ** 20))}`,
      ...ownPermissionFlags(),
    ],
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    serialization: 'advanced',
    windowsHide: true,
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream?.setEncoding('utf8').on('data', (text: string) => {
      output = (output + text).slice(-OUTPUT_KEPT);
    });
  const waiting = new Map<number, { resolve(value: unknown): void; reject(e: SubprocessError): void }>();
  let calls = 0;
  let end: SubprocessError | undefined;
  // Set before we kill, so that the end is known for what it is.
  let verdict: SubprocessError | undefined;
  const ended = (how: SubprocessError) => {
    end ??= verdict ?? how;
    clearInterval(watch);
    for (const { reject } of waiting.values()) reject(end);
    waiting.clear();
    settle();
  };
  const kill = () => {
    child.kill('SIGKILL');
  };
  const watch = setInterval(() => {
    if ((residentBytes(child.pid) ?? 0) <= limit) return;
    verdict = new SubprocessError('out-of-memory', `the memory limit of ${Math.floor(limit / 2 ** 20)} MB was reached`);
    kill();
  }, WATCH_MS);
  watch.unref();
  /** A process that idles doesn't keep its parent alive; one that works does. */
  const settle = () => {
    const parts = [child, child.channel, child.stdout, child.stderr] as unknown as (
      | { ref?(): void; unref?(): void }
      | null
      | undefined
    )[];
    for (const part of parts)
      if (waiting.size > 0) part?.ref?.();
      else part?.unref?.();
  };
  child.on('message', (answer: Answer) => {
    const call = waiting.get(answer.id);
    waiting.delete(answer.id);
    settle();
    if (answer.kind === 'value') call?.resolve(answer.value);
    else call?.reject(new SubprocessError('thrown', answer.message));
  });
  child.on('error', (e) => {
    kill();
    ended(new SubprocessError('crashed', `the process can't be started: ${e.message}`));
  });
  whenEnded(child, (code, signal) => ended(howItEnded(code, signal, output)));
  settle();

  return {
    get ended() {
      return end !== undefined || !child.connected;
    },
    get pid() {
      return child.pid;
    },
    call<T>(task: string, request: unknown): Promise<T> {
      const id = ++calls;
      return new Promise<T>((resolve, reject) => {
        if (end) return reject(end);
        waiting.set(id, { resolve: resolve as (value: unknown) => void, reject });
        settle();
        // A failed send is followed by 'error' or 'exit', which reject.
        child.send({ id, task, request } satisfies Call, () => {});
      });
    },
    close() {
      verdict = new SubprocessError('crashed', 'it was closed');
      kill();
    },
  };
}

function howItEnded(code: number | null, signal: NodeJS.Signals | null, output: string): SubprocessError {
  if (/out of memory|Cannot enlarge memory|bad_alloc/i.test(output))
    return new SubprocessError('out-of-memory', 'the process ran out of memory');
  // Nobody but a system short of memory sends this one unasked.
  if (signal === 'SIGKILL')
    return new SubprocessError('out-of-memory', 'the process was killed by the system, most likely for want of memory');
  const words = output.trim().split('\n').slice(-3).join(' ').slice(-400);
  const how = signal ? `by ${signal}` : `with code ${code}`;
  return new SubprocessError('crashed', `the process ended ${how}${words === '' ? '' : `: ${words}`}`);
}
