import { SegcanaryError } from '../../errors.js';
import type { SeriesCandidate, SetAside } from './group.js';

export interface ChoiceOptions {
  /** Name in messages: the folder or archive. */
  readonly name: string;
  /** What is there beside the candidates. */
  readonly setAside?: readonly SetAside[] | undefined;
  /** Whether each could be a case of its own. @default true */
  readonly canTakeEach?: boolean | undefined;
}

/**
 * No series, or several, are what was meant. Its sentence lists those that there are, with what a
 * technologist typed: it is for whoever gave the files, and kept nowhere.
 */
export class SeriesChoiceError extends SegcanaryError {
  /** The same without the list, for records. */
  readonly kept: SegcanaryError;

  /** @param kept what is wrong, without a full stop */
  constructor(sentence: string, kept: string, subject: string) {
    super('usage', sentence, { subject, option: 'series' });
    this.kept = new SegcanaryError('usage', `${kept}; its sender was told which there are.`, { subject });
  }
}

/** Candidates that are listed in a sentence at most. */
const LISTED = 20;

/**
 * The one series that is meant: the only one, or the one that is named.
 *
 * @param wanted UID or number of a series, as candidates have them
 * @throws SeriesChoiceError when several fit, or none does; SegcanaryError `scan-unsuitable` when
 *   there are no candidates
 */
export function chooseSeries(
  candidates: readonly SeriesCandidate[],
  wanted: string | undefined,
  { name, setAside = [], canTakeEach = true }: ChoiceOptions,
): SeriesCandidate {
  if (candidates.length === 0) throw nothing(name, setAside);
  const fitting = wanted === undefined ? candidates : candidates.filter((candidate) => isMeant(candidate, wanted));
  if (fitting.length === 1) return fitting[0];
  const listed = list(fitting.length === 0 ? candidates : fitting);
  if (fitting.length === 0)
    throw new SeriesChoiceError(
      `there is no series ${wanted}; choose from ${listed} (\`series\`).`,
      'there is no series of the number or UID that was named',
      name,
    );
  throw new SeriesChoiceError(
    `has ${fitting.length} series that can be scored: ${listed}; name one by its number or UID (\`series\`)${canTakeEach ? ', or take each as a case of its own (`eachSeries`)' : ''}.`,
    `has ${fitting.length} series that can be scored`,
    name,
  );
}

/** Whether a user means this series, or a part of it, by a number or UID. */
function isMeant({ number, uid }: SeriesCandidate, wanted: string): boolean {
  const [whole, part] = number.split('.');
  return [number, whole, uid, part === undefined ? uid : `${uid}.${part}`].includes(wanted);
}

function list(candidates: readonly SeriesCandidate[]): string {
  const numbers = candidates.map(({ number }) => number);
  const entries = candidates.slice(0, LISTED).map((candidate) => {
    const { number, uid, modality, description, kernel, slices, part } = candidate;
    const isAlone = numbers.indexOf(number) === numbers.lastIndexOf(number) && !number.startsWith('?');
    const words = [
      modality,
      `${slices} slices`,
      ...(kernel === null ? [] : [`kernel ${kernel}`]),
      ...(part === null ? [] : [part]),
      ...(isAlone ? [] : [`UID ${uid}`]),
    ];
    return `${number}${description === null ? '' : ` "${description}"`} (${words.join(', ')})`;
  });
  const more = candidates.length - entries.length;
  return `${entries.join('; ')}${more > 0 ? `; and ${more} more` : ''}`;
}

/** `1 radiotherapy structure sets, 3 localizers` */
export const describeSetAside = (setAside: readonly SetAside[]): string =>
  setAside.map(({ what, count }) => `${count} ${what}`).join(', ');

function nothing(name: string, setAside: readonly SetAside[]): SegcanaryError {
  const found = describeSetAside(setAside);
  return new SegcanaryError(
    'scan-unsuitable',
    found === ''
      ? 'holds no DICOM file; give a folder of CT, MR or PET slices.'
      : `holds no series that can be scored, only ${found}; give a folder of CT, MR or PET slices.`,
    { subject: name },
  );
}
