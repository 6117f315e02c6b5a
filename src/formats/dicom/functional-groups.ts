import { SegcanaryError } from '../../errors.js';
import type { FrameHeader, StoredPixels } from './dicom-header.js';
import type { ElementHeader, Elements } from './elements.js';
import { enhancedFrame, singleFrame } from './frames.js';
import { MACROS, TAGS, tagNumber } from './tags.js';
import { Values } from './values.js';

const WANTED: ReadonlySet<number> = new Set(Object.values(MACROS).map(tagNumber));
/** Bytes that are kept of one frame while it is read: they have less than 2 kB. */
const MOST_KEPT = 1 << 16;
/** Frames of an object: the largest 4-D acquisitions have 30,000. */
const MOST_FRAMES = 1 << 16;

/** Reads the functional groups of a multi-frame object, a frame at a time: PS3.3 C.7.6.16. */
export class FunctionalGroups {
  readonly #elements: Elements;
  readonly #name: string;
  #shared: Values | null = null;
  readonly #frames: FrameHeader[] = [];
  #kernel: string | null = null;

  constructor(elements: Elements, name: string) {
    this.#elements = elements;
    this.#name = name;
  }

  /** @returns first byte behind the sequence */
  async readShared(sequence: ElementHeader): Promise<number> {
    return await this.#elements.items(sequence, async (item) => {
      const { bytes, end } = await this.#elements.pick(item, WANTED, MOST_KEPT);
      this.#shared ??= Values.of(this.#name, bytes, item.inside);
      this.#kernel ??= kernelOf(this.#shared);
      return end;
    });
  }

  /** @returns first byte behind the sequence */
  async readPerFrame(sequence: ElementHeader, signal: AbortSignal | undefined): Promise<number> {
    return await this.#elements.items(sequence, async (item) => {
      signal?.throwIfAborted();
      const index = this.#frames.length;
      if (index === MOST_FRAMES) throw this.#invalid(`it has more than ${MOST_FRAMES} frames`);
      const { bytes, end } = await this.#elements.pick(item, WANTED, MOST_KEPT);
      const own = Values.of(this.#name, bytes, item.inside);
      this.#kernel ??= kernelOf(own);
      const frame = enhancedFrame(index, own, this.#shared);
      this.#frames.push(shareWith(frame, this.#frames.at(-1)));
      return end;
    });
  }

  /** Convolution Kernel of the frames; null where they say none. */
  get kernel(): string | null {
    return this.#kernel;
  }

  /**
   * The frames of an object, by its functional groups where it has any.
   *
   * @param values of its data set, and its Modality
   * @throws SegcanaryError `dicom-invalid` when there are more or fewer than it has pixels for
   */
  frames(values: Values, pixels: StoredPixels, modality: string): readonly FrameHeader[] {
    const count = this.#frames.length;
    if (count === 0) return pixels.frames === 1 ? [this.#onlyFrame(values, modality)] : [];
    if (count !== pixels.frames)
      throw this.#invalid(`it describes ${count} frames and says that it has ${pixels.frames}`);
    return this.#frames;
  }

  #onlyFrame(values: Values, modality: string): FrameHeader {
    return this.#shared === null ? singleFrame(values, modality) : enhancedFrame(0, null, this.#shared);
  }

  #invalid(what: string): SegcanaryError {
    return new SegcanaryError('dicom-invalid', `${what}; the file is damaged, export it again.`, {
      subject: this.#name,
    });
  }
}

const kernelOf = (values: Values): string | null => values.item(MACROS.ctReconstruction)?.text(TAGS.kernel) ?? null;

/** Frames mostly lie the same way: what is equal is kept once. */
function shareWith(frame: FrameHeader, before: FrameHeader | undefined): FrameHeader {
  if (before === undefined) return frame;
  const same = <T extends readonly number[]>(a: T | null, b: T | null): T | null =>
    a !== null && b !== null && a.every((v, i) => v === b[i]) ? b : a;
  return {
    ...frame,
    orientation: same(frame.orientation, before.orientation),
    pixelSpacing: same(frame.pixelSpacing, before.pixelSpacing),
    unit: frame.unit === before.unit ? before.unit : frame.unit,
  };
}
