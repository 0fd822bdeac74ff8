/** The thread beside the cases: ends the process where one takes too much time or memory, and says where it stood. */
import { writeFileSync } from 'node:fs';
import { Session } from 'node:inspector';
import { parentPort, workerData } from 'node:worker_threads';

const { shared, limits, verdict } = workerData as {
  shared: SharedArrayBuffer;
  limits: { cpu: number; memory: number };
  verdict: string;
};
const state = new Float64Array(shared);

const cpu = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
};
let seen = -1;
let began = 0;

function end(kind: 'hang' | 'memory', text: string): void {
  clearInterval(timer);
  const done = (stack: string[]) => {
    writeFileSync(
      verdict,
      JSON.stringify({
        index: state[0],
        kind,
        signature: `${kind} < ${stack
          .slice(0, 8)
          .filter((f, i) => f !== stack[i - 1])
          .slice(0, 4)
          .join(' < ')}`,
        text: `${text}\n${stack.join('\n')}`,
      }),
    );
    process.kill(process.pid, 'SIGKILL');
  };
  const session = new Session();
  // Where the main thread is in native code it can't be asked.
  setTimeout(() => done([]), 3000);
  try {
    session.connectToMainThread();
    session.on('Debugger.paused', ({ params }) =>
      done(params.callFrames.map((f) => f.functionName || f.url.split('/').at(-1) || '?').slice(0, 60)),
    );
    session.post('Debugger.enable');
    session.post('Debugger.pause');
  } catch {
    done([]);
  }
}

const parent = process.ppid;
const timer = setInterval(() => {
  // A child whose driver has gone runs for nobody.
  if (process.ppid !== parent) process.kill(process.pid, 'SIGKILL');
  if (state[1] === 0) {
    seen = -1;
    return;
  }
  if (state[0] !== seen) {
    seen = state[0] as number;
    began = cpu();
  }
  const spent = cpu() - began;
  const size = process.memoryUsage.rss();
  if (spent > limits.cpu) end('hang', `${Math.round(spent)} ms of processor time`);
  else if (size > limits.memory) end('memory', `${Math.round(size / 2 ** 20)} MB resident`);
}, 25);
parentPort?.postMessage('watching');
