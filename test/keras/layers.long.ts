import { describeCases } from './judged.js';

describeCases('wasm', false);
// One order is enough to see that both engines agree.
describeCases('cpu', true);
