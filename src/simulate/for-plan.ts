import type { Plan } from '../plan.js';
import { SHIFTS } from './registry.js';
import type { Shift } from './shift.js';

/** The shifts that fit what a plan expects: those of CT for CTs, none for others. */
export const shiftsFor = ({ channels }: Pick<Plan, 'channels'>): readonly Shift[] =>
  channels.length === 1 && channels[0].scheme === 'CTNormalization' ? SHIFTS : [];
