import { createHash } from 'node:crypto';
import type { Slice } from '../../chunks.js';
import { SegcanaryError } from '../../errors.js';
import { type FileRange, readRange } from '../../files/file-range.js';
import type { Warning } from '../../results.js';
import type { SliceReading, SliceSource } from '../scan-source.js';
import type { DicomHeader } from './dicom-header.js';
import type { FilePlace } from './file-place.js';
import { isDamaged, readHeaders } from './find.js';
import type { SeriesCandidate } from './group.js';
import { DicomSeries } from './series-reader.js';
import type { SeriesVolume } from './series-volume.js';
import { planVolume } from './volume.js';

export interface FoundSeriesOptions {
  /** Name in messages: the folder or archive that it lies in. */
  readonly name: string;
  readonly place: FilePlace;
  readonly candidate: SeriesCandidate;
  /** What is to be said of it beside what its volume says: what was set aside. */
  readonly notes?: readonly Warning[] | undefined;
  /** Whether a gantry tilt is taken out. */
  readonly untilt?: boolean | undefined;
}

/** Bytes that are hashed at a time. */
const CHUNK = 1 << 20;

/**
 * A series that was found among files, and is read when its turn comes: until then its names and
 * UIDs are kept, and of its headers nothing.
 */
export class FoundSeries implements SliceSource {
  readonly name: string;
  /** What it is called, and of what kind it is. */
  readonly summary: Omit<SeriesCandidate, 'headers'>;
  /** What is to be said of it beside what its volume says. */
  readonly notes: readonly Warning[];
  /** Tells it from every other scan. */
  readonly key: string;
  readonly #place: FilePlace;
  readonly #names: readonly string[];
  /** Frames that belong to it, of files that hold others too. */
  readonly #frames = new Map<string, ReadonlySet<number>>();
  readonly #untilt: boolean;

  constructor({ name, place, candidate, notes = [], untilt = false }: FoundSeriesOptions) {
    this.name = name;
    const { headers, ...summary } = candidate;
    this.summary = summary;
    this.key = `${place.name}\n${summary.uid}\n${summary.number}${untilt ? '\nuntilted' : ''}`;
    this.#place = place;
    this.#names = headers.map(({ file }) => file.name);
    this.notes = notes;
    this.#untilt = untilt;
    for (const { file, frames, pixels } of headers)
      if (frames.length !== pixels?.frames) this.#frames.set(file.name, new Set(frames.map(({ index }) => index)));
  }

  /** Paths that are read for it. */
  get paths(): readonly string[] {
    return this.#place.paths(this.#names);
  }

  /** Its files, as they are now. @throws SegcanaryError `io`, or what is wrong with an archive */
  files(): Promise<readonly FileRange[]> {
    return this.#place.files(this.#names);
  }

  /** Keeps its files where they are until what is returned is called. */
  hold(): () => void {
    return this.#place.hold();
  }

  /** Whether a gantry tilt is taken out. */
  get isUntilted(): boolean {
    return this.#untilt;
  }

  /** Whether its files hold frames of other scans too. */
  get isPartOfFiles(): boolean {
    return this.#frames.size > 0;
  }

  /**
   * Slices, z ascending, as `DicomSeries` gives them.
   *
   * @throws SegcanaryError `series-inconsistent`, and whatever is wrong with a file
   */
  async *slices(reading: SliceReading): AsyncGenerator<Slice, void, undefined> {
    const release = this.#place.hold();
    try {
      for (const note of this.notes) reading.onWarning?.(note, reading.case);
      yield* new DicomSeries(await this.volume()).slices(reading);
    } finally {
      release();
    }
  }

  /**
   * The volume that it makes, from headers read anew.
   *
   * @throws SegcanaryError `series-inconsistent`, and whatever is wrong with a file
   */
  async volume(signal?: AbortSignal): Promise<SeriesVolume> {
    const headers: DicomHeader[] = [];
    for await (const found of readHeaders(await this.files(), signal)) {
      if (isDamaged(found)) throw found.error;
      if (found.series === this.summary.uid) headers.push(this.#ownFrames(found));
    }
    if (headers.length < this.#names.length)
      throw new SegcanaryError(
        'series-inconsistent',
        `${this.#names.length - headers.length} of the ${this.#names.length} files of its series are others now; it was changed while it was in use, run it again.`,
        { subject: this.name },
      );
    return planVolume(headers, { name: this.name, untilt: this.#untilt, signal });
  }

  /**
   * sha256, in hex, over the bytes of its files in the order of its slices: the same whatever they
   * are called and wherever they lie.
   *
   * @throws SegcanaryError as `volume`, `aborted`
   */
  async hash(signal?: AbortSignal): Promise<string> {
    const release = this.#place.hold();
    try {
      const { slices } = await this.volume(signal);
      const hash = createHash('sha256');
      // The same files with and without a tilt are two scans, and so are two parts of one file.
      hash.update(this.#untilt ? 'untilted series' : 'series');
      const files = new Map(slices.map(({ header: { file } }) => [file.name, file]));
      for (const file of files.values()) {
        hash.update(`${file.length} ${[...(this.#frames.get(file.name) ?? [])].join()}`);
        for (let at = 0; at < file.length; at += CHUNK) {
          if (signal?.aborted)
            throw new SegcanaryError('aborted', 'stopped before it was done.', { subject: this.name });
          hash.update(await readRange(file, at, CHUNK));
        }
      }
      return hash.digest('hex');
    } finally {
      release();
    }
  }

  #ownFrames(header: DicomHeader): DicomHeader {
    const own = this.#frames.get(header.file.name);
    return own ? { ...header, frames: header.frames.filter(({ index }) => own.has(index)) } : header;
  }
}
