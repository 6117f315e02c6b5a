import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { jsonLines, segcanary } from '../support/cli.js';
import { writeScan } from '../support/scans.js';
import { TestServer } from '../support/server.js';

const detector = join(inject('workshop'), 'detector');
const folder = mkdtempSync(join(tmpdir(), 'segcanary-test-'));
const at = (...names: string[]) => join(folder, ...names);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const TOKEN = 'a-token-of-the-tests';
let server: TestServer;
let ct: string;
beforeAll(async () => {
  mkdirSync(at('scans'));
  ct = await writeScan({ path: at('scans', 'ct_0000.nii.gz'), seed: 320 });
  await writeScan({ path: at('scans', 'mr_0000.nii.gz'), seed: 321, modality: 'mr' });
  writeFileSync(at('scans', 'cut_0000.nii.gz'), readFileSync(ct).subarray(0, 5000));
  writeFileSync(at('token'), `${TOKEN}\n`);
  server = await TestServer.start(['-d', `chest=${detector}`], { SEGCANARY_TOKEN: TOKEN });
});
afterAll(() => server.stop());

const remote = (...args: string[]) =>
  segcanary(['score', '--server', server.url, '--token-file', at('token'), ...args]);
const local = (...args: string[]) => segcanary(['score', '-d', detector, ...args]);
const filesOf = (path: string) =>
  Object.fromEntries(readdirSync(path).map((name) => [name, readFileSync(join(path, name)).toString('base64')]));

describe('score --server', () => {
  it('prints and writes what score does: folders, maps, tables, failures, exit code', async () => {
    const here = await local('-i', at('scans'), '-o', at('here'), '--explain');
    const there = await remote('-i', at('scans'), '-o', at('there'), '--explain');
    expect(there.stdout.toString()).toBe(here.stdout.toString());
    expect(there.code).toBe(here.code);
    expect(there.code).toBe(3);
    expect(there.stderr).toBe(here.stderr);
    expect(filesOf(at('there'))).toEqual(filesOf(at('here')));
  });

  it('takes stdin, gives the mask to stdout, and flags', async () => {
    const stdin = readFileSync(at('scans', 'mr_0000.nii.gz'));
    const args = ['-i', '-', '--case', 'p1', '--mask', '-', '--fail-on-ood'];
    const here = await segcanary(['score', '-d', detector, ...args], { stdin });
    const there = await segcanary(['score', '--server', server.url, '-d', 'chest', ...args], {
      stdin,
      env: { SEGCANARY_TOKEN: TOKEN },
    });
    expect(there.code).toBe(10);
    expect([there.code, there.stderr]).toEqual([here.code, here.stderr]);
    expect(there.stdout.equals(here.stdout)).toBe(true);
  });

  it.each([
    ['no token', [], {}, /token is missing or wrong/, 1],
    [
      'a detector that it lacks',
      ['-d', 'brain'],
      { SEGCANARY_TOKEN: TOKEN },
      /has no detector brain; it has chest\./,
      2,
    ],
    ['an option of its own', ['--threads', '1'], {}, /--threads is not for scans that a server scores/, 2],
    ['another', ['--remember-constants'], {}, /--remember-constants is not for/, 2],
  ])('%s: one sentence', async (_, args, env, sentence, code) => {
    const ran = await segcanary(['score', '--server', server.url, '-i', ct, ...args], {
      env: { SEGCANARY_TOKEN: undefined, ...env } as NodeJS.ProcessEnv,
    });
    expect(ran.stderr).toMatch(sentence);
    expect(ran.stderr.trim().split('\n')).toHaveLength(1);
    expect([ran.code, ran.stdout.length]).toEqual([code, 0]);
  });

  it('says so where no server is, what is no address, and what is neither detector nor server', async () => {
    expect((await segcanary(['score', '--server', 'http://127.0.0.1:9', '-i', ct])).stderr).toMatch(
      /no server answers there/,
    );
    expect((await segcanary(['score', '--server', 'nowhere', '-i', ct])).stderr).toMatch(/is no address of a server/);
    expect((await segcanary(['score', '-i', ct])).stderr).toMatch(/No detector is named/);
  });

  it('tells of a server that dies under a scan, and leaves no mask', async () => {
    const dying = await TestServer.start(['-d', detector]);
    const scan = readFileSync(ct);
    async function* bytes() {
      yield scan.subarray(0, 6000);
      while ((await dying.json('/v1/scans')).scans.length === 0) await wait(20);
      await dying.stop('SIGKILL');
      yield scan.subarray(6000);
    }
    const ran = await segcanary(['score', '--server', dying.url, '-i', '-', '--mask', at('dying.nii.gz')], {
      stdin: Readable.from(bytes()),
    });
    expect(ran.code).toBe(1);
    expect(jsonLines(ran)).toMatchObject([{ case: 'stdin', error: { code: 'unreachable' } }]);
    expect(readdirSync(folder).filter((name) => name.includes('dying'))).toEqual([]);
  });

  it('is one line for each scan', async () => {
    expect(jsonLines(await remote('-i', ct))).toMatchObject([{ case: 'ct' }]);
  });
});
