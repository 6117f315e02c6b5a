import { SegcanaryError } from '../../errors.js';
import { limitsOf, type ScanLimits } from '../../limits.js';
import type { DicomHeader } from './dicom-header.js';
import { decodeFrame } from './pixels/decode.js';
import { type FrameFile, openFrames } from './pixels/fragments.js';
import { freeNow } from './pixels/spent.js';
import { refuseNonFinite, refuseUnreadable, valuesOf } from './pixels/values.js';
import type { VolumeSlice } from './series-volume.js';

/**
 * Reads frames, one at a time. Holds the file of the last one open, because the next one is often
 * in it.
 */
export class FrameReader {
  readonly #limits: ScanLimits;
  #last: { readonly header: DicomHeader; readonly frames: FrameFile } | null = null;

  constructor(limits?: Partial<ScanLimits>) {
    this.#limits = limitsOf(limits);
  }

  /**
   * The values of a frame, float32 after its own slope and intercept, as they are stored: [rows,
   * columns], C order.
   *
   * @param z of the slice, for messages
   * @throws SegcanaryError `dicom-unsupported`, `dicom-invalid`, `truncated`, `non-finite`,
   *   `timed-out`, `limit-exceeded`, `io`
   */
  async read({ header, frame }: VolumeSlice, z: number): Promise<Float32Array<ArrayBuffer>> {
    const { file, pixels } = header;
    if (pixels === null)
      throw new SegcanaryError('dicom-unsupported', 'it holds no pixels; take an image.', { subject: file.name });
    refuseUnreadable(pixels, file.name);
    const frames = await this.#opened(header, pixels);
    const name = pixels.frames === 1 ? file.name : `${file.name}, frame ${frame.index + 1}`;
    const bytes = await frames.frame(frame.index);
    const samples = await decodeFrame(bytes, pixels, frames.syntax, { seconds: this.#limits.stall, name });
    const values = valuesOf(samples, pixels, frame);
    freeNow(samples.bytes);
    refuseNonFinite(values, pixels, frame, { name, z });
    return values;
  }

  async close(): Promise<void> {
    const last = this.#last;
    this.#last = null;
    await last?.frames.close();
  }

  async #opened(header: DicomHeader, pixels: NonNullable<DicomHeader['pixels']>): Promise<FrameFile> {
    if (this.#last?.header === header) return this.#last.frames;
    await this.close();
    const frames = await openFrames(header, pixels, this.#limits);
    this.#last = { header, frames };
    return frames;
  }
}
