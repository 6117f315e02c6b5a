/** Reasons of an A-ABORT by the upper layer itself (PS3.8, table 9-26). */
export const ABORT_REASONS = {
  notSpecified: 0,
  unrecognizedPdu: 1,
  unexpectedPdu: 2,
  unrecognizedParameter: 4,
  unexpectedParameter: 5,
  invalidParameter: 6,
} as const;

export type AbortReason = keyof typeof ABORT_REASONS;

/**
 * A peer that does not keep to the protocol. The message is what a log may hold: numbers, and no
 * byte that the peer sent.
 */
export class DimseError extends Error {
  readonly reason: AbortReason;

  constructor(reason: AbortReason, message: string) {
    super(message);
    this.name = 'DimseError';
    this.reason = reason;
  }
}
