import type { Attack } from '../attack.js';
import { answers } from './answers.js';
import { queries } from './queries.js';

/** Every attack of the campaign, in the order in which they run. */
export const attacks: readonly Attack[] = [answers, queries];
