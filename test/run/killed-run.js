/**
 * A run that ends itself: `node killed-run.js <json>`, started as the leader of a process group of its own. Plain
 * JavaScript, since it is started as a program. `at` names a moment of place.ts and the how many-eth folder, or the how
 * many-eth change in a folder that is being written; without it the run goes to its end, or to the signal of another.
 */
import { watch } from 'node:fs';
import { readSettings } from '../../lib/run/options.js';
import { run } from '../../lib/run/run.js';

const { base, output, formats, worker, signal, at } = JSON.parse(process.argv[2]);

// As the command line and the action do.
const controller = new AbortController();
process.once('SIGTERM', () => controller.abort());

const end = () => process.kill(-process.pid, signal);
let seen = 0;
const passed = (moment, draft) => {
  if (at?.moment === moment && ++seen === at.count) end();
  if (at?.change === undefined || moment !== 'staged') return;
  const watcher = watch(draft, () => ++seen === at.change && end());
  watcher.on('error', () => {}).unref();
};

const settings = { ...readSettings({}, (key) => key), formats: [formats], verify: false, concurrency: 2 };
const silent = { found() {}, started() {}, doing() {}, finished() {} };
const request = { patterns: ['**/*.onnx'], base, output, strict: false, settings, worker, passed };
await run(request, silent, controller.signal);
if (controller.signal.aborted) process.exitCode = 143;
