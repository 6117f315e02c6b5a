import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import type { Slice } from '../../../src/chunks.js';
import { type OpenDetector, openDetector } from '../../../src/detectors/opened.js';
import { loadDetector } from '../../../src/detectors/saved.js';
import { SegcanaryError } from '../../../src/errors.js';
import { sha256 } from '../../../src/files/hash.js';
import type { ImageReader } from '../../../src/plan.js';
import type { SubjectScore } from '../../../src/results.js';
import { scoreScan } from '../../../src/scans/score.js';
import { chain } from '../../../src/stages/chain.js';
import { load } from '../../../src/stages/load.js';
import type { Lab } from '../../lab.js';
import type { Trial } from '../attack.js';

export const READERS: readonly ImageReader[] = ['simpleitk', 'nibabel'];

/** What a change may be where nobody can know of it: the reason, by what was changed. */
export type Unknowable = (changed: SubjectScore) => string | null;

/** Scores what was made of one scan, and compares it with what the scan itself scores. */
export class Judge {
  readonly #detectors = new Map<ImageReader, { readonly detector: OpenDetector; readonly intact: Intact }>();

  private constructor(
    /** The scan, unpacked. */
    readonly bytes: Uint8Array,
  ) {}

  /** Takes the lab's first scan and its calibrated detector, under the rules of either reader. */
  static async open(lab: Lab): Promise<Judge> {
    const judge = new Judge(gunzipSync(readFileSync(lab.scans[0])));
    const loaded = await openDetector(await loadDetector(lab.detector));
    for (const reader of READERS) {
      const detector = under(loaded, reader);
      const intact = await look([judge.bytes], reader);
      judge.#detectors.set(reader, {
        detector,
        intact: { ...intact, score: (await scored([judge.bytes], detector)).score },
      });
    }
    return judge;
  }

  /**
   * What comes of a changed scan. The score is computed only where it can be another: the same
   * voxels of the same size have the same.
   */
  async trial(what: string, bytes: readonly Uint8Array[], reader: ImageReader, why: Unknowable): Promise<Trial> {
    const { detector, intact } = this.#of(reader);
    const name = `${what} (${reader})`;
    try {
      const seen = await look(bytes, reader);
      const [told] = seen.warnings;
      if (told) return { what: name, outcome: 'warned', why: told };
      if (seen.input === intact.input) return { what: name, outcome: 'harmless', why: 'the same voxels and size' };
      const score = await scored(bytes, detector);
      const [warning] = score.warnings;
      if (warning) return { what: name, outcome: 'warned', why: warning.code };
      if (score.score === intact.score) return { what: name, outcome: 'harmless', why: 'the same score' };
      const reason = why(score);
      if (reason) return { what: name, outcome: 'unknowable', why: `${reason}: ${score.verdict}` };
      return {
        what: name,
        outcome: 'finding',
        why: `scored ${score.score} for ${intact.score}, and nothing was said`,
      };
    } catch (error) {
      if (error instanceof SegcanaryError) return { what: name, outcome: 'refused', why: error.code };
      throw error;
    }
  }

  #of(reader: ImageReader) {
    const found = this.#detectors.get(reader);
    if (!found) throw new Error(`there is no reader ${reader}`);
    return found;
  }
}

interface Intact extends Seen {
  readonly score: number;
}

/** What the network would be given, and what was said of it on the way. */
interface Seen {
  /** Voxels and voxel size, hashed. */
  readonly input: string;
  readonly warnings: readonly string[];
}

function under(opened: OpenDetector, imageReader: ImageReader): OpenDetector {
  if (opened.kind !== 'features') throw new Error('the detector of the lab is on features');
  const { description } = opened;
  return { ...opened, description: { ...description, plan: { ...description.plan, imageReader } } };
}

const CASE = 'changed';

async function look(bytes: readonly Uint8Array[], reader: ImageReader): Promise<Seen> {
  const warnings: string[] = [];
  const parts: (string | Uint8Array)[] = [];
  const loading = chain(load({ case: CASE, reader, onWarning: ({ code }) => void warnings.push(code) }));
  await loading.run(source(bytes), {
    init: () => null,
    add: (_state, { grid, data }: Slice) => {
      if (parts.length === 0) parts.push(JSON.stringify([grid.shape, grid.spacing]));
      parts.push(sha256(new Uint8Array(data.data.buffer, data.data.byteOffset, data.data.byteLength)));
      return null;
    },
    finish: () => null,
  });
  return { input: sha256(...parts), warnings };
}

const scored = (bytes: readonly Uint8Array[], detector: OpenDetector): Promise<SubjectScore> =>
  scoreScan(source(bytes), { detector, case: CASE, file: CASE, early: false });

async function* source(bytes: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  // Each taker may change what it is given.
  for (const piece of bytes) yield Uint8Array.from(piece);
}
