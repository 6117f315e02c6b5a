/**
 * The value of a Content-Disposition header (RFC 6266): a file to be kept under a name that came
 * from whoever sent its case. Quotes, line ends and slashes of it end up in no header: `filename`
 * has ASCII letters, digits, spaces, dots, dashes and underscores alone, and where that changes the
 * name, `filename*` has all of it, percent-encoded as RFC 8187 says.
 *
 * @param fileName null for a part that is no file
 * @param name of a part of a multipart body, one of ours
 */
export function attachment(fileName: string | null, name?: string): string {
  const parts = ['attachment'];
  if (name !== undefined) parts.push(`name="${name}"`);
  if (fileName !== null) {
    const base = withoutFolders(fileName);
    const plain = base.replace(/[^A-Za-z0-9 ._-]/gu, '_');
    parts.push(`filename="${plain}"`);
    if (plain !== base) parts.push(`filename*=UTF-8''${encoded(base)}`);
  }
  return parts.join('; ');
}

/** A name that stays in the folder it is kept in: the last part of its path, and not hidden. */
function withoutFolders(fileName: string): string {
  const base = fileName.split(/[/\\]/u).at(-1) ?? '';
  return base.replace(/^\.+/u, '') || 'file';
}

/** RFC 8187's `value-chars`: what encodeURIComponent leaves and it does not is encoded too. */
const encoded = (text: string): string =>
  encodeURIComponent(text.replace(/\p{Surrogate}/gu, '\uFFFD')).replace(
    /['()*!~]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
