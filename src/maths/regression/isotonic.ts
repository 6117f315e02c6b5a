/** A rising function through points: linear between them, constant beyond the first and last. */
export interface RisingFunction {
  /** Ascending. */
  readonly x: readonly number[];
  /** As many, never falling. */
  readonly y: readonly number[];
}

interface Block {
  from: number;
  to: number;
  weight: number;
  y: number;
}

/**
 * Isotonic regression: the rising function of least weighted squares, by pooling adjacent
 * violators (Barlow et al. 1972). Equal x are pooled first. scikit-learn's
 * `IsotonicRegression(out_of_bounds='clip')`.
 *
 * @param points at least one, in any order; weights positive
 */
export function isotonicRegression(
  points: readonly { readonly x: number; readonly y: number; readonly weight: number }[],
): RisingFunction {
  const blocks: Block[] = [];
  for (const { x, y, weight } of points.toSorted((a, b) => a.x - b.x)) {
    const before = blocks.at(-1);
    if (before && before.from === x) pour(before, { from: x, to: x, weight, y });
    else blocks.push({ from: x, to: x, weight, y });
  }
  const pooled: Block[] = [];
  for (const block of blocks) {
    pooled.push(block);
    for (;;) {
      const [before, after] = [pooled.at(-2), pooled.at(-1)];
      if (!before || !after || before.y < after.y) break;
      pour(before, after);
      pooled.pop();
    }
  }
  const ends = pooled.flatMap(({ from, to, y }) =>
    from === to
      ? [{ x: from, y }]
      : [
          { x: from, y },
          { x: to, y },
        ],
  );
  return { x: ends.map(({ x }) => x), y: ends.map(({ y }) => y) };
}

function pour(into: Block, block: Block): void {
  const weight = into.weight + block.weight;
  into.y = (into.y * into.weight + block.y * block.weight) / weight;
  into.weight = weight;
  into.to = block.to;
}

/** The value of a rising function at x. */
export function risingAt({ x: xs, y: ys }: RisingFunction, x: number): number {
  const after = xs.findIndex((end) => end >= x);
  if (after === -1) return ys[ys.length - 1];
  if (after === 0 || xs[after] === x) return ys[after];
  const share = (x - xs[after - 1]) / (xs[after] - xs[after - 1]);
  return ys[after - 1] + share * (ys[after] - ys[after - 1]);
}
