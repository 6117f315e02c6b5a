import type { PeerAccess } from '../client/peer-access.js';
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

/**
 * How an archive is told who asks, from a file or a variable: `user:password`, or a bearer token;
 * nothing where there is neither. Never the token of a segcanary server, which is not for others.
 *
 * @throws SegcanaryError `io`, `usage` for what is neither
 */
export async function archiveSecretFrom(
  file: string | undefined,
  variable: string,
  signal?: AbortSignal,
): Promise<Pick<PeerAccess, 'token' | 'headers'>> {
  const text = file === undefined ? process.env[variable] : (await readWhole(file, { signal })).toString('utf8');
  const secret = text?.trim() ?? '';
  if (file === undefined && secret === '') return {};
  if (secret === '' || /[\p{Cc}]/u.test(secret) || secret.length > 16_384)
    throw new SegcanaryError('usage', 'a secret is one line: a token, or user:password.', {
      subject: file ?? variable,
    });
  // No bearer token has a colon (RFC 6750, section 2.1), and no user (RFC 7617, section 2).
  if (secret.includes(':'))
    return { headers: { authorization: `Basic ${Buffer.from(secret, 'utf8').toString('base64')}` } };
  if (!/^[\x21-\x7e]+$/.test(secret))
    throw new SegcanaryError('usage', 'a token has printable characters without spaces.', {
      subject: file ?? variable,
    });
  return { token: secret };
}
