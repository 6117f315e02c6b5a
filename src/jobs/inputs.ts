import { basename } from 'node:path';
import { isAbort, SegcanaryError } from '../errors.js';
import { isFolder } from '../files/is-folder.js';
import { type CaseFiles, groupCases, listCases, type OwnResult } from '../formats/cases.js';
import { type FilePlace, namedPlace } from '../formats/dicom/file-place.js';
import type { WarningListener } from '../results.js';
import { caseKey } from './case-key.js';
import { channelInputs, type SeriesOptions } from './dicom-inputs.js';
import { dicomBeside, type LookOptions, lookInto, placesIn } from './named-paths.js';
import { readPiped } from './piped-input.js';
import type { ScanInput } from './scan-input.js';

export type { ScanInput } from './scan-input.js';

export interface ResolveOptions extends SeriesOptions, LookOptions {
  /** Leave shifted copies in folders out too, as other results. @default false */
  readonly withoutCopies?: boolean | undefined;
  /** Told of what is left out of a folder, whose name is the second. */
  readonly onWarning?: WarningListener | undefined;
}

/**
 * The scans that a list of files and folders names; `-` is stdin. A folder with NIfTI files is
 * these. Any other folder, an archive, DICOM files that are named one by one, and stdin where it
 * carries a tar, a zip or a DICOM file, are DICOM: of every study its series. Masks, segmentations
 * and probabilities that segcanary wrote into a folder are no scans: they are taken where they are
 * named one by one.
 *
 * Of a series names and UIDs are kept; it is read when its turn comes. What is wrong with one of
 * several scans is told then, and where there is one scan a choice that is missing at once.
 *
 * @param name what a single scan is called in the result
 * @throws SegcanaryError `io` for a folder that cannot be read, `usage` for folders without scans,
 *   equal names, a name for many scans, several series of which none was chosen, and for options of
 *   series where there are none
 */
export async function resolveInputs(
  paths: readonly string[],
  name?: string,
  options: ResolveOptions = {},
): Promise<ScanInput[]> {
  refuseBoth(options);
  const inputs = await findInputs(paths, options, name);
  if (!inputs.some((input) => input.series || input.error)) refuseForNothing(options);
  return inputs;
}

/** The same, whatever the options of series are, and whether they are of any use. */
export async function findInputs(
  paths: readonly string[],
  options: ResolveOptions,
  name?: string,
): Promise<ScanInput[]> {
  if (paths.indexOf('-') !== paths.lastIndexOf('-'))
    throw new SegcanaryError('usage', '- is stdin, which can be read once; name it once.');
  const found: Found[] = [];
  /** DICOM files that are named one by one are one set, in the place of the first. */
  const single: { at: number; readonly files: string[] } = { at: 0, files: [] };
  let files: string[] = [];
  const flush = () => {
    found.push(...groupCases(files).map(inputOf));
    files = [];
  };
  for (const path of paths) {
    // What is not there fails when it is opened, alone among the others.
    const isStdin = path === '-';
    const folder = !isStdin && (await isFolder(path));
    if (!isStdin && !folder) {
      const what = await lookInto(path, options);
      if (what === 'other') files.push(path);
      else {
        flush();
        if (what !== 'dicom') found.push(what.place);
        else if (single.files.push(path) === 1) single.at = found.length;
      }
      continue;
    }
    flush();
    if (folder) found.push(await lookIntoFolder(path, options));
    else found.push(await stdinOf(options));
  }
  flush();
  if (single.files.length > 0) found.splice(single.at, 0, namedPlace(single.files));
  return [...named(await withSeries(found, name, options), name)];
}

/** What a path turned out to be: a scan, a place where DICOM files lie, or a folder of either. */
type Found = ScanInput | FilePlace | FoundFolder;

interface FoundFolder {
  readonly folder: string;
  readonly cases: readonly ScanInput[];
  /** Looked into where there are no cases. */
  readonly places: readonly FilePlace[];
  /** What segcanary wrote into it, in words. */
  readonly results: string | null;
  /** Something of DICOM that lies beside its cases. */
  readonly beside: string | null;
}

