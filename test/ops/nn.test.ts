import { describeFamilies, NEURAL } from './generated.js';

// oracle.long.ts has all of them, four of each.
describeFamilies(NEURAL, 1, 2);
