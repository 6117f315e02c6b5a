import { mkdirSync, mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { gunzipSync } from 'node:zlib';
import { expect, inject, it } from 'vitest';
import { writeNifti } from '../../src/formats/nifti/write.js';
import { MODEL, segcanary } from '../support/cli.js';

const workshop = inject('workshop');
const detector = join(workshop, 'detector');

/** Voxels of less than a millimetre: eight patches for the network, and 52 MB of mask. */
async function fineScan(path: string): Promise<string> {
  const slices = Array.from({ length: 200 }, (_, z) =>
    Int16Array.from({ length: 256 * 256 }, (_, i) => 100 * Math.sin(i / 9 + z)),
  );
  await writeNifti(path, { shape: [200, 256, 256], spacing: [0.9, 0.8, 0.8], dataType: 'int16', slices });
  return path;
}

const rssOf = (pid: number): number => {
  const kb = /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1];
  return Number(kb) / 1024;
};

it.runIf(process.platform === 'linux')('a slow reader of the mask is waited for, and memory stays put', async () => {
  const folder = mkdtempSync(join(workshop, 'slow-'));
  const scan = await fineScan(join(folder, 'fine.nii'));
  const rss: number[] = [];
  const pieces: Buffer[] = [];
  const ran = await segcanary(['score', '-d', detector, '-i', scan, '--mask', '-', '--tmpdir', folder], {
    started: (child) => {
      const out = child.stdout!;
      out.removeAllListeners('data');
      const read = async () => {
        for await (const piece of out) {
          pieces.push(piece as Buffer);
          // 64 kB and then a tenth of a second for three seconds; after that as it comes.
          if (rss.length >= 30) continue;
          await wait(100);
          rss.push(rssOf(child.pid!));
        }
      };
      void read();
    },
  });
  expect(ran.code, ran.stderr).toBe(0);
  const mask = Buffer.concat(pieces);
  expect(gunzipSync(mask).length).toBe(352 + 4 * 200 * 256 * 256);
  expect(rss).toHaveLength(30);
  // Without waiting, all that is not yet read piles up: the whole file but 2 MB.
  expect(mask.length).toBeGreaterThan(5e6);
  expect(Math.max(...rss.slice(5)) - rss[5]).toBeLessThan(10);
});

it.each([
  ['score --mask -', ['score', '-d', detector], ['--mask', '-']],
  ['segment -o -', ['segment', '-m', MODEL, '-d', detector], ['-o', '-']],
])('a reader of %s that leaves half-way is a clean end', async (_, command, to) => {
  const folder = mkdtempSync(join(workshop, 'leaves-'));
  const tmp = join(folder, 'tmp');
  mkdirSync(tmp);
  const scan = await fineScan(join(folder, 'fine.nii'));
  const ran = await segcanary([...command, '-i', scan, ...to, '--tmpdir', tmp], {
    started: (child) => child.stdout!.once('data', () => child.stdout!.destroy()),
  });
  expect([ran.code, ran.stderr]).toEqual([0, '']);
  expect(readdirSync(tmp)).toEqual([]);
});
