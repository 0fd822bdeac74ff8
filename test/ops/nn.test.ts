import { describeFamilies, NEURAL } from './generated.js';

describeFamilies(NEURAL, 1);
