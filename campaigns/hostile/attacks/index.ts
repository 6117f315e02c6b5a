import type { Attack } from '../attack.js';
import { records } from './records.js';
import { requests } from './requests.js';
import { senders } from './senders.js';

/** Every attack of the campaign, in the order in which they run. */
export const attacks: readonly Attack[] = [senders, requests, records];
