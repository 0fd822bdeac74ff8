/**
 * Child processes that convert and judge, one model at a time each. A file from a stranger can crash, hang or bloat a
 * child; then that is the outcome of the call, and the next call gets a fresh one. Children know no tokens: their
 * environment is an allow-list. They write into a folder of their own alone, and reach no network.
 */
import { type ChildProcess, fork } from 'node:child_process';
import path from 'node:path';
import type { Readable } from 'node:stream';
import type { Answer, Call } from './serve.js';
import { whenEnded } from '../verify/process/ending.js';
import { allowed } from '../verify/process/environment.js';
import { memoryOfMachine, residentBytes } from '../verify/process/memory.js';
import { type Permissions, permissionFlags } from '../verify/process/permissions.js';
import { programOf } from '../verify/process/program.js';

export type FailureReason =
  | 'crashed' // the process ended by itself
  | 'timed-out'
  | 'out-of-memory'
  | 'thrown' // an exception left the task: our bug, since the user's mistakes are values
  | 'cancelled'; // the run was

export interface Failure {
  ok: false;
  reason: FailureReason;
  /** One sentence. */
  message: string;
  /** The stack, or the end of what the child wrote: foreign text. */
  detail: string;
}
export type Outcome<T> = { ok: true; value: T } | Failure;

export interface PoolOptions {
  /** How many children at most. */
  size: number;
  /** The child's program. */
  program: string;
  /** Absolute: where each child has a folder of its own. Absent: children write nothing. */
  scratch?: string;
  /** What children may beyond that. */
  permissions?: Permissions;
  /** Resident bytes above which a child is killed. */
  memoryLimit?: number;
  /** Resident bytes above which an idle child is replaced by a fresh one. */
  recycleAbove?: number;
  /** Cancels what runs and refuses what comes. */
  signal?: AbortSignal;
}

/** One child, lent for one model. */
export interface Lease {
  /** Absolute: the child's own folder, where the pool has a scratch folder. Whoever uses it makes it. */
  readonly folder: string;
  /**
   * Has the child do one task. `deadline` is in the time of `performance.now()`; past it the child is killed. Never
   * rejects.
   */
  call<T>(task: string, request: unknown, deadline: number, progress?: (step: string) => void): Promise<Outcome<T>>;
  /** The child has been left in a state that should not serve anybody else: it is replaced afterwards. */
  retire(): void;
}

export interface Pool {
  /** Runs `work` with a child of its own once one is free. `memory`: the bytes that it will take, as one guesses. */
  use<R>(work: (lease: Lease) => Promise<R>, memory?: number): Promise<R>;
  /** Starts children for so many uses, `size` at most, before they are asked. `task`: what each will be asked first. */
  prepare(count: number, task: string): void;
  /** Ends all children. */
  close(): void;
}

/** This project's own child. */
export const WORKER = programOf('worker.js') ?? 'worker.js';

/** How much of a child's own output is kept, for the case that it crashes. */
const OUTPUT_KEPT = 16384;
/** How often a child's size is looked at. */
const WATCH_MS = 250;

const MB = 2 ** 20;

export function createPool(options: PoolOptions): Pool {
  const total = memoryOfMachine();
  const limit = options.memoryLimit ?? Math.floor(total * 0.85);
  const recycleAbove = options.recycleAbove ?? Math.min(1024 * MB, limit / 2);
  const free: Seat[] = [];
  const all = new Set<Child>();
  let seats = 0;
  const waiting: { memory: number; start: () => void }[] = [];
  let running = 0;
  let promised = 0;
  let closed = false;

  // The parent's end, however it comes, is the children's.
  const killAll = () => {
    for (const child of all) child.kill();
  };
  process.on('exit', killAll);

  /** In order; one that doesn't fit beside those that run waits, and whoever is alone always fits. */
  const startNext = () => {
    while (waiting.length > 0 && running < options.size) {
      const next = waiting[0] as (typeof waiting)[number];
      if (running > 0 && promised + next.memory > limit) return;
      waiting.shift();
      running += 1;
      promised += next.memory;
      next.start();
    }
  };

  const folderOf = (seat: number) => path.join(options.scratch ?? '', String(seat));
  const childFor = (seat: Seat, ...first: readonly string[]): Child => {
    if (seat.child && !seat.child.ended()) return seat.child;
    if (seat.child) all.delete(seat.child);
    const { writable = [], ...others } = options.permissions ?? {};
    const own = options.scratch === undefined ? [] : [seat.folder];
    seat.child = startChild(options.program, first, limit, { ...others, writable: [...own, ...writable] });
    all.add(seat.child);
    return seat.child;
  };

  return {
    prepare(count, task) {
      if (options.signal?.aborted) return;
      while (seats < Math.min(count, options.size)) {
        const seat: Seat = { folder: folderOf(++seats) };
        childFor(seat, task);
        free.unshift(seat);
      }
    },
    async use(work, memory = 0) {
      await new Promise<void>((start) => {
        waiting.push({ memory, start });
        startNext();
      });
      const seat: Seat = free.pop() ?? { folder: folderOf(++seats) };
      let retired = false;
      const lease: Lease = {
        folder: seat.folder,
        async call(task, request, deadline, progress) {
          if (closed || options.signal?.aborted) return cancelled();
          return childFor(seat).call(task, request, deadline, options.signal, progress);
        },
        retire() {
          retired = true;
        },
      };
      try {
        return await work(lease);
      } finally {
        const { child } = seat;
        const size = !child || child.ended() ? 0 : (residentBytes(child.pid) ?? 0);
        if (child && (closed || retired || child.ended() || size > recycleAbove)) {
          child.kill();
          all.delete(child);
          seat.child = undefined;
        }
        free.push(seat);
        running -= 1;
        promised -= memory;
        startNext();
      }
    },
    close() {
      closed = true;
      process.off('exit', killAll);
      killAll();
      all.clear();
    },
  };
}

