import { SegcanaryError } from '../errors.js';
import { readWhole } from '../files/open.js';

/**
 * The token of a server, from a file or the variable SEGCANARY_TOKEN; null where there is neither.
 * Never an argument: every user of a machine sees those.
 *
 * @throws SegcanaryError `io`, `usage` for what is no token
 */
export async function tokenFrom(file: string | undefined, signal?: AbortSignal): Promise<string | null> {
  const text = file === undefined ? process.env.SEGCANARY_TOKEN : (await readWhole(file, { signal })).toString('utf8');
  if (text === undefined) return null;
  const token = text.trim();
  if (!/^[\x21-\x7e]{16,512}$/.test(token))
    throw new SegcanaryError(
      'usage',
      `a token has 16 to 512 printable characters without spaces; \`openssl rand -hex 32\` makes one.`,
      { subject: file ?? 'SEGCANARY_TOKEN' },
    );
  return token;
}
