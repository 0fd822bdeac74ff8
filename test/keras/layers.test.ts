import { describeCases } from './judged.js';

describeCases('wasm', true);
describeCases('wasm', false);
// The plain backend is slow: layers.long.ts has the others.
describeCases('cpu', true, 8);
