import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { runProcess, segcanary } from '../support/cli.js';
import { writeScan } from '../support/scans.js';
import { TestServer } from '../support/server.js';

const detector = join(inject('workshop'), 'detector');
const folder = mkdtempSync(join(tmpdir(), 'segcanary-test-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const TSX = fileURLToPath(import.meta.resolve('tsx/cli'));
const example = (name: string) => fileURLToPath(new URL(`../../examples/server/${name}`, import.meta.url));
/** The first curl with --url-query is 7.87. */
const hasCurl = /--url-query/.test(spawnSync('curl', ['--help', 'all'], { encoding: 'utf8' }).stdout ?? '');

const TOKEN = 'a-token-of-the-tests';
let server: TestServer;
let env: NodeJS.ProcessEnv;
let ct: string;
let mr: string;
let direct: Record<string, Record<string, unknown>>;
beforeAll(async () => {
  ct = await writeScan({ path: join(folder, 'ct.nii.gz'), seed: 330 });
  mr = await writeScan({ path: join(folder, 'mr.nii.gz'), seed: 331, modality: 'mr' });
  const local = await segcanary(['score', '-d', detector, '-i', ct, mr]);
  direct = Object.fromEntries(
    local.stdout
      .toString()
      .trim()
      .split('\n')
      .map((line) => [JSON.parse(line).case, JSON.parse(line)]),
  );
  server = await TestServer.start(['-d', detector], { SEGCANARY_TOKEN: TOKEN });
  env = { SEGCANARY_URL: server.url, SEGCANARY_TOKEN: TOKEN };
});
afterAll(() => server.stop());

describe('the examples of the server', () => {
  it.runIf(hasCurl)('score.sh prints a line a scan, and fails where one does', async () => {
    const good = await runProcess('bash', [example('score.sh'), ct, mr], { env });
    expect(good.stderr).toBe('');
    expect(good.code).toBe(0);
    expect(good.stdout.toString()).toBe(`${JSON.stringify(direct.ct)}\n${JSON.stringify(direct.mr)}\n`);
    writeFileSync(join(folder, 'none.nii'), 'this is no scan at all, whatever it is called');
    const bad = await runProcess('bash', [example('score.sh'), join(folder, 'none.nii'), ct], { env });
    expect(bad.code).toBe(1);
    expect(bad.stdout.toString()).toMatch(/"nifti-invalid".*\n?.*"case":"ct"/s);
  });

  it('watch-folder.ts scores what appears, once, and not what is still being written', async () => {
    const inbox = mkdtempSync(join(folder, 'inbox-'));
    const at = (name: string) => join(inbox, name);
    copyFileSync(ct, at('ct.nii.gz'));
    const start = () => {
      let child: import('node:child_process').ChildProcess | undefined;
      const ended = runProcess(process.execPath, [TSX, example('watch-folder.ts'), inbox, '0.3'], {
        env,
        started: (process) => {
          child = process;
        },
      });
      return { ended, stop: () => child?.kill('SIGTERM') };
    };
    const until = async (name: string) => {
      while (!existsSync(at(name))) await wait(50);
    };
    const first = start();
    await until('ct.segcanary.json');
    // Half of a scan, which grows before two looks are over.
    const bytes = readFileSync(mr);
    for (let end = 1000; end < bytes.length; end += Math.ceil(bytes.length / 8)) {
      writeFileSync(at('mr.nii.gz'), bytes.subarray(0, end));
      await wait(150);
    }
    writeFileSync(at('mr.nii.gz'), bytes);
    await until('mr.segcanary.json');
    writeFileSync(at('none.nii'), 'this is no scan at all, whatever it is called');
    await wait(1500);
    first.stop();
    const ran = await first.ended;
    expect(JSON.parse(readFileSync(at('ct.segcanary.json'), 'utf8'))).toEqual(direct.ct);
    expect(JSON.parse(readFileSync(at('mr.segcanary.json'), 'utf8'))).toEqual(direct.mr);
    expect(ran.stdout.toString().match(/^\w+/gm)).toEqual(['ct', 'mr']);
    // Tried once, and not at every look.
    expect(ran.stderr.trim().split('\n')).toEqual([expect.stringMatching(/^none: /)]);
    expect(readdirSync(inbox).sort()).toEqual([
      'ct.nii.gz',
      'ct.segcanary.json',
      ...(direct.ct.verdict === 'out-of-distribution' ? ['ct.uncertainty.nii.gz'] : []),
      'mr.nii.gz',
      'mr.segcanary.json',
      'mr.uncertainty.nii.gz',
      'none.nii',
    ]);
    const again = start();
    await wait(2500);
    again.stop();
    expect((await again.ended).stdout.toString()).toBe('');
  });
});
