import type { Attack } from '../attack.js';
import { answers } from './answers.js';
import { calibrateRaces } from './calibrate-races.js';
import { copies } from './copies.js';
import { detectorDigits } from './detector-digits.js';
import { headerBits } from './header-bits.js';
import { headerBytes } from './header-bytes.js';
import { outputs } from './outputs.js';
import { queries } from './queries.js';
import { records } from './records.js';
import { requests } from './requests.js';
import { senders } from './senders.js';
import { swallow } from './swallow.js';
import { trailing } from './trailing.js';

/** Every attack of the campaign, in the order in which they run. */
export const attacks: readonly Attack[] = [
  headerBits,
  headerBytes,
  trailing,
  copies,
  calibrateRaces,
  detectorDigits,
  answers,
  queries,
  outputs,
  swallow,
  senders,
  requests,
  records,
];
