import { chooseSeries } from '../formats/dicom/choose.js';
import type { DicomHeader } from '../formats/dicom/dicom-header.js';
import { type SeriesCandidate, SeriesGroups } from '../formats/dicom/group.js';
import type { ArchivedSeries } from './dicomweb.js';

export interface ArchivedChoice {
  /** Number or UID of the series; of several channels one each. @default the only one */
  readonly wanted?: readonly string[] | undefined;
  /** Every series that can be scored. @default false */
  readonly each?: boolean | undefined;
  /** What the study is called in messages. */
  readonly name: string;
  /** The header of one object of a series; null where it is none that is read. */
  readonly look: (series: ArchivedSeries) => Promise<DicomHeader | null>;
}

/** Modalities that are never scans: what is derived, reported or planned (PS3.3, C.7.3.1.1.1). */
const NO_SCANS = ['SR', 'SEG', 'PR', 'KO', 'DOC', 'REG', 'RWV', 'FID', 'PLAN', 'RTSTRUCT', 'RTPLAN', 'RTRECORD'];
/** Fewer slices than this are a scout where there are series of more, as `SeriesGroups` has it. */
const FEWEST_SLICES = 3;

/**
 * Which series of a study are worth fetching: by UID at once; otherwise one object of each is
 * looked at, so that scouts, reports and screenshots are passed over before hundreds of slices
 * come.
 *
 * @throws SegcanaryError `usage` where several can be scored and none is named, or the named one is
 *   not there; `scan-unsuitable` where none can be; what `look` throws
 */
export async function chooseArchived(
  all: readonly ArchivedSeries[],
  { wanted = [], each = false, name, look }: ArchivedChoice,
): Promise<readonly ArchivedSeries[]> {
  const byUid = wanted.map((one) => all.find(({ series }) => series === one));
  if (wanted.length > 0 && byUid.every((found) => found !== undefined)) return distinct(byUid);
  const candidates = new Map<SeriesCandidate, ArchivedSeries>();
  for (const series of all) {
    if (series.modality !== null && NO_SCANS.includes(series.modality)) continue;
    const header = await look(series);
    const candidate = header && candidateOf(header, series);
    if (candidate) candidates.set(candidate, series);
  }
  const found = [...candidates.keys()].sort((a, b) => orderOf(a) - orderOf(b));
  const large = found.filter(({ slices }) => slices >= FEWEST_SLICES);
  const scans = large.length > 0 ? large : found;
  const options = { name, canTakeEach: true };
  const chosen =
    each && scans.length > 0
      ? scans
      : (wanted.length > 0 ? wanted : [undefined]).map((one) =>
          // Parts of a series (`3.1`) are told apart when all of it is here.
          chooseSeries(scans, one !== undefined && /^\d+\.\d+$/.test(one) ? one.split('.')[0] : one, options),
        );
  return distinct(chosen.map((candidate) => candidates.get(candidate)));
}

/** The series as if it were here, by one object of it; null where it is no scan. */
function candidateOf(header: DicomHeader, { instances }: ArchivedSeries): SeriesCandidate | null {
  const groups = new SeriesGroups();
  groups.add(header);
  const [candidate] = groups.candidates;
  if (!candidate) return null;
  const [number] = candidate.number.split('.');
  return { ...candidate, number, part: null, slices: Math.max(header.frames.length, instances ?? FEWEST_SLICES) };
}

/** Those without a number last. */
const orderOf = ({ number }: SeriesCandidate): number => (number === '?' ? Number.MAX_VALUE : Number(number));

const distinct = (series: readonly (ArchivedSeries | undefined)[]): ArchivedSeries[] => [
  ...new Set(series.filter((one) => one !== undefined)),
];
