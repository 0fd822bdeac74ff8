import { describeCases } from './judged.js';

// The plain backend is slow, and one order is enough to see that both engines agree.
describeCases('cpu', true);
