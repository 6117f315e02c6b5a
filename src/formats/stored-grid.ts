import type { Grid, Scan } from '../chunks.js';

/** The grid of a scan as it is stored: not turned, not cropped, not resampled. */
export function storedGrid(scan: Scan): Grid {
  const { shape, spacing, channels } = scan;
  return {
    scan,
    shape,
    spacing,
    channels,
    axes: [0, 1, 2],
    flipped: [false, false, false],
    box: { start: [0, 0, 0], stop: shape },
    separateAxis: null,
  };
}
