/**
 * jest over ECMAScript modules: TypeScript is stripped by swc (types are checked by tsc before), imports end in `.js`
 * as in the sources and are looked up without it.
 */
export default {
  testEnvironment: 'node',
  roots: ['<rootDir>/test'],
  testMatch: ['**/*.test.ts'],
  // Engines and processes are started for real, and a runner's cores are slow.
  testTimeout: 30_000,
  maxWorkers: '100%',
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
