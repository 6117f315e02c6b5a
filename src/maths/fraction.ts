/** A number as a fraction of whole numbers. */
export interface Fraction {
  readonly numerator: bigint;
  readonly denominator: bigint;
}

/**
 * A finite number as it is written in decimals, without rounding: 0.95 is 95/100, although the
 * nearest double is a little less. So a product with it rounds up only where it should.
 */
export function fractionOf(x: number): Fraction {
  const [mantissa, exponent = '0'] = String(x).split('e');
  const [whole, decimals = ''] = mantissa.split('.');
  const shift = Number(exponent) - decimals.length;
  const digits = BigInt(whole + decimals);
  return shift >= 0
    ? { numerator: digits * 10n ** BigInt(shift), denominator: 1n }
    : { numerator: digits, denominator: 10n ** BigInt(-shift) };
}

/** floor(x n) of a whole number n >= 0 and an x >= 0 as it is written in decimals. */
export function floorTimes(x: number, n: number): number {
  const { numerator, denominator } = fractionOf(x);
  return Number((numerator * BigInt(n)) / denominator);
}

/** ceil(x n) of a whole number n >= 0 and an x >= 0 as it is written in decimals. */
export function ceilTimes(x: number, n: number): number {
  const { numerator, denominator } = fractionOf(x);
  return Number((numerator * BigInt(n) + denominator - 1n) / denominator);
}
