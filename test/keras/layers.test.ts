import { describeCases } from './judged.js';

// layers.long.ts has the other order, and the plain backend, which is slow.
describeCases('wasm', true);
