import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { CLI } from '../../../test/support/cli.js';
import { mustRun, SMALL_MODEL } from '../../lab.js';
import type { Attack, Trial } from '../attack.js';

const RACES = 12;

/**
 * While `calibrate` runs, the detector is replaced by another one, calibrated by somebody else or
 * removed: whatever is there then stays as it is, to the last byte.
 */
export const calibrateRaces: Attack = {
  name: 'calibrate-races',
  async *run({ lab, folder, dice, share }) {
    const other = join(folder, 'other');
    const cache = ['--cache', join(lab.folder, 'cache'), '--threads', '1'];
    await mustRun([
      'fit',
      '-q',
      '-m',
      SMALL_MODEL,
      '-i',
      ...lab.train,
      '-o',
      other,
      '--detector',
      'mahalanobis',
      ...cache,
    ]);
    const started = performance.now();
    const calibrated = join(folder, 'calibrated');
    cpSync(other, calibrated, { recursive: true });
    await mustRun(['calibrate', '-q', '-d', calibrated, '-i', ...lab.heldOut, '--threads', '1']);
    const usual = performance.now() - started;
    for (let race = 0; race < Math.max(3, RACES * share); race++) {
      const dir = join(folder, `race-${race}`);
      cpSync(lab.fitted, dir, { recursive: true });
      const how = (['replaced', 'calibrated', 'removed'] as const)[race % 3];
      const after = Math.round((0.4 + 0.6 * dice.float()) * usual);
      const child = spawn(
        process.execPath,
        [CLI, 'calibrate', '-q', '-d', dir, '-i', ...lab.heldOut, '--threads', '1'],
        { stdio: ['ignore', 'ignore', 'pipe'] },
      );
      let said = '';
      child.stderr.setEncoding('utf8').on('data', (text: string) => {
        said += text;
      });
      const ended = once(child, 'close');
      await wait(after);
      child.kill('SIGSTOP');
      intrude(dir, how, other, lab.detector);
      const left = contentOf(dir);
      child.kill('SIGCONT');
      const [code] = (await ended) as [number | null];
      yield {
        what: `${how} after ${after} ms`,
        ...outcomeOf(code, said, [left, contentOf(calibrated)], contentOf(dir)),
      };
    }
  },
};

function intrude(dir: string, how: 'replaced' | 'calibrated' | 'removed', other: string, calibrated: string): void {
  if (how === 'calibrated') {
    cpSync(join(calibrated, 'detector.json'), join(dir, '.other'));
    renameSync(join(dir, '.other'), join(dir, 'detector.json'));
    return;
  }
  renameSync(dir, `${dir}.old`);
  if (how === 'replaced') cpSync(other, dir, { recursive: true });
  rmSync(`${dir}.old`, { recursive: true });
}

const contentOf = (dir: string): string | null =>
  existsSync(dir) ? readFileSync(join(dir, 'detector.json'), 'utf8') : null;

function outcomeOf(
  code: number | null,
  said: string,
  [left, calibrated]: readonly (string | null)[],
  now: string | null,
): Omit<Trial, 'what'> {
  // Where it loaded the other one it drew that one's boundary.
  if (code === 0 && now === calibrated) return { outcome: 'harmless', why: 'had not begun before' };
  if (now !== left) return { outcome: 'finding', why: `wrote into what it does not know, exit code ${code}: ${said}` };
  if (code === 0) return { outcome: 'harmless', why: 'was done before' };
  // It may have been about to load the detector, or its statistics.
  return code === 1 && /nothing was written|is not a detector|is not the file that|cannot read/.test(said)
    ? { outcome: 'refused', why: said.includes('nothing was written') ? 'detector-changed' : 'could not be loaded' }
    : { outcome: 'finding', why: `exit code ${code}: ${said}` };
}
