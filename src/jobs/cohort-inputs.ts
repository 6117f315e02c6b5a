import { type CohortCase, readCohort } from '../evaluate/cohort.js';
import { isFolder } from '../files/is-folder.js';
import { readWhole } from '../files/open.js';
import { type FilePlace, folderPlace, namedPlace } from '../formats/dicom/file-place.js';
import { dicomInputs, joinChannels, type SeriesOptions } from './dicom-inputs.js';
import { type LookOptions, lookInto } from './named-paths.js';
import type { ScanInput } from './scan-input.js';

/** How scans of a cohort are looked into. */
export interface CohortInputOptions extends Pick<SeriesOptions, 'untilt'>, LookOptions {}

/**
 * Scans of a cohort as a job takes them, each looked into once: a cell that names a folder, an
 * archive or a file of DICOM is the one series in it.
 *
 * @returns a function that throws SegcanaryError `io`, `aborted`; what is wrong with a series is
 *   told when it is read
 */
export function cohortInputOf(options: CohortInputOptions = {}): (c: CohortCase) => Promise<ScanInput> {
  const known = new Map<CohortCase, Promise<ScanInput>>();
  return (c) => {
    const input = known.get(c) ?? lookedInto(c, options);
    known.set(c, input);
    return input;
  };
}

async function lookedInto({ case: name, images }: CohortCase, options: CohortInputOptions): Promise<ScanInput> {
  const [file, ...moreChannels] = images as [string, ...string[]];
  const plain = { case: name, file, ...(moreChannels.length > 0 && { moreChannels }) };
  const places: FilePlace[] = [];
  for (const image of images) {
    const place = await placeOf(image, options);
    if (place) places.push(place);
  }
  // Channels of both kinds are opened as NIfTI, and the one that is none says what it is.
  if (places.length < images.length) return plain;
  const found: ScanInput[][] = [];
  // The case has a name, and needs no key.
  for (const place of places) found.push(await dicomInputs(place, { ...options, key: '' }));
  return found.every((inputs) => inputs.length === 0) ? plain : { ...joinChannels(found, places), case: name };
}

/** Null for what is no DICOM. */
async function placeOf(path: string, options: LookOptions): Promise<FilePlace | null> {
  if (await isFolder(path)) return folderPlace(path);
  const what = await lookInto(path, options);
  if (what === 'other') return null;
  return what === 'dicom' ? namedPlace([path]) : what.place;
}

/**
 * Reads a cohort from its CSV file.
 *
 * @throws SegcanaryError `io`, `cohort-invalid`
 */
export async function openCohort(path: string, signal?: AbortSignal): Promise<CohortCase[]> {
  return readCohort((await readWhole(path, { signal })).toString('utf8'), path);
}

/**
 * The scans of one split of a cohort: `train` is what an evaluation fits detectors to, `val` what
 * it calibrates them with.
 *
 * @throws SegcanaryError `io`, `cohort-invalid`
 */
export async function cohortInputs(
  path: string,
  split: CohortCase['split'],
  signal?: AbortSignal,
  options: CohortInputOptions = {},
): Promise<ScanInput[]> {
  const inputOf = cohortInputOf({ ...options, signal });
  const inputs: ScanInput[] = [];
  for (const c of await openCohort(path, signal)) if (c.split === split) inputs.push(await inputOf(c));
  return inputs;
}
