import { describeCases } from './judged.js';

// layers.long.ts has the plain backend, which is slow.
describeCases('wasm', true);
describeCases('wasm', false);
