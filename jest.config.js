import { cpus } from 'node:os';

/**
 * jest over ECMAScript modules: TypeScript is stripped by swc (types are checked by tsc before), imports end in `.js`
 * as in the sources and are looked up without it.
 */
export default {
  testEnvironment: 'node',
  roots: ['<rootDir>/test'],
  testMatch: ['**/*.test.ts'],
  // For what hangs: engines and processes are started for real, and a machine may do ten other things meanwhile.
  testTimeout: 180_000,
  // Two for a core: tests wait for processes, limits and signals a sixth of their time.
  maxWorkers: cpus().length * 2,
  extensionsToTreatAsEsm: ['.ts'],
  moduleNameMapper: {
    '^(\\.{1,2}/.*)\\.js$': '$1',
    '^@apidevtools/json-schema-ref-parser$': '<rootDir>/test/action/ref-parser.cjs',
  },
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      { jsc: { parser: { syntax: 'typescript' }, target: 'es2022' }, module: { type: 'es6' } },
    ],
  },
};
