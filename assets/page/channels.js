/** Which files are one scan. */
import { caseName } from './format.js';

/**
 * Scans of `channels` files each, out of NIfTI files that were dropped together:
 * {name}_0000.nii.gz, {name}_0001.nii.gz … of every scan, as nnU-Net names them; or just as many
 * files as there are channels, in the order of their names.
 *
 * @param {readonly {name: string}[]} files
 * @throws Error a sentence for who dropped them
 */
export function scansOf(files, channels) {
  if (channels.length === 1) return files.map((file) => ({ name: caseName(file.name), files: [file] }));
  const sorted = [...files].sort((a, b) => (a.name < b.name ? -1 : 1));
  const groups = new Map();
  for (const file of sorted) {
    const name = caseName(file.name.replace(/_\d{4}(\.nii(\.gz)?)$/i, '$1'));
    groups.set(name, [...(groups.get(name) ?? []), file]);
  }
  const scans = [...groups].map(([name, of]) => ({ name, files: of }));
  if (scans.every((scan) => scan.files.length === channels.length)) return scans;
  if (sorted.length === channels.length) return [{ name: caseName(sorted[0].name), files: sorted }];
  throw new Error(
    `This detector takes ${channels.length} files a scan (${channels.join(', ')}), named NAME_0000.nii.gz and so on; these are ${files.length} files of ${scans.length} scans.`,
  );
}
