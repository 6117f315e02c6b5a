import { heat, type Layer, outline, slicePicture } from 'segcanary';
import { readSlice } from './slices.js';

/** Lung window, HU. */
const WINDOW = { low: -1350, high: 250 };
/** Enlargement, so that a slice of 120 voxels is not a stamp. */
const ZOOM = 2;

const ORANGE = [255, 128, 0] as const;
const PREDICTED = [90, 190, 255] as const;
const TRUE = [255, 235, 60] as const;

/**
 * A slice as an inline PNG with the outlines of the network's segmentation, in blue, and of the
 * truth, in yellow.
 */
export async function segmented(scan: string, z: number, segmentation: string, truth: string): Promise<string> {
  const outlines = [
    outline(await readSlice(segmentation, z), PREDICTED, ZOOM),
    outline(await readSlice(truth, z), TRUE, ZOOM),
  ];
  return draw(scan, z, outlines);
}

/**
 * The same slice with the uncertainty map: its excess over `low` is laid over it in orange, full at
 * `high`.
 */
export async function uncertain(
  scan: string,
  z: number,
  { mask, low, high }: { mask: string; low: number; high: number },
): Promise<string> {
  return draw(scan, z, [heat(await readSlice(mask, z), ORANGE, low, high, ZOOM)]);
}

const draw = async (scan: string, z: number, layers: readonly Layer[]): Promise<string> =>
  slicePicture(await readSlice(scan, z), { window: WINDOW, layers, zoom: ZOOM });
