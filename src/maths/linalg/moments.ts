import { SegcanaryError } from '../../errors.js';
import { type Blas, multiplyAhead, packTile, packTransposed, type Range, ranges } from './blas.js';
import { dot, mirrorUpper, multiplySymmetric, trace } from './symmetric.js';

/**
 * Rows gathered before they are multiplied: at 1024 what the tiles cost outside the product is
 * small beside it, and d = 3840 takes 31 MB.
 */
const BLOCK_ROWS = 1024;
/** Side of a tile of the co-moment: a product of 7 MB. */
const TILE = 960;

/** Everything the estimators need to know of the training rows. */
export interface Sample {
  readonly n: number;
  readonly d: number;
  readonly mean: Float64Array;
  /** [d,d], symmetric, divisor n (not n - 1), as sklearn's empirical_covariance. */
  readonly covariance: Float64Array;
  /** Sum over the rows of |x - mean|^4, which Ledoit-Wolf's beta is made of. */
  readonly fourth: number;
}

/**
 * Count, mean, covariance and fourth moment of rows that come in any number of blocks and are seen
 * once; two of them merge into what one would have been (Chan, Golub and LeVeque 1983, in its form
 * with a common origin).
 *
 * Sums are taken about a reference r (the mean of the first block), so that a large common offset
 * costs no digits: with y = x - r they are n, s = sum y, S = sum y y', q3 = sum |y|^2 y, q4 = sum
 * |y|^4. Memory: one [d,d] of float64 and one block.
 */
export class Moments {
  readonly d: number;
  readonly #blas: Blas;
  readonly #cross: Float64Array; // S, upper tiles only
  readonly #sum: Float64Array;
  readonly #third: Float64Array;
  #fourth = 0;
  #n = 0;
  #reference: Float64Array | null = null;
  readonly #block: Float64Array;
  #waiting = 0;

  constructor(d: number, blas: Blas) {
    this.d = d;
    this.#blas = blas;
    this.#cross = new Float64Array(d * d);
    this.#sum = new Float64Array(d);
    this.#third = new Float64Array(d);
    this.#block = new Float64Array(BLOCK_ROWS * d);
  }

  /** Rows seen so far. */
  get n(): number {
    return this.#n + this.#waiting;
  }

