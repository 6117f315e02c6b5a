import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser } from 'playwright';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { cohort } from '../../examples/phantom/cohort.js';
import { jsonLines, segcanary } from '../support/cli.js';
import { PATIENT, writeSeries } from '../support/dicom-series.js';
import { TestServer } from '../support/server.js';
import { launch } from './support/browser.js';
import { pixels, rgb, Visit } from './support/visit.js';

const phantoms = inject('phantoms');
const detector = join(phantoms, 'detector');
const folder = mkdtempSync(join(tmpdir(), 'segcanary-browser-'));
/** A study in a folder of a patient's name: two levels, one series, and files that are no scan. */
const study = join(folder, 'DOE_JANE');

let server: TestServer;
let browser: Browser;
beforeAll(async () => {
  const item = cohort({ train: 0, calibration: 0, test: 0, shifted: 1 }).find(({ name }) => name === 'low-dose_2')!;
  const { volume, shape, spacing } = item.make();
  writeSeries(join(study, 'ST1', 'SE3'), { volume, shape, spacing });
  writeFileSync(join(study, 'notes.txt'), 'notes');
  mkdirSync(join(study, '.hidden'));
  writeFileSync(join(study, '.hidden', 'IM1'), 'no scan');
  server = await TestServer.start(['-d', `chest=${detector}`, '--data', join(folder, 'data'), '--keep-flagged']);
  browser = await launch();
});
afterAll(async () => {
  await browser?.close();
  await server?.stop();
  rmSync(folder, { recursive: true, force: true });
});

const scanOf = async (visit: Visit) => server.json(`/v1/scans/${visit.page.url().split('/').at(-1)}`);

describe('a folder of DICOM files', () => {
  it('is dropped, sent, scored and shown as NIfTI of the same voxels is', async () => {
    const visit = await Visit.to(browser, server.url);
    const { page } = visit;
    await page.locator('.pick').waitFor();
    await visit.drop(study, async () => {
      await page.getByText('Drop to score').waitFor();
    });
    await page.locator('.scan-head .badge', { hasText: 'out of distribution' }).waitFor();
    const record = await scanOf(visit);
    expect(record).toMatchObject({ status: 'done', scanner: 'ACME Scan 9 CT01 B40f', kept: expect.any(Array) });
    expect(record.case).toMatch(/^ct-[0-9a-f]{12}$/);
    expect(record.site).toMatch(/^site-[0-9a-f]{12}$/);
    // As the command line scores the NIfTI file.
    const nifti = join(phantoms, 'scans', 'low-dose_2.nii.gz');
    const [line] = jsonLines(await segcanary(['score', '-d', detector, '-i', nifti]));
    expect(record.result.score).toBeCloseTo(line.score as number, 6);
    expect(record.result.worstPatch).toEqual(line.worstPatch);

    // It is shown out of what the server keeps, and lies where the map does.
    await page.locator('#opacity-uncertainty').waitFor();
    expect(await page.locator('.place').innerText()).toMatch(
      new RegExp(`^voxel ${record.result.worstPatch.centre.join(', ')} `),
    );
    const png = await pixels(page.locator('.stage canvas'));
    let lit = 0;
    for (let y = 0; y < png.height; y++)
      for (let x = 0; x < png.width; x++) lit += Number(Math.max(...rgb(png, x, y)) > 60);
    expect(lit).toBeGreaterThan(20_000);
    await visit.shot('dicom-dropped-folder');

    // Neither its name nor the patient's has left the browser, or is in what the server says.
    const sent = visit.requests.filter((request) => request.method() === 'POST');
    expect(sent).toHaveLength(1);
    expect(sent[0].url()).not.toMatch(/DOE|case=/);
    expect(JSON.stringify(record)).not.toMatch(new RegExp(PATIENT.join('|')));
    expect(server.stderr).not.toMatch(new RegExp(PATIENT.join('|')));
    await visit.end();
  });

  it('is picked, and its progress is told on the list', async () => {
    const visit = await Visit.to(browser, server.url);
    const { page } = visit;
    await page.locator('.pick').waitFor();
    await page.locator('#folder').setInputFiles(study);
    await page.locator('.scan-head .badge', { hasText: 'out of distribution' }).waitFor();
    await page.getByRole('link', { name: 'Scans', exact: true }).click();
    const item = page.locator('.uploads li', { hasText: 'DOE_JANE' });
    await item.locator('.badge', { hasText: 'out of distribution' }).waitFor();
    await visit.shot('dicom-picked-folder');
    await visit.end();
  });

  it('with several series asks for the one that is meant', async () => {
    const several = join(folder, 'several');
    const volume = new Int16Array(8 * 40 * 40).map((_, i) => (i * 7919) % 300);
    for (const number of [4, 5])
      writeSeries(join(several, `${number}`), {
        volume,
        shape: [8, 40, 40],
        spacing: [5, 2, 2],
        number,
        series: `1.2.826.0.1.2.${number}`,
      });
    const visit = await Visit.to(browser, server.url, { expected: /400/ });
    const { page } = visit;
    await page.locator('.pick').waitFor();
    await visit.drop(several);
    const item = page.locator('.uploads li', { hasText: 'several' });
    await item.getByText('has 2 series that can be scored: 4 (CT, 8 slices, kernel B40f); 5').waitFor();
    await visit.shot('dicom-several-series');
    await item.locator('input.series').fill('5');
    await item.getByRole('button', { name: 'Send again' }).click();
    await page.locator('.scan-head .badge', { hasText: /in distribution|out of distribution/ }).waitFor();
    expect((await scanOf(visit)).status).toBe('done');
    await visit.end();
  });

  it('without a DICOM file is told so, and nothing is sent', async () => {
    const empty = join(folder, 'empty');
    mkdirSync(empty);
    writeFileSync(join(empty, 'notes.txt'), 'notes');
    const visit = await Visit.to(browser, server.url);
    const { page } = visit;
    await page.locator('.pick').waitFor();
    await visit.drop(empty);
    await page.getByText('empty holds no DICOM and no NIfTI file').waitFor();
    expect(visit.requests.filter((request) => request.method() === 'POST')).toHaveLength(0);
    await visit.end();
  });
});
