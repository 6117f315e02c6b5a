import { execFileSync } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, inject, it } from 'vitest';
import { jsonLines, MODEL, segcanary } from '../support/cli.js';
import { countsDescriptors, openBelow } from '../support/descriptors.js';

const workshop = inject('workshop');
const detector = join(workshop, 'detector');
const folder = mkdtempSync(join(workshop, 'session-'));

function namedPipe(name: string): string {
  const path = join(folder, name);
  execFileSync('mkfifo', [path]);
  return path;
}

const score = (path: string, ...more: string[]) => ['score', '-d', detector, '-i', path, '--threads', '1', ...more];

describe.skipIf(!countsDescriptors)('a pipe that nobody writes to', () => {
  it('is given up after the limit, in one sentence', async () => {
    const ran = await segcanary(score(namedPipe('silent.nii.gz'), '--limits', 'stall=1'));
    expect(ran.code).toBe(1);
    expect(jsonLines(ran)).toEqual([{ case: 'silent', error: expect.objectContaining({ code: 'timed-out' }) }]);
    expect(ran.stderr).toMatch(/^segcanary: .*silent\.nii\.gz: no byte came for 1 s, .*\n$/);
  });

  it.each([
    ['scan.nii', (path: string) => score(path)],
    ['pair.hdr', (path: string) => score(path.replace('hdr', 'img'))],
    ['cohort.csv', (path: string) => ['calibrate', '-d', detector, '--cohort', path]],
    ['plans.json', (path: string) => ['taps', MODEL, '-p', path]],
    ['model.onnx', (path: string) => ['taps', path]],
    ['patients.csv', (path: string) => ['calibrate', '-d', detector, '-i', 'x.nii', '--patients', path]],
  ])('ends with the first signal: %s', async (name, args) => {
    const path = namedPipe(name);
    if (name === 'pair.hdr') namedPipe('pair.img');
    const ran = await segcanary(args(path), {
      started: (child) => {
        // Before it has opened the pipe, a signal would end Node itself.
        const look = setInterval(() => {
          if (child.exitCode === null && child.pid && openBelow(path, child.pid).length === 0) return;
          clearInterval(look);
          child.kill('SIGTERM');
        }, 20);
      },
    });
    expect([ran.code, ran.signal], ran.stderr).toEqual([143, null]);
  });
});
