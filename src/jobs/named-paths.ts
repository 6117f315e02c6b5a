import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { SegcanaryError } from '../errors.js';
import type { FileRange } from '../files/file-range.js';
import { isFolder } from '../files/is-folder.js';
import { peekFile } from '../files/peek.js';
import { Archive } from '../formats/archives/archive.js';
import { archiveKindOf, TELLING } from '../formats/archives/identify.js';
import { archivePlace, type FilePlace, folderPlace, namedPlace } from '../formats/dicom/file-place.js';
import { filesBelow, isDamaged } from '../formats/dicom/find.js';
import { readDicomHeader } from '../formats/dicom/header.js';
import { contentOf } from '../formats/open.js';
import type { ScanLimits } from '../limits.js';

/** How what is named is looked into. */
export interface LookOptions {
  readonly limits?: Partial<ScanLimits> | undefined;
  /** Where archives are unpacked. @default os.tmpdir() */
  readonly tmpdir?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** What a file is, by its bytes: an archive, a DICOM file, or what is left to whoever opens it. */
export type NamedFile = { readonly place: FilePlace } | 'dicom' | 'other';

/** Looks into a file. Pipes, and what cannot be read, are left alone. */
export async function lookInto(path: string, options: LookOptions): Promise<NamedFile> {
  const head = await peekFile(path, TELLING);
  if (head === null) return 'other';
  const kind = archiveKindOf(head);
  if (kind) return { place: archivePlace(path, new Archive(path, { ...options, kind, name: path })) };
  const { size } = await stat(path).catch(() => ({ size: 0 }));
  return (await isDicom(head, { name: path, path, start: 0, length: size })) ? 'dicom' : 'other';
}

/** The mark behind the preamble (PS3.10 section 7.1). */
const MARK = 'DICM';

/**
 * Whether a file is DICOM: by its mark, or, where it has no preamble, by a data set that begins
 * with a group 2 or 8 and has a SOP class.
 */
export async function isDicom(head: Uint8Array, file: FileRange): Promise<boolean> {
  if (Buffer.from(head.subarray(128, 132)).toString('latin1') === MARK) return true;
  const [a, b] = head;
  if (!((b === 0 && (a === 2 || a === 8)) || (a === 0 && (b === 2 || b === 8)))) return false;
  // Damaged DICOM is DICOM.
  return readDicomHeader(file).then(
    (header) => header !== null,
    (error: unknown) => error instanceof SegcanaryError,
  );
}

/** Names that archives in a folder have; of archives that are named, the bytes tell. */
const ARCHIVE = /\.(zip|tar|tgz|tar\.gz)$/i;
const CHANNEL = /_(\d{4})$/;

export const isArchiveName = (name: string): boolean => ARCHIVE.test(name);

/** A place by its path, without the ending of an archive: what channels are told by. */
export const stemOf = (path: string): string => path.replace(/[/\\]+$/, '').replace(ARCHIVE, '');

/**
 * The places in a folder without NIfTI: the folder itself, with all below it, and archives in it;
 * or, where `x_0000` and `x_0001` stand side by side in it, each of its folders and archives.
 */
export async function placesIn(folder: string, options: LookOptions): Promise<FilePlace[]> {
  const names = (await readdir(folder).catch(() => [])).filter((name) => !name.startsWith('.')).sort();
  const archives: FilePlace[] = [];
  for await (const found of filesBelow(folder, options.signal)) {
    if (isDamaged(found) || !isArchiveName(found.name)) continue;
    const what = await lookInto(found.path, options);
    if (typeof what !== 'string') archives.push(what.place);
  }
  const stems = new Set(names.map(stemOf));
  const hasChannels = [...stems].some((stem) => stem.endsWith('_0001') && stems.has(stem.replace(CHANNEL, '_0000')));
  if (!hasChannels) return [folderPlace(folder), ...archives];
  const folders: FilePlace[] = [];
  const files: string[] = [];
  for (const name of names) {
    if (await isFolder(join(folder, name))) folders.push(folderPlace(join(folder, name)));
    else if (!isArchiveName(name)) files.push(join(folder, name));
  }
  return [...folders, ...(files.length > 0 ? [namedPlace(files)] : []), ...archives];
}

/** Files of a folder of NIfTI that are looked at for DICOM; of ten thousand sidecars not all. */
const LOOKED_AT = 64;
/** What lies beside NIfTI files and is no DICOM. */
const SIDECAR = /\.(nii|hdr|img)(\.gz)?$|\.(json|csv|tsv|txt|md|bval|bvec|html|png)$/i;

/**
 * A DICOM file or an archive below a folder whose NIfTI files are taken, so that it is said that it
 * is not: its name below the folder, or null where none was found. What segcanary wrote is none.
 */
export async function dicomBeside(folder: string, options: LookOptions): Promise<string | null> {
  let looked = 0;
  for await (const found of filesBelow(folder, options.signal)) {
    if (isDamaged(found) || SIDECAR.test(found.name)) continue;
    if ((await lookInto(found.path, options)) !== 'other' && (await contentOf(found.path)) === null) return found.name;
    if (++looked === LOOKED_AT) return null;
  }
  return null;
}

/** Places that are the channels of one scan, in their order; most scans have one. */
export interface ChannelPlaces {
  readonly places: readonly FilePlace[];
  /** The first number, as `0001`, that is not there although a later one is. */
  readonly missingChannel?: string | undefined;
}

/**
 * Groups places into scans: `x_0000`, `x_0001`, … are channels of one where there is an `x_0000`.
 */
export function groupPlaces(places: readonly FilePlace[]): ChannelPlaces[] {
  const stems = new Set(places.map(({ name }) => stemOf(name)));
  const groups = new Map<string, { readonly number: number; readonly place: FilePlace }[]>();
  for (const place of places) {
    const stem = stemOf(place.name);
    const base = stem.replace(CHANNEL, '');
    const isChannel = stem !== base && stems.has(`${base}_0000`);
    const key = isChannel ? `channels of ${base}` : stem;
    const group = groups.get(key) ?? [];
    groups.set(key, group);
    group.push({ number: isChannel ? Number(CHANNEL.exec(stem)?.[1]) : group.length, place });
  }
  return [...groups].flatMap(([key, group]): ChannelPlaces[] => {
    if (!key.startsWith('channels of ')) return group.map(({ place }) => ({ places: [place] }));
    const sorted = group.sort((a, b) => a.number - b.number);
    const gap = sorted.findIndex(({ number }, i) => number !== i);
    return [
      {
        places: sorted.map(({ place }) => place),
        ...(gap >= 0 && { missingChannel: String(gap).padStart(4, '0') }),
      },
    ];
  });
}
