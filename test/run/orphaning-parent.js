/** Starts a child that never ends, says its number, and waits to be killed: `node orphaning-parent.js <program>`. */
import { createPool } from '../../lib/run/pool.js';

const pool = createPool({ size: 1, program: process.argv[2] });
await pool.use(async (lease) => {
  const deadline = performance.now() + 60_000;
  const { value } = await lease.call('pid', {}, deadline);
  process.stdout.write(String(value));
  await lease.call('hang', {}, deadline);
});
