/**
 * Read before the action (`NODE_OPTIONS=--import`): makes time pass faster, so that a test need not wait for what the
 * clients wait. Pauses take a fiftieth, and a connection on which nothing comes is given up after half a second.
 */
import http from 'node:http';

const { setTimeout: usual } = globalThis;
globalThis.setTimeout = Object.assign(
  (work, delay, ...rest) => usual(work, delay >= 1000 && delay <= 60_000 ? delay / 50 : delay, ...rest),
  usual,
);
const { setTimeout: giveUp } = http.ClientRequest.prototype;
http.ClientRequest.prototype.setTimeout = function (delay, ...rest) {
  return giveUp.call(this, Math.min(delay, 500), ...rest);
};