/** A place for one child after the other, and its folder. */
interface Seat {
  readonly folder: string;
  child?: Child;
}

interface Child {
  readonly pid: number | undefined;
  ended(): boolean;
  kill(): void;
  call<T>(
    task: string,
    request: unknown,
    deadline: number,
    signal: AbortSignal | undefined,
    progress?: (step: string) => void,
  ): Promise<Outcome<T>>;
}

const cancelled = (): Failure => ({ ok: false, reason: 'cancelled', message: 'the run was cancelled', detail: '' });

function startChild(program: string, words: readonly string[], memoryLimit: number, permissions: Permissions): Child {
  const heap = Math.max(256, Math.floor(memoryLimit / MB));
  const child: ChildProcess = fork(program, words, {
    env: allowed(process.env),
    // Not inherited: flags of the parent (a debugger's port, a preloaded module) are not the child's.
    execArgv: [`--max-old-space-size=${heap}`, '--no-warnings', '--expose-gc', ...permissionFlags(permissions)],
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    serialization: 'json',
    windowsHide: true,
  });
  const output = tailOf([child.stdout, child.stderr]);
  let calls = 0;
  let end: { code: number | null; signal: NodeJS.Signals | null; error?: Error } | undefined;
  let waiter: ((failure?: Failure) => void) | undefined;
  let listener: ((answer: Answer) => void) | undefined;
  // Set before we kill, so that the end is known for what it is.
  let verdict: Failure | undefined;

  child.on('message', (answer: Answer) => listener?.(answer));
  const kill = () => {
    child.kill('SIGKILL');
  };
  const ended = (how: NonNullable<typeof end>) => {
    end ??= how;
    waiter?.();
  };
  child.on('error', (error) => {
    kill();
    ended({ code: null, signal: null, error });
  });
  whenEnded(child, (code, signal) => ended({ code, signal }));

  return {
    get pid() {
      return child.pid;
    },
    ended: () => end !== undefined || !child.connected,
    kill,
    call<T>(
      task: string,
      request: unknown,
      deadline: number,
      signal: AbortSignal | undefined,
      progress?: (step: string) => void,
    ) {
      const id = ++calls;
      return new Promise<Outcome<T>>((resolve) => {
        const settle = (outcome: Outcome<T>) => {
          clearTimeout(timer);
          clearInterval(watch);
          signal?.removeEventListener('abort', cancel);
          waiter = undefined;
          listener = undefined;
          resolve(outcome);
        };
        const condemn = (failure: Failure) => {
          verdict ??= failure;
          kill();
        };
        const cancel = () => condemn(cancelled());
        waiter = () => settle(verdict ?? howItEnded(end, output()));
        listener = (answer) => {
          if (answer.id !== id) return;
          if (answer.kind === 'progress') progress?.(String(answer.step));
          else if (answer.kind === 'value') settle({ ok: true, value: answer.value as T });
          else settle(thrown(answer));
        };
        const left = deadline - performance.now();
        const timer = setTimeout(
          () => {
            condemn({ ok: false, reason: 'timed-out', message: 'the time limit was reached', detail: output() });
          },
          Math.max(0, Math.min(left, 2 ** 31 - 1)),
        );
        const watch = setInterval(() => {
          const bytes = residentBytes(child.pid) ?? 0;
          if (bytes > memoryLimit)
            condemn({
              ok: false,
              reason: 'out-of-memory',
              message: `the memory limit of ${Math.floor(memoryLimit / MB)} MB was reached`,
              detail: '',
            });
        }, WATCH_MS);
        signal?.addEventListener('abort', cancel, { once: true });
        if (end) return waiter();
        const call: Call = { id, task, request };
        // A failed send is followed by 'error' or 'close', which settle.
        child.send(call, () => {});
      });
    },
  };
}

/** The end of what streams carry, in the order of arrival; the rest is dropped as it comes. */
function tailOf(streams: (Readable | null | undefined)[]): () => string {
  let kept = Buffer.alloc(0);
  for (const stream of streams)
    stream?.on('data', (chunk: Buffer) => {
      kept = Buffer.concat([kept, chunk]).subarray(-OUTPUT_KEPT);
    });
  return () => kept.toString('utf8');
}

function thrown(answer: Extract<Answer, { kind: 'thrown' }>): Failure {
  const memory =
    answer.name === 'RangeError' && /allocation failed|Out of memory|could not allocate memory/i.test(answer.message);
  return {
    ok: false,
    reason: memory ? 'out-of-memory' : 'thrown',
    message: `${answer.name}: ${answer.message}`,
    detail: answer.stack,
  };
}

function howItEnded(
  end: { code: number | null; signal: NodeJS.Signals | null; error?: Error } | undefined,
  detail: string,
): Failure {
  if (end?.error)
    return { ok: false, reason: 'crashed', message: `the process can't be started: ${end.error.message}`, detail };
  if (/heap out of memory|FatalProcessOutOfMemory|FATAL ERROR:.*memory/i.test(detail))
    return { ok: false, reason: 'out-of-memory', message: 'the process ran out of memory', detail };
  // Nobody but a system short of memory sends this one unasked.
  if (end?.signal === 'SIGKILL')
    return {
      ok: false,
      reason: 'out-of-memory',
      message: 'the process was killed by the system, most likely for want of memory',
      detail,
    };
  const how = end?.signal ? `by ${end.signal}` : `with code ${end?.code}`;
  return { ok: false, reason: 'crashed', message: `the process ended ${how}`, detail };
}