/** Puts the scans of DICOM places where the places are. */
async function withSeries(
  found: readonly Found[],
  name: string | undefined,
  options: ResolveOptions,
): Promise<ScanInput[]> {
  const places = found.flatMap((one) => ('places' in one ? one.places : 'all' in one ? [one] : []));
  // A scan that has a name needs none of ours, and no key.
  const key = async () => options.key ?? (name === undefined ? await caseKey(options.onWarning) : '');
  const series = places.length === 0 ? null : await channelInputs(places, { ...options, key: await key() });
  const scansOf = (place: FilePlace) => series?.get(place) ?? [];
  const inputs = found.flatMap((one): readonly ScanInput[] => {
    if ('case' in one) return [one];
    if ('all' in one) return scansOf(one);
    if (one.cases.length === 0 && !one.places.some((place) => series?.has(place))) throw holdsNothing(one);
    const message = `It holds ${one.results}, left out; name one by itself to take it all the same.`;
    if (one.results) options.onWarning?.({ code: 'own-results', message }, one.folder);
    if (one.beside !== null) {
      const left = `It holds NIfTI files, which are taken, and DICOM (${one.beside}), which is left out; name that by itself to take it.`;
      options.onWarning?.({ code: 'dicom-beside', message: left }, one.folder);
    }
    return [...one.cases, ...one.places.flatMap(scansOf)];
  });
  // A choice that is missing is no failure of the scan where there is nothing else to do.
  const [only] = inputs;
  if (inputs.length === 1 && only.error?.code === 'usage') throw only.error;
  return inputs;
}

function holdsNothing({ folder, results }: FoundFolder): SegcanaryError {
  return new SegcanaryError(
    'usage',
    results
      ? `holds no scans, only ${results}; name one by itself to take it all the same.`
      : 'holds no scans; they end in .nii, .nii.gz or .hdr, or are DICOM files, at any depth below it.',
    { subject: folder },
  );
}

/**
 * The only scan under another name, or all under theirs.
 *
 * @throws SegcanaryError `usage` for names that do not tell the scans apart
 */
export function named(inputs: readonly ScanInput[], name: string | undefined): readonly ScanInput[] {
  if (name !== undefined) {
    if (inputs.length !== 1)
      throw new SegcanaryError(
        'usage',
        `\`case\` names one scan and there are ${inputs.length}; leave it out, each takes its name from its file.`,
        { option: 'case' },
      );
    if (/[/\\]/.test(name))
      throw new SegcanaryError(
        'usage',
        `\`case\` is ${name}, and a name is also a file's name; leave out the slashes.`,
        { option: 'case' },
      );
    if (name.trim() === '' || name.startsWith('.'))
      throw new SegcanaryError(
        'usage',
        `\`case\` is "${name}", and its files would be hidden; give it a name that begins with a letter or a digit.`,
        { option: 'case' },
      );
    return [{ ...inputs[0], case: name }];
  }
  const seen = new Map<string, string>();
  for (const { case: key, file } of inputs) {
    const other = seen.get(key);
    if (other !== undefined)
      throw new SegcanaryError(
        'usage',
        `${other} and ${file} would both be the case ${key}; rename one or score them apart.`,
      );
    seen.set(key, file);
  }
  return inputs;
}

/** Nothing that is given is DICOM. */
function refuseForNothing({ series, eachSeries, untilt }: SeriesOptions): void {
  const option = series?.length ? 'series' : eachSeries ? 'eachSeries' : untilt ? 'untilt' : null;
  if (option === null) return;
  throw new SegcanaryError('usage', `\`${option}\` is for DICOM, and nothing that is named is; leave it out.`, {
    option,
  });
}

function refuseBoth({ series, eachSeries }: SeriesOptions): void {
  if (!series?.length || !eachSeries) return;
  throw new SegcanaryError('usage', '`series` names one, and all are taken too; leave one of the two out.', {
    option: 'series',
  });
}

/** What comes on stdin; what is wrong with an archive there is told as of a scan. */
async function stdinOf(options: ResolveOptions): Promise<ScanInput | FilePlace> {
  try {
    const piped = await readPiped(options);
    return 'place' in piped ? piped.place : { case: 'stdin', file: '-', bytes: piped.bytes };
  } catch (error) {
    if (isAbort(error) || !(error instanceof SegcanaryError)) throw error;
    return { case: 'stdin', file: '-', error };
  }
}

/** The scans of a folder with NIfTI; of any other the places in which there may be DICOM. */
async function lookIntoFolder(folder: string, options: ResolveOptions): Promise<FoundFolder> {
  const results: OwnResult[] = [];
  const onResult = (result: OwnResult) => results.push(result);
  const cases = (await listCases(folder, { copies: options.withoutCopies, onResult })).map(inputOf);
  return {
    folder,
    cases,
    places: cases.length > 0 ? [] : await placesIn(folder, options),
    beside: cases.length > 0 ? await dicomBeside(folder, options) : null,
    results: results.length > 0 ? describeResults(results) : null,
  };
}

function describeResults(results: readonly OwnResult[]): string {
  const [{ file, content }] = results;
  const count = results.length === 1 ? 'an image' : `${results.length} images`;
  return `${count} that segcanary made (${basename(file)}: ${content}${results.length > 1 ? ', …' : ''})`;
}

function inputOf({ case: name, files, missingChannel }: CaseFiles): ScanInput {
  const [file, ...moreChannels] = files as readonly [string, ...string[]];
  return {
    case: name,
    file,
    ...(moreChannels.length > 0 && { moreChannels }),
    ...(missingChannel && { missingChannel }),
  };
}
