import type { Plan } from '../plan.js';
import { shiftsFor } from './registry.js';
import type { Shift } from './shift.js';

/**
 * The shifts that fit what a plan expects: those of CT where it takes its scans for CTs, those of
 * MR for others; none for scans of several channels, which are simulated one alone.
 */
export const shiftsOfPlan = ({ channels }: Pick<Plan, 'channels'>): readonly Shift[] =>
  channels.length === 1 ? shiftsFor(channels[0].scheme === 'CTNormalization' ? 'ct' : 'mr') : [];
