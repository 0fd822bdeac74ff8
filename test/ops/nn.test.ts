import { FAMILIES } from '../../src/tools/oracle/families.js';
import { Random } from '../../src/tools/oracle/random.js';
import { runCase } from '../../src/tools/oracle/run.js';

/**
 * Windows, resampling, attention and recurrent layers against onnxruntime-web: the first few of the generated models that
 * `npm run test:oracle` makes of many. The last is fed in another order of axes.
 */
const CASES = 3;

for (const family of ['attention', 'recurrent', 'resampling', 'windows']) {
  describe(family, () => {
    test.each(Object.entries(FAMILIES[family]))('%s agrees with onnxruntime-web', async (name, generate) => {
      let agreed = 0;
      for (let i = 0; i < CASES; i++) {
        const shuffle = i === CASES - 1 ? new Random(`1 ${name} ${i} order`) : undefined;
        const outcome = await runCase(generate(new Random(`1 ${family} ${name} ${i}`)), {
          engines: ['wasm', 'cpu'],
          ...(shuffle ? { shuffle } : {}),
        });
        // What onnxruntime itself doesn't run shows nothing.
        expect(outcome).toMatchObject({ status: expect.stringMatching(/^(agreed|no-oracle)$/) });
        if (outcome.status === 'agreed') agreed++;
      }
      expect(agreed).toBeGreaterThan(0);
    });
  });
}
