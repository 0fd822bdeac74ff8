import { describeFamilies, OTHERS } from './generated.js';

// oracle.long.ts has all of them, two of each.
describeFamilies(OTHERS, 1, 2);
