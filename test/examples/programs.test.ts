import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, inject, it } from 'vitest';
import { runProcess, segcanary } from '../support/cli.js';

const workshop = inject('workshop');
const detector = join(workshop, 'detector');
const scan = join(workshop, 'held-out', 'held-out_1_0000.nii.gz');
const TSX = fileURLToPath(import.meta.resolve('tsx/cli'));

/** Runs a program of examples/ as its first lines say. */
const example = (name: string, args: readonly string[], stdin?: Uint8Array) =>
  runProcess(process.execPath, [TSX, fileURLToPath(new URL(`../../examples/${name}`, import.meta.url)), ...args], {
    stdin,
  });

const lines = (stdout: Buffer) => stdout.toString().trim().split('\n');

describe('the example programs', async () => {
  const direct = JSON.parse((await segcanary(['score', '-d', detector, '-i', scan])).stdout.toString());

  it('stdin-to-verdict says what segcanary score says', async () => {
    const ran = await example('stdin-to-verdict.ts', [detector], readFileSync(scan));
    expect(ran.stderr).toBe('');
    expect(ran.stdout.toString()).toBe(
      `in-distribution (score ${direct.score.toFixed(1)}, boundary ${direct.boundary.toFixed(1)})\n`,
    );
    expect(ran.code).toBe(0);
  });

  it('tap-embeddings shows every embedding on the way to the same score', async () => {
    const printed = lines((await example('tap-embeddings.ts', [detector, scan])).stdout).map((line) =>
      JSON.parse(line),
    );
    expect(printed.slice(0, -1).map((p) => p.index)).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    const { pooling } = JSON.parse(readFileSync(join(detector, 'detector.json'), 'utf8'));
    const d = pooling.shape.reduce((product: number, n: number) => product * n, 1);
    for (const p of printed.slice(0, -1)) expect([p.d, p.length > 0]).toEqual([d, true]);
    expect(printed.at(-1).score).toBe(direct.score);
  });

  it('node-pipeline writes a line of JSON a patch, with the whole embedding', async () => {
    const printed = lines((await example('node-pipeline.ts', [detector], readFileSync(scan))).stdout).map((line) =>
      JSON.parse(line),
    );
    const { pooling } = JSON.parse(readFileSync(join(detector, 'detector.json'), 'utf8'));
    const d = pooling.shape.reduce((product: number, n: number) => product * n, 1);
    expect(printed.map((p) => p.index)).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    for (const { vector } of printed) {
      expect(vector).toHaveLength(d);
      expect(vector.every(Number.isFinite)).toBe(true);
    }
  });

  it('own-stage changes the score by a stage between two of ours', async () => {
    const { asIs, windowed } = JSON.parse((await example('own-stage.ts', [detector, scan])).stdout.toString());
    expect(asIs).toBe(direct.score);
    expect(windowed).not.toBe(asIs);
    expect(Number.isFinite(windowed)).toBe(true);
  });

  it('conformal-validity says how often the boundary flags what it should not', async () => {
    const folder = mkdtempSync(join(workshop, 'validity-'));
    const scores = join(folder, 'scores.json');
    writeFileSync(scores, JSON.stringify(Array.from({ length: 60 }, (_, i) => i * i)));
    const ran = await example('conformal-validity.ts', [scores, '--svg', join(folder, 'validity.svg')]);
    expect([ran.code, ran.stderr]).toEqual([0, '']);
    // On the scans with 19 and 50 of them, simulated with 100 as well.
    const rows = lines(ran.stdout).slice(2);
    expect(rows.map((row) => row.split(' | ').slice(0, 2).join())).toEqual(
      ['19,60 scans', '19,simulated', '50,60 scans', '50,simulated', '100,simulated'].map((row) => `| ${row}`),
    );
    expect(rows[0]).toMatch(/\| \.050 \| \.050 \| \.0[45]\d \(/);
    expect(readFileSync(join(folder, 'validity.svg'), 'utf8')).toMatch(/^<svg .*n = 19, 60 scans.*<\/svg>\n$/);
  });

  it('many-scans goes on after a scan that fails', async () => {
    const ran = await example('many-scans.ts', [detector, scan, join(detector, 'detector.json'), scan]);
    const [first, broken, last] = lines(ran.stdout);
    expect(first).toMatch(/in-distribution.*look at voxel/);
    expect(last).toBe(first);
    expect(broken).toMatch(/detector\.json\tnifti-invalid\t/);
    expect(ran.code).toBe(0);
  });

  it('variants writes copies that are changed a little, and the flip that is told is warned of', async () => {
    const folder = join(mkdtempSync(join(workshop, 'variants-')), 'out');
    const ran = await example('demo/variants.ts', [scan, folder]);
    expect([ran.code, ran.stderr]).toEqual([0, '']);
    const scored = lines((await segcanary(['score', '-d', detector, '-i', folder])).stdout).map((l) => JSON.parse(l));
    const found = new Map(scored.map((one) => [one.case.replace('held-out_1_0000_', ''), one]));
    expect(found.size).toBe(11);
    expect(found.get('as-it-is').score).toBe(direct.score);
    expect(found.get('flip-told').warnings).toMatchObject([{ code: 'orientation' }]);
    expect(found.get('flip-told').score).toBe(found.get('flip-untold').score);
    expect(found.get('flip-untold').warnings).toEqual([]);
  });
});
