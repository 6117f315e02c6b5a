import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { killCampaign } from '../../campaigns/kill/campaign.js';
import { slopeOf } from '../../campaigns/soak/slope.js';
import { soak } from '../../campaigns/soak/soak.js';
import { makeDetector } from '../../campaigns/workshop.js';

const SLOPE = [2.9828585736, 2.92286, 3.042858] as const;

const folder = mkdtempSync(join(tmpdir(), 'segcanary-campaigns-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A seeded part of `npm run kill`. */
it('leaves nothing in part when it is killed, and everything as it should be when it is run again', async () => {
  const { commands, violations } = await killCampaign({
    folder: join(folder, 'kill'),
    kills: 6,
    seed: 3,
    only: ['fit', 'score'],
  });
  expect(violations).toEqual([]);
  expect(commands.reduce((sum, { kills }) => sum + kills, 0)).toBeGreaterThanOrEqual(6);
  expect(commands.every(({ ended }) => ended > 0)).toBe(true);
}, 180_000);

/** A seeded part of `npm run soak`: too short for the slope to say much. */
it('leaves nothing behind after many scans in one process, whatever became of them', async () => {
  const workshop = await makeDetector(join(folder, 'soak'));
  const { left, endings } = await soak({ workshop, scans: 60, seed: 1, folder: join(folder, 'soak') });
  expect(left).toEqual([]);
  expect(Object.keys(endings).sort()).toEqual(['aborted', 'in-distribution', 'out-of-distribution', 'truncated']);
}, 120_000);

it('tells a slope from unrest', () => {
  // scipy.stats.linregress over the means of 20 blocks of 5: slope / 5, and 2.101 standard errors
  const wave = Array.from({ length: 100 }, (_, i) => 1000 + 3 * i + 20 * Math.sin(i));
  const { value, low, high } = slopeOf(wave);
  expect(value).toBeCloseTo(SLOPE[0], 8);
  expect(low).toBeCloseTo(SLOPE[1], 3);
  expect(high).toBeCloseTo(SLOPE[2], 3);
  const flat = slopeOf(wave.map((_, i) => 1000 + 20 * Math.sin(i)));
  expect(flat.low).toBeLessThan(0);
  expect(flat.high).toBeGreaterThan(0);
});
