import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { SegcanaryError } from '../errors.js';
import { nearestNames } from '../maths/nearest-names.js';

/**
 * Refuses queries that ask for something else than they seem to: a parameter that the address does
 * not have, one that is given twice or is empty, semicolons in the place of ampersands, and what is
 * no percent-encoded UTF-8. Every route below /v1 is held to it, before its schema has its turn;
 * pages, metrics and probes are asked with parameters that keep caches away.
 */
export function guardQueries(app: FastifyInstance): void {
  app.addHook('preValidation', async ({ url, routeOptions }) => {
    const { schema, url: route = '' } = routeOptions;
    const known = schema?.querystring;
    if (known instanceof z.ZodObject) refuseQuery(queryOf(url), Object.keys(known.shape));
    else if (route.startsWith('/v1/')) refuseQuery(queryOf(url), []);
  });
}

/**
 * @param query what stands behind the question mark
 * @param known names of the parameters that the address has
 * @throws SegcanaryError `usage`
 */
export function refuseQuery(query: string, known: readonly string[]): void {
  // Some take it for an ampersand, and would be read as one long value.
  if (query.includes(';'))
    throw new SegcanaryError(
      'usage',
      'The query has a semicolon; join parameters by &, and write %3B for one in a value.',
    );
  const seen = new Set<string>();
  for (const pair of query.split('&')) {
    if (pair === '') continue;
    const equals = pair.indexOf('=');
    const name = decoded(equals < 0 ? pair : pair.slice(0, equals));
    const value = equals < 0 ? '' : decoded(pair.slice(equals + 1));
    if (!known.includes(name)) throw unknown(name, known);
    if (seen.has(name)) throw refusal(name, 'is given more than once; give it once');
    seen.add(name);
    if (value.trim() === '') throw refusal(name, 'is empty; give it a value, or leave it out');
  }
}

function queryOf(url: string): string {
  const at = url.indexOf('?');
  return at < 0 ? '' : url.slice(at + 1);
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch (cause) {
    throw new SegcanaryError('usage', 'The query is no percent-encoded UTF-8; encode names and values as such.', {
      cause,
    });
  }
}

function unknown(name: string, known: readonly string[]): SegcanaryError {
  if (known.length === 0) return refusal(name.slice(0, 64), 'is no parameter of this address, which has none');
  const nearest = nearestNames(name, known);
  const which = nearest.length < known.length ? 'the nearest that there are' : 'there are';
  return refusal(name.slice(0, 64), `is no parameter of this address; ${which}: ${nearest.join(', ')}`);
}

/** The sentence begins as those of the schemas do. */
const refusal = (name: string, what: string): SegcanaryError =>
  new SegcanaryError('usage', `querystring ${name}: ${what}.`);
