/**
 * What was dropped or picked, as scans: NIfTI files, archives, and the DICOM files of a folder, of
 * any nesting and any names.
 */
import { scansOf } from './channels.js';
import { isNifti } from './format.js';

/**
 * Files of a drop, and of the folders in it. To be called while the event lasts: the browser
 * forgets the entries with it.
 *
 * @returns {Promise<{folder: string, file: File}[]>} `folder` is the dropped one that a file is in,
 *   '' for a file by itself
 */
export async function droppedFiles(dataTransfer) {
  const items = [...dataTransfer.items].filter(({ kind }) => kind === 'file');
  const entries = items.map((item) => item.webkitGetAsEntry?.() ?? null);
  const plain = items.map((item) => item.getAsFile());
  const found = [];
  for (const [i, entry] of entries.entries()) {
    if (entry?.isDirectory) for await (const file of filesIn(entry)) found.push({ folder: entry.name, file });
    else if (plain[i]) found.push({ folder: '', file: plain[i] });
  }
  return found;
}

/** Files of a folder; one at a time is opened, and hidden ones are left out. */
async function* filesIn(directory) {
  const reader = directory.createReader();
  for (;;) {
    // A browser gives a hundred at a time, and none at the end.
    const some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
    if (some.length === 0) return;
    for (const entry of some) {
      if (entry.name.startsWith('.')) continue;
      if (entry.isDirectory) yield* filesIn(entry);
      else yield await new Promise((resolve, reject) => entry.file(resolve, reject));
    }
  }
}

/** Files that were picked: of a folder, they know it. */
export const pickedFiles = (files) =>
  [...files]
    .map((file) => ({ folder: file.webkitRelativePath.split('/')[0] ?? '', file }))
    .filter(({ file }) => !file.webkitRelativePath.split('/').some((part) => part.startsWith('.')));

const isArchive = (name) => /\.(zip|tar|tgz|tar\.gz)$/i.test(name);

/**
 * Whether a file is DICOM, by its beginning: the mark behind the preamble (PS3.10, section 7.1),
 * or, in files without one, an element of group 0002 or 0008.
 */
async function isDicom(file) {
  const head = new Uint8Array(await file.slice(0, 132).arrayBuffer());
  if (String.fromCharCode(...head.subarray(128)) === 'DICM') return true;
  if (head.length < 4) return false;
  const view = new DataView(head.buffer);
  return [true, false].some((isLittle) => {
    const group = view.getUint16(0, isLittle);
    return (group === 2 || group === 8) && view.getUint16(2, isLittle) < 256;
  });
}

/** Files that are looked at at a time. */
const AT_A_TIME = 64;

async function dicomAmong(files) {
  const found = [];
  for (let from = 0; from < files.length; from += AT_A_TIME) {
    const some = files.slice(from, from + AT_A_TIME);
    const are = await Promise.all(some.map(isDicom));
    found.push(...some.filter((_, i) => are[i]));
  }
  return found;
}

/**
 * Scans that files make, for a detector of these channels. `kind` is `nifti`, `archive` or `dicom`;
 * of the last, `files` are all files of one folder, which may hold several series.
 *
 * @param {readonly {folder: string, file: File}[]} given
 * @returns {Promise<{name: string, kind: string, files: File[]}[]>}
 * @throws Error a sentence for who gave them
 */
export async function scansIn(given, channels) {
  const nifti = given.filter(({ file }) => isNifti(file.name));
  const rest = given.filter(({ file }) => !isNifti(file.name));
  const scans =
    nifti.length === 0
      ? []
      : scansOf(
          nifti.map(({ file }) => file),
          channels,
        ).map((scan) => ({ ...scan, kind: 'nifti' }));
  const byFolder = new Map();
  for (const { folder, file } of rest) {
    if (folder === '' && isArchive(file.name)) scans.push({ name: file.name, kind: 'archive', files: [file] });
    else byFolder.set(folder, [...(byFolder.get(folder) ?? []), file]);
  }
  for (const [folder, files] of byFolder) {
    const dicom = await dicomAmong(files);
    if (folder === '' && dicom.length < files.length) {
      const other = files.find((file) => !dicom.includes(file));
      throw new Error(`${other.name} is no scan; give a .nii, .nii.gz, .zip or DICOM file, or a folder of them.`);
    }
    if (dicom.length > 0) scans.push({ name: folder || named(dicom), kind: 'dicom', files: dicom });
  }
  if (scans.length === 0) {
    const folder = given[0]?.folder ?? '';
    throw new Error(`${folder || 'What was given'} holds no DICOM and no NIfTI file; give the folder of a scan.`);
  }
  if (channels.length > 1 && scans.some(({ kind }) => kind !== 'nifti'))
    throw new Error(
      `This detector takes ${channels.length} files a scan (${channels.join(', ')}); a DICOM series is one. Give NIfTI files.`,
    );
  return scans;
}

const named = (files) => (files.length === 1 ? files[0].name : `${files.length} DICOM files`);

/**
 * A multipart/related body of files (PS3.18, section 8.6.1.2). The browser reads them as it sends
 * them; their names, which may be those of patients, stay here.
 */
export function relatedBody(files) {
  const boundary = `segcanary-${crypto.getRandomValues(new Uint32Array(4)).join('-')}`;
  const parts = files.flatMap((file, i) => [
    `${i === 0 ? '' : '\r\n'}--${boundary}\r\nContent-Type: application/dicom\r\n\r\n`,
    file,
  ]);
  return {
    type: `multipart/related; type="application/dicom"; boundary="${boundary}"`,
    body: new Blob([...parts, `\r\n--${boundary}--\r\n`]),
  };
}
