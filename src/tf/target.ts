/** Where the written model is to run: forms that win on WASM and cost elsewhere are for `wasm` alone. */
export type Target = 'any' | 'wasm' | 'webgl';
export const TARGETS = ['any', 'wasm', 'webgl'] as const satisfies readonly Target[];
