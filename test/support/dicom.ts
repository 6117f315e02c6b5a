import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readRange } from '../../src/files/file-range.js';
import { unpackArchive } from '../../src/formats/archives/unpack.js';
import { temporaryFolder } from './folder.js';

/** Made by test/oracle/dicom_inputs.py, which says what its folders hold. */
export const STUDY = fileURLToPath(new URL('../fixtures/dicom/study.zip', import.meta.url));
/** What SimpleITK makes of its folder ct. */
export const CT_NIFTI = fileURLToPath(new URL('../fixtures/dicom/ct.nii.gz', import.meta.url));

/** Files of the study by their paths in it: those of the folders that are named. */
export async function studyFiles(...folders: readonly string[]): Promise<Map<string, Buffer>> {
  const archive = await unpackArchive(STUDY, { kind: 'zip', name: 'study.zip' });
  const files = new Map<string, Buffer>();
  for (const file of archive.files)
    if (folders.includes(file.name.split('/')[0])) files.set(file.name, await readRange(file, 0, file.length));
  await archive.remove();
  return files;
}

/** A folder with these files, removed when the test ends. */
export async function folderOf(files: Iterable<readonly [string, Uint8Array]>): Promise<string> {
  const folder = await temporaryFolder();
  for (const [name, bytes] of files) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), bytes);
  }
  return folder;
}

/** A folder with folders of the study. */
export const studyFolder = async (...folders: readonly string[]): Promise<string> =>
  folderOf(await studyFiles(...folders));
