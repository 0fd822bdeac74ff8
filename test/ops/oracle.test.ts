import { FAMILIES } from '../../src/tools/oracle/families.js';
import { Random } from '../../src/tools/oracle/random.js';
import { runCase } from '../../src/tools/oracle/run.js';

/**
 * Generated models of one operator each, run by onnxruntime-web and, converted, by stock TensorFlow.js: the first of the
 * many that `npm run test:oracle` makes. What is fed is fed in another order of axes the second time.
 */
for (const family of ['control', 'logic', 'math', 'newer', 'old', 'quantize', 'reduce', 'text']) {
  describe(family, () => {
    test.each(Object.entries(FAMILIES[family]).filter(([name]) => !name.endsWith('folded')))(
      '%s agrees with onnxruntime-web',
      async (name, generate) => {
        let agreed = 0;
        // What onnxruntime itself doesn't run shows nothing: then another is taken.
        const enough = family === 'old' ? 1 : 2;
        for (let i = 0; i < 12 && agreed < enough; i++) {
          const shuffle = agreed === 1 ? new Random(`1 ${name} ${i} order`) : undefined;
          const outcome = await runCase(generate(new Random(`1 ${family} ${name} ${i}`)), {
            engines: ['wasm'],
            ...(shuffle ? { shuffle } : {}),
          });
          if (outcome.status === 'no-oracle') continue;
          expect({ case: i, ...outcome }).toMatchObject({ case: i, status: 'agreed' });
          agreed++;
        }
        expect(agreed).toBeGreaterThan(0);
      },
    );
  });
}
