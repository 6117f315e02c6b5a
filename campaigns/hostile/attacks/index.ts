import type { Attack } from '../attack.js';
import { outputs } from './outputs.js';

/** Every attack of the campaign, in the order in which they run. */
export const attacks: readonly Attack[] = [outputs];
