import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import type { FileRange } from '../files/file-range.js';
import { objectPaths } from '../jobs/dicom-objects.js';
import type { PeerAccess } from './peer-access.js';
import { stow } from './stow.js';

/**
 * Sends the DICOM objects that were written of a case to an archive, by STOW-RS.
 *
 * @param url the root of its DICOMweb service
 * @param folder that the objects were written to
 * @returns how many there were; nothing is sent where there are none
 * @throws as `stow`
 */
export async function storeObjects(url: string, folder: string, name: string, access: PeerAccess): Promise<number> {
  const files: FileRange[] = [];
  for (const path of Object.values(objectPaths(folder, name))) {
    const found = await stat(path).catch(() => null);
    if (found) files.push({ name: basename(path), path, start: 0, length: found.size });
  }
  if (files.length > 0) await stow(url, files, access);
  return files.length;
}
