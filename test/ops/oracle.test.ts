import { describeFamilies, OTHERS } from './generated.js';

describeFamilies(OTHERS, 1);
