import { FAMILIES } from '../../src/tools/oracle/families.js';
import { Random } from '../../src/tools/oracle/random.js';
import { runCase } from '../../src/tools/oracle/run.js';

/** Windows, resampling, attention and recurrent layers: both backends have kernels of their own. */
export const NEURAL = ['attention', 'recurrent', 'resampling', 'windows'];
export const OTHERS = ['control', 'logic', 'math', 'newer', 'old', 'quantize', 'reduce', 'text'];
/** Operators of ai.onnx.ml and com.microsoft. */
export const OTHER_DOMAINS = ['ml', 'microsoft'];

/**
 * Has the first generated models of each operator run by onnxruntime-web and, converted, by stock TensorFlow.js: the first
 * of the many that `npm run test:oracle` makes. `cases`: of each operator. What is fed is in another order of axes for
 * every other one. `every`: of so many operators of a family one.
 */
export function describeFamilies(families: readonly string[], cases: number, every = 1): void {
  for (const family of families) {
    const engines = NEURAL.includes(family) ? ['wasm', 'cpu'] : ['wasm'];
    describe(family, () => {
      const operators = Object.entries(FAMILIES[family]).filter(
        ([name], n) => !name.endsWith('folded') && n % every === 0,
      );
      test.each(operators.map(([name, generate], n) => [name, generate, n % 2] as const))(
        '%s agrees with onnxruntime-web',
        async (name, generate, odd) => {
          let agreed = 0;
          // What onnxruntime itself doesn't run shows nothing: then another is taken.
          const enough = family === 'old' ? 1 : cases;
          for (let i = 0; i < 12 && agreed < enough; i++) {
            const shuffle = (agreed + odd) % 2 === 1 ? new Random(`1 ${name} ${i} order`) : undefined;
            const outcome = await runCase(generate(new Random(`1 ${family} ${name} ${i}`)), {
              engines,
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
}
