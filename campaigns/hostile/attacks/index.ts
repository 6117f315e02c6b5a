import type { Attack } from '../attack.js';
import { calibrateRaces } from './calibrate-races.js';
import { copies } from './copies.js';
import { detectorDigits } from './detector-digits.js';

/** Every attack of the campaign, in the order in which they run. */
export const attacks: readonly Attack[] = [calibrateRaces, copies, detectorDigits];
