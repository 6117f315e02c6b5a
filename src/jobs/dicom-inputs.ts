import { join, posix } from 'node:path';
import { SegcanaryError } from '../errors.js';
import { caseNameOf } from '../formats/dicom/case-name.js';
import { chooseSeries } from '../formats/dicom/choose.js';
import type { DicomHeader } from '../formats/dicom/dicom-header.js';
import type { FilePlace } from '../formats/dicom/file-place.js';
import { isDamaged, readHeaders } from '../formats/dicom/find.js';
import { FoundSeries } from '../formats/dicom/found-series.js';
import { type SeriesCandidate, SeriesGroups, type SetAside } from '../formats/dicom/group.js';
import { type Study, studiesOf } from '../formats/dicom/studies.js';
import type { Warning, WarningListener } from '../results.js';
import type { ScanInput } from './scan-input.js';

/** Which of several series are meant, and how they are read. */
export interface SeriesOptions {
  /**
   * Number or UID of the series to take of every study; of several channels one each, in the order
   * of the plan.
   * @default the only one
   */
  readonly series?: readonly string[] | undefined;
  /** Take every series of a study, as a case of its own. @default false */
  readonly eachSeries?: boolean | undefined;
  /** Take a gantry tilt out, by shifting rows. @default false, and a series with one is refused */
  readonly untilt?: boolean | undefined;
  /** What case names are hashed with. @default SEGCANARY_KEY, else a key of this user's own */
  readonly key?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

interface NamingOptions extends SeriesOptions {
  readonly key: string;
  /** Told of studies of a batch that hold no scan. */
  readonly onWarning?: WarningListener | undefined;
}

/** A study, and what of it can be scored. */
export interface StudySeries {
  readonly study: Study;
  readonly candidates: readonly SeriesCandidate[];
  readonly setAside: readonly SetAside[];
}

/**
 * The scans among the DICOM files of a place: one of every study, whatever folders the files lie
 * in; every series of it with `eachSeries`. What is wrong with a study fails alone, as its case.
 *
 * @returns none where there is no DICOM file
 * @throws SegcanaryError `io`, `aborted`; of an archive what is wrong with it
 */
export async function dicomInputs(place: FilePlace, options: NamingOptions): Promise<ScanInput[]> {
  const { signal, key } = options;
  const { studies, damaged } = await studiesOf(readHeaders(place.all(signal), signal));
  const scans: StudySeries[] = [];
  const without: StudySeries[] = [];
  for (const study of studies) {
    const found = { study, ...(await seriesOf(study, place, signal)) };
    (found.candidates.length > 0 || study.damaged.length > 0 ? scans : without).push(found);
  }
  // Reports that are studies of their own, beside the only scan.
  const beside = scans.length === 1 ? without.flatMap(({ setAside }) => setAside) : [];
  // Where there is nothing else, it is said what there is.
  const told = scans.length === 0 && damaged.length === 0 ? without : scans;
  const isAlone = told.length + damaged.length === 1;
  if (scans.length > 1)
    for (const { study, setAside } of without)
      for (const note of notesOf(setAside)) options.onWarning?.(note, nameOf(place, study.names, false));
  return [
    ...told.flatMap((one) => inputsOf({ ...one, setAside: [...one.setAside, ...beside] }, place, isAlone, options)),
    ...damaged.map(({ name, error }) => ({
      case: caseNameOf(name, 'file', key),
      file: join(place.name, name),
      error,
    })),
  ];
}

/**
 * What can be scored of a study, and what cannot.
 *
 * @throws SegcanaryError what is wrong with a file that was read before
 */
export async function seriesOf(
  { names, headers }: Study,
  place: FilePlace,
  signal?: AbortSignal,
): Promise<Pick<StudySeries, 'candidates' | 'setAside'>> {
  const all: DicomHeader[] = [];
  if (headers) all.push(...headers);
  else
    for await (const found of readHeaders(await place.files(names), signal)) {
      if (isDamaged(found)) throw found.error;
      all.push(found);
    }
  // Whatever files are called, parts of a series have the same numbers.
  all.sort((a, b) => (a.sopInstance < b.sopInstance ? -1 : a.sopInstance > b.sopInstance ? 1 : 0));
  const groups = new SeriesGroups();
  for (const header of all) groups.add(header);
  return { candidates: groups.candidates, setAside: groups.setAside };
}

function inputsOf(found: StudySeries, place: FilePlace, isAlone: boolean, options: NamingOptions): ScanInput[] {
  const { study, candidates, setAside } = found;
  const file = nameOf(place, study.names, isAlone);
  const [damaged] = study.damaged;
  const failed = (error: SegcanaryError): ScanInput => ({
    case: candidates.length === 1 ? caseOf(candidates[0], options) : caseNameOf(study.uid, 'study', options.key),
    file,
    error,
  });
  if (damaged) return [failed(damaged.error)];
  const notes = notesOf(setAside);
  const seriesOf = (candidate: SeriesCandidate) => {
    const names = candidate.headers.map((header) => header.file.name);
    const name = candidates.length === 1 ? file : nameOf(place, names, isAlone && isIn(place, names));
    return new FoundSeries({ name, place, candidate, notes, untilt: options.untilt });
  };
  if (options.eachSeries && candidates.length > 0)
    return candidates.map((candidate) => inputOf([candidate], [seriesOf(candidate)], options));
  try {
    const wanted = options.series?.length ? options.series : [undefined];
    const chosen = wanted.map((one) => chooseSeries(candidates, one, { name: file, setAside }));
    return [inputOf(chosen, chosen.map(seriesOf), options)];
  } catch (error) {
    if (!(error instanceof SegcanaryError)) throw error;
    return [failed(error)];
  }
}

function inputOf(
  [first]: readonly SeriesCandidate[],
  series: readonly FoundSeries[],
  options: NamingOptions,
): ScanInput {
  const [file, ...moreChannels] = series.map(({ name }) => name);
  return { case: caseOf(first, options), file, ...(moreChannels.length > 0 && { moreChannels }), series };
}

/** Parts of one series have its number behind the name, as candidates have it. */
export function caseOf({ uid, modality, number }: SeriesCandidate, { key }: { readonly key: string }): string {
  const [, part] = number.split('.');
  return `${caseNameOf(uid, modality, key)}${part === undefined ? '' : `-${part}`}`;
}

/** What was set aside, as warnings of the scan that it lay beside. */
export const notesOf = (setAside: readonly SetAside[]): Warning[] =>
  setAside.map(({ what, count, reason }) => ({
    code: 'set-aside',
    message: `Set aside: ${count} ${what}; ${reason}.`,
  }));

/** The folder of a batch that files have in common; what a user gave where there is but one scan. */
function nameOf(place: FilePlace, names: readonly string[], isAlone: boolean): string {
  const common = isAlone ? '' : folderOf(names);
  return common === '' ? place.name : join(place.name, common);
}

const isIn = (place: FilePlace, names: readonly string[]): boolean => folderOf(names) === '' || place.name === '';

function folderOf(names: readonly string[]): string {
  let common = posix.dirname(names[0]).split('/');
  for (const name of names) {
    const parts = posix.dirname(name).split('/');
    let same = 0;
    while (same < common.length && common[same] === parts[same]) same++;
    common = common.slice(0, same);
  }
  return common.join('/').replace(/^\.$/, '');
}
