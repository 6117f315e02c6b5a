import { SegcanaryError } from '../../errors.js';
import type { FileRange } from '../../files/file-range.js';
import { describeObject, describePixels, type PixelData } from './describe.js';
import type { DicomHeader } from './dicom-header.js';
import { type ElementHeader, Elements } from './elements.js';
import { FunctionalGroups } from './functional-groups.js';
import { type Beginning, readBeginning } from './part10.js';
import { sopClassOf } from './sop-classes.js';
import { PER_FRAME_GROUPS, SHARED_GROUPS, TAGS, tagNumber } from './tags.js';
import { Values } from './values.js';

/** Float Pixel Data, Double Float Pixel Data and Pixel Data: PS3.3 C.7.6.24, C.7.6.25, C.7.6.3. */
const PIXELS: ReadonlyMap<number, PixelData['type']> = new Map([
  [0x7fe00008, 'float'],
  [0x7fe00009, 'double'],
  [0x7fe00010, 'integer'],
]);
const WANTED: ReadonlySet<number> = new Set(Object.values(TAGS).map(tagNumber));
/** Bytes of what is kept of a header before it is read: it has less than 2 kB. */
const MOST_KEPT = 1 << 16;
/** Everything that is read of objects that are no volume has a tag below this. */
const BEHIND_IMAGE_PIXEL = 0x00290000;

export interface HeaderOptions {
  readonly signal?: AbortSignal | undefined;
}

/**
 * What the header of a DICOM file says. No pixel is read: 16 kB of most files, and as much more of
 * others as their header has.
 *
 * @returns null when the file is no DICOM: one without the preamble has to look like it, and to
 *   have a SOP class
 * @throws SegcanaryError `truncated`, `dicom-invalid`, `dicom-unsupported`, `io`
 */
export async function readDicomHeader(file: FileRange, { signal }: HeaderOptions = {}): Promise<DicomHeader | null> {
  signal?.throwIfAborted();
  const beginning = await readBeginning(file);
  if (beginning === null) return null;
  const reading = new DataSetReading(file, beginning, signal);
  try {
    await reading.run();
    return reading.header();
  } catch (error) {
    // Without a preamble only a SOP class shows that this was meant to be DICOM.
    if (!beginning.isPart10 && !reading.isConvincing && error instanceof SegcanaryError && error.code !== 'io')
      return null;
    throw error;
  } finally {
    beginning.bytes.close();
  }
}

/** Reads a data set element by element, and keeps those that are wanted. */
class DataSetReading {
  readonly #file: FileRange;
  readonly #beginning: Beginning;
  readonly #elements: Elements;
  readonly #groups: FunctionalGroups;
  readonly #signal: AbortSignal | undefined;
  readonly #kept: Buffer[] = [];
  #keptBytes = 0;
  #sopClass: string | null;
  #pixels: PixelData | null = null;

  constructor(file: FileRange, beginning: Beginning, signal: AbortSignal | undefined) {
    this.#file = file;
    this.#beginning = beginning;
    this.#elements = new Elements(beginning.bytes, file.name);
    this.#groups = new FunctionalGroups(this.#elements, file.name);
    this.#signal = signal;
    this.#sopClass = beginning.sopClass;
  }

  /** Whether what was read can be nothing else than DICOM. */
  get isConvincing(): boolean {
    return this.#sopClass !== null && /^\d+(\.\d+)+$/.test(this.#sopClass);
  }

  async run(): Promise<void> {
    const { at: start, encoding } = this.#beginning;
    let at = start;
    for (let count = 0; ; count++) {
      if (count % 4096 === 4095) this.#signal?.throwIfAborted();
      const element = await this.#elements.header(at, encoding);
      if (element === null) return;
      const type = PIXELS.get(element.tag);
      if (type !== undefined) {
        this.#pixels = { type, offset: element.valueAt, length: element.length };
        return;
      }
      if (element.tag >= BEHIND_IMAGE_PIXEL && !this.#isVolume()) return;
      at = await this.#take(element);
    }
  }

  async #take(element: ElementHeader): Promise<number> {
    if (element.tag === SHARED_GROUPS) return await this.#groups.readShared(element);
    if (element.tag === PER_FRAME_GROUPS) return await this.#groups.readPerFrame(element, this.#signal);
    if (!WANTED.has(element.tag)) return await this.#elements.end(element);
    const bytes = await this.#elements.copy(element, MOST_KEPT - this.#keptBytes);
    this.#kept.push(bytes);
    this.#keptBytes += bytes.length;
    if (element.tag === tagNumber(TAGS.sopClass)) this.#sopClass = this.#values([bytes]).text(TAGS.sopClass);
    return element.at + bytes.length;
  }

  header(): DicomHeader {
    const values = this.#values(this.#kept);
    const sopClass = values.due(this.#sopClass, TAGS.sopClass);
    if (!sopClassOf(sopClass).isVolume)
      return { ...describeObject(this.#file, values, this.#beginning, sopClass), pixels: null, frames: [] };
    values.due(values.text(TAGS.series), TAGS.series);
    const pixels = describePixels(this.#file, values, this.#beginning, this.#pixels);
    const header = describeObject(this.#file, values, this.#beginning, sopClass);
    const frames = this.#groups.frames(values, pixels, header.modality);
    return { ...header, kernel: header.kernel ?? this.#groups.kernel, pixels, frames };
  }

  #isVolume(): boolean {
    return this.#sopClass === null || sopClassOf(this.#sopClass).isVolume;
  }

  #values(elements: readonly Buffer[]): Values {
    return Values.of(this.#file.name, Buffer.concat(elements), this.#beginning.encoding);
  }
}
