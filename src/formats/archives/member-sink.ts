import { SegcanaryError } from '../../errors.js';
import type { FileRange } from '../../files/file-range.js';
import type { SpooledFile } from '../../files/spooled-file.js';
import { beyond, RATIO_FROM, type ScanLimits } from '../../limits.js';

/** What may be unpacked. */
export type ArchiveLimits = Pick<ScanLimits, 'bytes' | 'ratio' | 'members'>;

/** Where the members of an archive go, one after another: parts of one temporary file. */
export class MemberSink {
  readonly #file: SpooledFile;
  readonly #name: string;
  readonly #limits: ArchiveLimits;
  readonly #signal: AbortSignal | undefined;
  /**
   * By name. Of two with one name both are kept, the later one under another: a slice that is left
   * out in silence would be a gap, and what stands twice is told by its place.
   */
  readonly #members = new Map<string, FileRange>();
  /** How often a name came, of those that came more than once. */
  readonly #repeats = new Map<string, number>();
  #seen = 0;

  /** @param name of the archive, for messages */
  constructor(file: SpooledFile, name: string, limits: ArchiveLimits, signal?: AbortSignal) {
    this.#file = file;
    this.#name = name;
    this.#limits = limits;
    this.#signal = signal;
  }

  /** Members in the order in which they came. */
  get files(): readonly FileRange[] {
    return [...this.#members.values()];
  }

  /** Counts a member, kept or not. @throws SegcanaryError `limit-exceeded` */
  count(): void {
    if (++this.#seen > this.#limits.members) throw beyond('members', this.#limits.members, this.#name);
  }

  /**
   * Whether a member is worth keeping, by its name: hidden files, and what macOS puts beside every
   * file, are not.
   */
  wants(name: string): boolean {
    return (
      normal(name) !== '' &&
      !normal(name)
        .split('/')
        .some((part) => part.startsWith('.') && !isStep(part))
    );
  }

  /**
   * Writes a member out.
   *
   * @param packed bytes of the archive that were read so far, or in all
   * @param onPiece shown every piece
   * @throws SegcanaryError `limit-exceeded`, `io`, `aborted`; what the bytes throw
   */
  async add(
    name: string,
    bytes: AsyncIterable<Uint8Array>,
    packed: () => number,
    onPiece?: (piece: Uint8Array) => void,
  ): Promise<void> {
    const start = this.#file.length;
    const { bytes: most, ratio } = this.#limits;
    for await (const piece of bytes) {
      if (this.#signal?.aborted)
        throw new SegcanaryError('aborted', 'stopped before it was done.', { subject: this.#name });
      const all = this.#file.length + piece.length;
      if (all > most) throw beyond('bytes', most, this.#name);
      if (all > RATIO_FROM && all > ratio * packed()) throw beyond('ratio', ratio, this.#name);
      onPiece?.(piece);
      await this.#file.append(piece);
    }
    const range = { name: this.#free(normal(name)), path: this.#file.path, start, length: this.#file.length - start };
    this.#members.set(range.name, range);
  }

  /** `a`, or `a (2)` where there is an `a`. */
  #free(name: string): string {
    if (!this.#members.has(name)) return name;
    let count = this.#repeats.get(name) ?? 1;
    let other: string;
    do other = `${name} (${++count})`;
    while (this.#members.has(other));
    this.#repeats.set(name, count);
    return other;
  }
}

/** The same name however it is written: tar makes `./a` of `a`. It is a name and never a path. */
const normal = (name: string): string =>
  name
    .split(/[/\\]/)
    .filter((part) => part !== '' && part !== '.')
    .join('/');

const isStep = (part: string): boolean => part === '..';
