import { describeFamilies, NEURAL, OTHER_DOMAINS, OTHERS } from './generated.js';

// Half of them are fed in another order of axes.
describeFamilies(OTHERS, 2);
describeFamilies(NEURAL, 4);
describeFamilies(OTHER_DOMAINS, 1);
