import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { HttpError } from './http-error.js';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Answered without a token. */
    public?: boolean;
  }
}

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

/**
 * Lets only those in who have the token. Hashes are compared, which are of one length, in a time
 * that does not depend on where they differ.
 *
 * Without a token the server listens on loopback alone, and then the danger is a page in a browser
 * on this machine: requests that another origin sends, or that reach this server under another name
 * (DNS rebinding), are refused.
 */
export function guard(app: FastifyInstance, token: string | null): void {
  const expected = token === null ? null : digest(token);
  app.addHook('onRequest', async (request) => {
    refuseStrangers(request, token === null);
    if (expected === null || request.routeOptions.config.public) return;
    const [, given = ''] = /^Bearer +(\S+) *$/i.exec(request.headers.authorization ?? '') ?? [];
    if (timingSafeEqual(digest(given), expected)) return;
    throw new HttpError(
      401,
      'unauthorized',
      'The bearer token is missing or wrong; send Authorization: Bearer TOKEN.',
      {
        'www-authenticate': 'Bearer realm="segcanary"',
      },
    );
  });
}

/**
 * What is wrong with the host that a request names, in half a sentence; null where nothing is. It
 * has to be one: whoever is let in is told by it.
 */
export function wrongHost({ headers, rawHeaders, httpVersion, url = '' }: IncomingMessage): string | null {
  const named = rawHeaders.filter((name, i) => i % 2 === 0 && name.toLowerCase() === 'host').length;
  if (named === 0) return httpVersion === '1.1' ? 'The request has no Host' : null;
  if (named > 1) return 'The request has more than one Host';
  if (url.startsWith('/') || url === '*') return null;
  const isSame = URL.canParse(url) && new URL(url).host === headers.host?.toLowerCase();
  return isSame ? null : 'The request names another host in its target than in its Host';
}

const loopback = /^(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d+)?$/i;

function refuseStrangers({ headers: { host = '', origin } }: FastifyRequest, onlyLoopback: boolean): void {
  if (onlyLoopback && !loopback.test(host))
    throw new HttpError(
      403,
      'forbidden',
      'Without a token this server answers to localhost alone; whoever runs it can start it with one.',
    );
  if (origin !== undefined && !(URL.canParse(origin) && new URL(origin).host === host))
    throw new HttpError(403, 'forbidden', 'Pages of other origins may not use this server; open its own page.');
}

/** Whether an address is one that only this machine reaches. */
export function isLoopback(host: string): boolean {
  return loopback.test(host) || host === '::1';
}
