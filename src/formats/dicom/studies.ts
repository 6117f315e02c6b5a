import { posix } from 'node:path';
import type { DicomHeader } from './dicom-header.js';
import { type DamagedFile, type FoundHeader, isDamaged } from './find.js';

/** The DICOM files of one study, among those of a folder. */
export interface Study {
  /** Study Instance UID; of files without one the folder that they lie in. */
  readonly uid: string;
  /** Names of its files. */
  readonly names: readonly string[];
  /** Null where there were too many files to keep them. */
  readonly headers: readonly DicomHeader[] | null;
  /** Files that may be its own and cannot be read: they lie in a folder with files of it. */
  readonly damaged: readonly DamagedFile[];
}

export interface Studies {
  /** In the order of their first files. */
  readonly studies: readonly Study[];
  /** Files that cannot be read and lie beside no file that can. */
  readonly damaged: readonly DamagedFile[];
}

/** Headers that are kept until it is known what they make: about a kilobyte each. */
const KEPT = 16_384;

/** Parts files into studies, whatever folders they lie in. */
export async function studiesOf(
  headers: Iterable<FoundHeader> | AsyncIterable<FoundHeader>,
  kept = KEPT,
): Promise<Studies> {
  const studies = new Map<string, { names: string[]; headers: DicomHeader[]; damaged: DamagedFile[] }>();
  const folders = new Map<string, Set<string>>();
  const damaged: DamagedFile[] = [];
  let count = 0;
  for await (const found of headers) {
    if (isDamaged(found)) {
      damaged.push(found);
      continue;
    }
    const { file } = found;
    const folder = posix.dirname(file.name);
    const uid = found.study === '' ? folder : found.study;
    const study = studies.get(uid) ?? { names: [], headers: [], damaged: [] };
    studies.set(uid, study);
    folders.set(folder, (folders.get(folder) ?? new Set()).add(uid));
    study.names.push(file.name);
    if (++count <= kept) study.headers.push(found);
    // None is kept of a large batch: headers of a study are read again when it is looked at.
    else for (const one of studies.values()) one.headers.length = 0;
  }
  const lost: DamagedFile[] = [];
  for (const file of damaged) {
    const beside = folders.get(posix.dirname(file.name)) ?? (studies.size === 1 ? studies.keys() : []);
    const uids = [...beside];
    for (const uid of uids) studies.get(uid)?.damaged.push(file);
    if (uids.length === 0) lost.push(file);
  }
  return {
    studies: [...studies].map(([uid, study]) => ({ ...study, uid, headers: count <= kept ? study.headers : null })),
    damaged: lost,
  };
}
