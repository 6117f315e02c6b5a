import { posix } from 'node:path';
import { isAbort, SegcanaryError } from '../errors.js';
import { caseNameOf } from '../formats/dicom/case-name.js';
import { chooseSeries } from '../formats/dicom/choose.js';
import type { DicomHeader } from '../formats/dicom/dicom-header.js';
import type { FilePlace } from '../formats/dicom/file-place.js';
import { type DamagedFile, type FoundFile, isDamaged, readHeaders } from '../formats/dicom/find.js';
import { FoundSeries } from '../formats/dicom/found-series.js';
import { type SeriesCandidate, SeriesGroups, type SetAside } from '../formats/dicom/group.js';
import { grouped } from '../formats/dicom/split.js';
import { type Study, studiesOf } from '../formats/dicom/studies.js';
import type { Warning, WarningListener } from '../results.js';
import { groupPlaces, isArchiveName } from './named-paths.js';
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
 * The scans of places, by place; one in which there is nothing is left out. Places `x_0000`,
 * `x_0001`, … hold the channels of one scan, a series each: it is the first one's, and the others
 * have none.
 *
 * @throws SegcanaryError `io` for a folder that cannot be read, `aborted`
 */
export async function channelInputs(
  places: readonly FilePlace[],
  options: NamingOptions,
): Promise<Map<FilePlace, ScanInput[]>> {
  const scans = new Map<FilePlace, ScanInput[]>();
  for (const { places: channels, missingChannel } of groupPlaces(places)) {
    const [first] = channels;
    const found: ScanInput[][] = [];
    for (const place of channels) found.push(await dicomInputs(place, options));
    if (found.every((inputs) => inputs.length === 0)) continue;
    for (const place of channels) scans.set(place, []);
    if (channels.length === 1) scans.set(first, found.flat());
    else scans.set(first, [{ ...joinChannels(found, channels), ...(missingChannel && { missingChannel }) }]);
  }
  return scans;
}

/** One scan of the scans of its channels: it is called as the first. */
export function joinChannels(found: readonly (readonly ScanInput[])[], places: readonly FilePlace[]): ScanInput {
  const [first] = found.flat();
  const wrong = found.findIndex((inputs) => inputs.length !== 1);
  const error =
    found.flat().find((input) => input.error)?.error ??
    (wrong < 0
      ? undefined
      : new SegcanaryError(
          'usage',
          `holds ${found[wrong].length} series, and it is one channel of a scan; leave one series in it, or rename it.`,
          { subject: places[wrong].name },
        ));
  const series = found.flatMap((inputs) => inputs.flatMap((input) => input.series ?? []));
  const [file, ...moreChannels] = places.map(({ name }) => name);
  const more = moreChannels.length > 0 && { moreChannels };
  return { case: first.case, file, ...more, series, ...(error && { error }) };
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
  const failed = (name: string, error: SegcanaryError): ScanInput => ({
    case: caseNameOf(name, 'file', key),
    file: name,
    error,
  });
  const nested: string[] = [];
  const files = place.isArchive ? noting(nested, place.all(signal)) : place.all(signal);
  const found = await studiesOf(readHeaders(files, signal)).catch((error: unknown) => {
    if (!place.isArchive || isAbort(error) || !(error instanceof SegcanaryError)) throw error;
    return error;
  });
  if (found instanceof SegcanaryError) return [failed(place.name, found)];
  const { studies, damaged } = found;
  if (place.isArchive && studies.length + damaged.length === 0)
    return [failed(place.name, holdsNothing(place.name, nested))];
  const scans: StudySeries[] = [];
  const without: StudySeries[] = [];
  for (const study of studies) {
    const found = { study, ...(await seriesOf(study, place, signal)) };
    (found.candidates.length > 0 || study.damaged.length > 0 ? scans : without).push(found);
  }
  // Reports that are studies of their own, beside the only scan.
  const inside = nested.length > 0 ? [archivesInside(nested)] : [];
  const beside = scans.length === 1 ? [...without.flatMap(({ setAside }) => setAside), ...inside] : [];
  if (scans.length !== 1) for (const note of notesOf(inside)) options.onWarning?.(note, place.name);
  // Where there is nothing else, it is said what there is.
  const told = scans.length === 0 && damaged.length === 0 ? without : scans;
  const isAlone = told.length + damaged.length === 1;
  if (scans.length > 1)
    for (const { study, setAside } of without)
      for (const note of notesOf(setAside)) options.onWarning?.(note, place.nameOf(study.names));
  return [
    ...told.flatMap((one) => inputsOf({ ...one, setAside: [...one.setAside, ...beside] }, place, isAlone, options)),
    ...[...grouped(damaged, ({ name }) => posix.dirname(name)).values()].map((files) => ({
      ...failed(files[0].name, damageOf(files)),
      file: place.nameOf(files.map(({ name }) => name)),
    })),
  ];
}

/** One sentence for a folder: a series of a thousand slices is a thousand files. */
function damageOf([{ error }, ...others]: readonly DamagedFile[]): SegcanaryError {
  if (others.length === 0) return error;
  const more = others.length === 1 ? '1 file beside it is' : `${others.length} files beside it are`;
  return new SegcanaryError(error.code, `${error.message} And ${more} damaged too.`, { cause: error });
}

/** Archives in an archive are not looked into: a bomb may be made of them. */
async function* noting(nested: string[], files: AsyncIterable<FoundFile>): AsyncGenerator<FoundFile> {
  for await (const file of files) {
    if (isArchiveName(file.name)) nested.push(file.name);
    yield file;
  }
}

const archivesInside = ({ length }: readonly string[]): SetAside => ({
  what: 'archives inside the archive',
  count: length,
  reason: 'they are not looked into, unpack them to have them scored',
});

const holdsNothing = (name: string, [nested]: readonly string[]): SegcanaryError =>
  new SegcanaryError(
    'archive-invalid',
    nested === undefined
      ? 'holds no DICOM file; of NIfTI give the files themselves.'
      : `holds no DICOM file but another archive (${nested}), which is not looked into; unpack it and name the folder.`,
    { subject: name },
  );

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
  const file = isAlone ? place.name : place.nameOf(study.names);
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
    const name = candidates.length === 1 ? file : place.nameOf(names);
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
    message: `Set aside: ${what} (${count}); ${reason}.`,
  }));
