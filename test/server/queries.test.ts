import { mkdtempSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { refuseQuery } from '../../src/server/queries.js';
import { writeScan } from '../support/scans.js';
import { TestServer } from '../support/server.js';

const KNOWN = ['detector', 'case', 'site', 'scanner', 'volume', 'mask'];

describe('refuseQuery', () => {
  it.each([
    '',
    '&',
    'detector=a',
    'case=a%20b&site=North+1',
    'detector=a&&mask=1',
    'c%61se=x',
    'case=a=b',
    'case=a%3Bb',
  ])('lets %s pass', (query) => {
    expect(() => refuseQuery(query, KNOWN)).not.toThrow();
  });

  it.each([
    [
      'dectector=small',
      /^querystring dectector: is no parameter of this address; the nearest that there are: detector/,
    ],
    ['Detector=small', /^querystring Detector: is no parameter .*: detector/],
    ['detector[]=small', /^querystring detector\[\]: is no parameter/],
    ['=small', /^querystring : is no parameter/],
    ['%20case=x', /^querystring {2}case: is no parameter/],
    ['__proto__=x', /^querystring __proto__: is no parameter/],
    ['detector=a&detector=b', /^querystring detector: is given more than once/],
    ['detector=a&d%65tector=a', /^querystring detector: is given more than once/],
    ['detector=', /^querystring detector: is empty/],
    ['detector', /^querystring detector: is empty/],
    ['volume=%20', /^querystring volume: is empty/],
    ['case=a;detector=small', /^The query has a semicolon; join parameters by &/],
    ['case=%ff', /is no percent-encoded UTF-8/],
    ['case=%', /is no percent-encoded UTF-8/],
    ['%C3=x', /is no percent-encoded UTF-8/],
  ])('refuses %s', (query, message) => {
    expect(() => refuseQuery(query, KNOWN)).toThrow(message);
  });
});

describe('a server', () => {
  const workshop = inject('workshop');
  let server: TestServer;
  let scan: Buffer;
  beforeAll(async () => {
    server = await TestServer.here({ detectors: [`chest=${join(workshop, 'detector')}`] });
    scan = readFileSync(
      await writeScan({ path: join(mkdtempSync(join(workshop, 'queries-')), 'a.nii.gz'), seed: 330 }),
    );
  });
  afterAll(() => server.stop());

  it('refuses a query on every route that has one, and scores nothing', async () => {
    for (const [path, sentence] of [
      [
        '/v1/scans?dectector=small',
        'querystring dectector: is no parameter of this address; the nearest that there are: ',
      ],
      ['/v1/scans?sit=North', 'querystring sit: is no parameter of this address; the nearest that there are: site'],
      ['/v1/scans?site=a&site=b', 'querystring site: is given more than once; give it once.'],
      [
        '/v1/detectors/chest/drift?sites=North',
        'querystring sites: is no parameter of this address; there are: site, scanner.',
      ],
    ]) {
      const answer = await server.fetch(path!);
      expect(answer.status).toBe(400);
      expect(await answer.json()).toMatchObject({
        error: { code: 'usage', message: expect.stringContaining(sentence!) },
      });
    }
    for (const query of ['dectector=small', 'detector=chest&detector=chest', 'case=%ff', 'volume=', 'mask'])
      expect([query, (await server.post(query, scan)).status]).toEqual([query, 400]);
    expect((await server.json('/v1/scans')).scans).toEqual([]);
    expect((await server.post('detector=chest&case=a%20b', scan)).status).toBe(200);
  });

  it('lists in its OpenAPI document what it takes', async () => {
    const { paths } = await server.json('/openapi.json');
    const names = paths['/v1/scans'].post.parameters.map(({ name }: { name: string }) => name);
    expect(names).toEqual(['detector', 'case', 'site', 'scanner', 'volume', 'mask', 'segment', 'explain']);
  });
});
