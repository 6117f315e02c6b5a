import { SegcanaryError } from '../../errors.js';
import { describeForeign, hasNiftiLength } from '../identify.js';

/**
 * Whether the header is NIfTI-1 or -2, by its first field and its magic, which have to agree.
 *
 * @param pair whether it is the .hdr of a pair
 * @throws SegcanaryError `nifti-invalid` for anything else, and what it looks like
 */
export function versionOf(bytes: Uint8Array, { name, pair }: { readonly name: string; readonly pair: boolean }): 1 | 2 {
  const invalid = (what: string) => new SegcanaryError('nifti-invalid', `${what}.`, { subject: name });
  const version = hasNiftiLength(bytes, 540) ? 2 : 1;
  const magic = magicAt(bytes, version);
  if (hasNiftiLength(bytes, 348) || version === 2) {
    if (magic === `${pair ? 'ni' : 'n+'}${version}\0`) return version;
    if (magic === `n+${version}\0`)
      throw invalid('this is a whole NIfTI file under the name of a header; rename it to .nii');
    if (magic === `ni${version}\0`)
      throw invalid(
        'this is the header of a .hdr/.img pair, whose voxels are in another file; give the path of the .hdr or the .img',
      );
    if (resembles(magic, version))
      throw invalid(
        `this is a NIfTI-${version} header whose magic is damaged (${JSON.stringify(magic)}); the file is probably damaged, copy it again`,
      );
  }
  for (const other of [1, 2] as const)
    if (bytes.length >= (other === 1 ? 348 : 8) && isMagic(magicAt(bytes, other), other))
      throw invalid(
        `this is a NIfTI-${other} header whose first field is damaged, the length of the header; the file is probably damaged, copy it again`,
      );
  throw invalid(`this is not a NIfTI file, ${describeForeign(bytes)}`);
}

/** The four bytes that name the format. */
const magicAt = (bytes: Uint8Array, version: 1 | 2): string =>
  Buffer.from(bytes.subarray(version === 1 ? 344 : 4).subarray(0, 4)).toString('latin1');

const isMagic = (magic: string, version: 1 | 2): boolean => magic === `n+${version}\0` || magic === `ni${version}\0`;

/** Three of the four bytes are right: Analyze 7.5 has a number there, mostly 0. */
const resembles = (magic: string, version: 1 | 2): boolean =>
  ['+', 'i'].some((kind) => {
    const right = `n${kind}${version}\0`;
    return [...right].filter((letter, i) => letter === magic[i]).length === 3;
  });
