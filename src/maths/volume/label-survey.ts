/** The most values that a segmentation has: 42 of a whole body; grey images have more. */
const MOST_VALUES = 64;
/** Share of the voxels that are 0, at least. */
const BACKGROUND = 0.5;
/** Share of the others that have the value of the voxel before them in their row, at least. */
const ALIKE = 0.7;

/**
 * Tells a segmentation from an image by its voxels, slice by slice: at most 64 values, all of them
 * whole and none negative; at least half of the voxels 0; and of the others at least 70 % alike to
 * the voxel before them in their row, since structures are solid and intensities are not.
 *
 * Measured: some 240 label maps of tumours, lungs, hippocampi and 41 organs have shares of .78 to
 * .98; grey images have more than 100 values, and 40 MRs that were cut down to 16 values had shares
 * of .29 to .68. Not noticed: labels of structures one or two voxels wide, and those that fill the
 * image. An image of fewer than 16 greys in front of a plain background may be taken for a
 * segmentation.
 */
export class LabelSurvey {
  readonly #values = new Set<number>();
  #isImage = false;
  #voxels = 0;
  #foreground = 0;
  #alike = 0;

  /**
   * @param data rows of one channel in C order
   * @param width of a row
   */
  push(data: Float32Array, width: number): void {
    if (this.#isImage) return;
    this.#voxels += data.length;
    for (let row = 0; row < data.length; row += width) {
      let before = Number.NaN;
      for (let i = row; i < row + width; i++) {
        const value = data[i];
        if (value !== 0) this.#foreground++;
        if (value === before) {
          if (value !== 0) this.#alike++;
          continue;
        }
        before = value;
        if (this.#values.has(value)) continue;
        this.#values.add(value);
        // For most images this is within the first rows, and the rest costs nothing.
        if (value < 0 || !Number.isInteger(value) || this.#values.size > MOST_VALUES) {
          this.#isImage = true;
          return;
        }
      }
    }
  }

  /** Whether all that came looks like a segmentation. */
  get isSegmentation(): boolean {
    if (this.#isImage || this.#foreground === 0) return false;
    return this.#foreground <= (1 - BACKGROUND) * this.#voxels && this.#alike >= ALIKE * this.#foreground;
  }
}
