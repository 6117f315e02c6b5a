import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, inject, it } from 'vitest';
import { Dice } from '../../campaigns/dice.js';
import { hiddenFiles, outputsOf } from '../../campaigns/kill/outputs.js';
import { MODEL, segcanary } from '../support/cli.js';

const workshop = inject('workshop');
const detector = join(workshop, 'detector');
const heldOut = join(workshop, 'held-out');
const scan = join(heldOut, 'held-out_1_0000.nii.gz');
const fresh = () => mkdtempSync(join(workshop, 'fault-'));

describe('a signal at any moment', () => {
  it.each(['score', 'segment', 'fit', 'evaluate'])(
    '%s ends with its code, without a temporary file and without a part of a file',
    async (name) => {
      for (let round = 0; round < 5; round++) {
        const dice = new Dice(`11/${name}/${round}`);
        const [out, tmpdir] = [fresh(), fresh()];
        const cohort = join(fresh(), 'cohort.csv');
        const rows = ['train_0', 'train_1', 'train_2'].map(
          (c) => `${c},${join(workshop, 'train', `${c}_0000.nii.gz`)},,train,id,,`,
        );
        rows.push(`v,${join(heldOut, 'held-out_0_0000.nii.gz')},,val,id,,`, `t,${scan},,test,id,,`);
        writeFileSync(cohort, `case,image,label,split,group,shift,dataset\n${rows.join('\n')}\n`);
        const args = {
          score: ['score', '-d', detector, '-i', heldOut, '-o', out],
          segment: ['segment', '-m', MODEL, '-d', detector, '-i', heldOut, '-o', out],
          fit: ['fit', '-m', MODEL, '-i', join(workshop, 'train'), '-o', join(out, 'd'), '--cache', join(out, 'cache')],
          evaluate: [
            'evaluate',
            cohort,
            '-m',
            MODEL,
            '-o',
            join(out, 'r'),
            '--cache',
            join(out, 'cache'),
            '--resamples',
            '10',
          ],
        }[name]!;
        const signal = dice.pick(['SIGINT', 'SIGTERM'] as const);
        const ran = await segcanary([...args, '--tmpdir', tmpdir], {
          // Before a command has begun to listen, a signal ends Node itself.
          started: (child) => void setTimeout(() => child.kill(signal), 700 + dice.int(0, 1500 - 1)),
        });
        const interrupted = signal === 'SIGINT' ? 130 : 143;
        expect([0, interrupted]).toContain(ran.signal === null ? ran.code : interrupted);
        expect(ran.stderr).not.toMatch(/Error:|at .*\.js:/);
        expect(readdirSync(tmpdir)).toEqual([]);
        if (ran.signal === null) expect(hiddenFiles(out)).toEqual([]);
        for (const path of Object.keys(outputsOf(out)))
          if (path.endsWith('.nii.gz')) expect(gunzipSync(readFileSync(join(out, path))).length).toBeGreaterThan(352);
          else if (path.endsWith('.json')) JSON.parse(readFileSync(join(out, path), 'utf8'));
      }
    },
    120_000,
  );
});