  /**
   * Takes n rows of d values, [n,d] in C order.
   * @throws SegcanaryError 'fit-failed' where a value is NaN or infinite.
   */
  async add(rows: Float32Array | Float64Array, n: number): Promise<void> {
    const d = this.d;
    for (let row = 0; row < n; row++) {
      const values = rows.subarray(row * d, (row + 1) * d);
      this.#block.set(values, this.#waiting * d);
      if (!values.every(Number.isFinite)) {
        throw new SegcanaryError(
          'fit-failed',
          `The embedding of training patch ${this.n} holds NaN or infinity; check the model and the scan that it came from.`,
        );
      }
      this.#waiting++;
      if (this.#waiting === BLOCK_ROWS) await this.#flush();
    }
  }

  /**
   * Adds what another accumulator has seen; the other is left as it was, but for its waiting rows
   * having been summed.
   */
  async merge(other: Moments): Promise<void> {
    if (other.d !== this.d) throw new RangeError(`moments of ${other.d} features do not merge into ${this.d}`);
    await this.#flush();
    await other.#flush();
    if (other.#reference === null) return;
    this.#reference ??= other.#reference.slice();
    const { d } = this;
    const n = other.#n;
    const shift = other.#reference.map((value, i) => value - this.#reference![i]);
    const shift2 = dot(shift, shift);
    const trace2 = trace(other.#cross, d);
    const crossShift = multiplySymmetric(other.#cross, d, shift);
    const along = dot(shift, other.#sum);
    // The other's y becomes y + shift; |y + shift|^2 = |y|^2 + 2 shift.y + |shift|^2, multiplied
    // out and summed.
    this.#fourth +=
      other.#fourth +
      4 * dot(shift, crossShift) +
      n * shift2 * shift2 +
      4 * dot(shift, other.#third) +
      2 * shift2 * trace2 +
      4 * shift2 * along;
    for (let i = 0; i < d; i++) {
      const move = shift[i];
      const sum = other.#sum[i];
      this.#third[i] +=
        other.#third[i] + move * trace2 + 2 * crossShift[i] + 2 * along * move + shift2 * sum + n * shift2 * move;
      for (let j = i; j < d; j++) {
        this.#cross[i * d + j] += other.#cross[i * d + j] + sum * shift[j] + move * other.#sum[j] + n * move * shift[j];
      }
    }
    for (let i = 0; i < d; i++) this.#sum[i] += other.#sum[i] + n * shift[i];
    this.#n += n;
  }

  /**
   * The sample's moments. The covariance is this accumulator's own memory, so the accumulator is
   * spent.
   */
  async finish(): Promise<Sample> {
    await this.#flush();
    const { d } = this;
    const n = this.#n;
    if (n === 0 || this.#reference === null) throw new SegcanaryError('fit-failed', 'There are no training patches.');
    const offset = this.#sum.map((value) => value / n);
    const offset2 = dot(offset, offset);
    const covariance = this.#cross;
    // sum |y - offset|^4 with |y - offset|^2 = |y|^2 - 2 offset.y + |offset|^2, and sum y = n
    // offset.
    const fourth =
      this.#fourth +
      4 * dot(offset, multiplySymmetric(covariance, d, offset)) +
      n * offset2 * offset2 -
      4 * dot(offset, this.#third) +
      2 * offset2 * trace(covariance, d) -
      4 * n * offset2 * offset2;
    for (let i = 0; i < d; i++) {
      for (let j = i; j < d; j++) covariance[i * d + j] = covariance[i * d + j] / n - offset[i] * offset[j];
    }
    mirrorUpper(covariance, d);
    const mean = this.#reference.map((value, i) => value + offset[i]);
    return { n, d, mean, covariance, fourth: Math.max(fourth, 0) };
  }

  async #flush(): Promise<void> {
    const n = this.#waiting;
    if (n === 0) return;
    const { d } = this;
    const block = this.#block;
    this.#reference ??= columnMeans(block, n, d);
    for (let row = 0; row < n; row++) {
      let norm2 = 0;
      for (let i = 0; i < d; i++) {
        const y = block[row * d + i] - this.#reference[i];
        block[row * d + i] = y;
        norm2 += y * y;
      }
      for (let i = 0; i < d; i++) {
        const y = block[row * d + i];
        this.#sum[i] += y;
        this.#third[i] += norm2 * y;
      }
      this.#fourth += norm2 * norm2;
    }
    await this.#addCross(n);
    this.#n += n;
    this.#waiting = 0;
  }

  /** S += Y' Y, tile by tile on and above the diagonal. */
  async #addCross(n: number): Promise<void> {
    const { d } = this;
    const cross = this.#cross;
    const cuts = ranges(0, d, TILE);
    const tiles = cuts.flatMap((rows, i) => cuts.slice(i).map((columns): [Range, Range] => [rows, columns]));
    await multiplyAhead(
      tiles,
      ([rows, columns]) =>
        this.#blas.gemm(
          packTransposed(this.#block, d, [0, n], rows),
          packTile(this.#block, d, [0, n], columns),
          rows[1] - rows[0],
          n,
          columns[1] - columns[0],
        ),
      ([rows, columns], product) => {
        for (let row = rows[0], from = 0; row < rows[1]; row++) {
          for (let to = row * d + columns[0], end = row * d + columns[1]; to < end; to++, from++)
            cross[to] += product[from];
        }
      },
    );
  }
}

/**
 * Column means of [n,d], taken about the first row: a feature that never changes has exactly its
 * own value as mean, and a large common offset costs no digits.
 */
export function columnMeans(rows: Float64Array, n: number, d: number): Float64Array {
  const sum = new Float64Array(d);
  for (let row = 1; row < n; row++) {
    for (let i = 0; i < d; i++) sum[i] += rows[row * d + i] - rows[i];
  }
  return sum.map((value, i) => rows[i] + value / n);
}
