import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { modelOf } from '../../src/tools/oracle/case.js';
import { NETWORKS } from '../../src/tools/oracle/families/networks.js';
import { Random } from '../../src/tools/oracle/random.js';
import { convertCase, runCase } from '../../src/tools/oracle/run.js';

/** How many Transposes a person would write by hand for the network with the channels last. */
const MOVES: Readonly<Record<string, number>> = {
  classifier: 0,
  Focus: 0,
  residual: 0,
  'U-Net': 0,
  'resize to a size': 0,
  'nearest upsampling': 0,
  'squeeze and excite': 0,
  'group norm by instance norm': 0,
  'layer norm of channels': 0,
  roll: 0,
  'reflected edges': 0,
  'crop to the same size': 0,
  'positions from sizes': 0,
  'feature pyramid': 0,
  // The channels' halves change places.
  'channel shuffle': 1,
  // One per head.
  'detection heads': 2,
};

describe('networks of open sizes, at two batch sizes and two image sizes', () => {
  test.each(Object.entries(NETWORKS))(
    '%s agrees with onnxruntime-web, and moves no more than it must',
    async (name, generate) => {
      const c = generate(new Random(`1 ${name}`));
      expect(await runCase(c, { engines: ['wasm'] })).toEqual({ status: 'agreed', reason: '' });
      if (!(name in MOVES)) return;
      const folder = mkdtempSync(join(tmpdir(), 'moves-'));
      try {
        expect(convertCase(modelOf(c), folder).conversion?.relayouts).toBe(MOVES[name]);
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
    },
  );
});
