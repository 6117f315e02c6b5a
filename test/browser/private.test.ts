import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser } from 'playwright';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { MODEL } from '../support/cli.js';
import { writeScan } from '../support/scans.js';
import { TestServer } from '../support/server.js';
import { launch } from './support/browser.js';
import { pixels, rgb, Visit } from './support/visit.js';

const phantoms = inject('phantoms');
const flagged = join(phantoms, 'scans', 'low-dose_2.nii.gz');
const folder = mkdtempSync(join(tmpdir(), 'segcanary-browser-'));

let server: TestServer;
let browser: Browser;
beforeAll(async () => {
  server = await TestServer.start(['-d', `chest=${join(phantoms, 'detector')}`, '-m', MODEL]);
  browser = await launch();
});
afterAll(async () => {
  await browser?.close();
  await server?.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** How many pixels of the stage are not black. */
async function lit(visit: Visit): Promise<number> {
  const png = await pixels(visit.page.locator('.stage canvas'));
  let n = 0;
  for (let y = 0; y < png.height; y++)
    for (let x = 0; x < png.width; x++) n += Number(Math.max(...rgb(png, x, y)) > 60);
  return n;
}

describe('a server that keeps no image', () => {
  let address: string;

  it('takes a scan that is dropped onto the list, which this tab then shows from the disk', async () => {
    const visit = await Visit.to(browser, server.url);
    const { page } = visit;
    await page.locator('.pick').waitFor();
    await visit.drop(flagged, async () => {
      await page.getByText('Drop to score').waitFor();
    });
    await page.locator('.scan-head .badge', { hasText: 'out of distribution' }).waitFor();
    address = page.url();
    await page.locator('#opacity-boxes').waitFor();
    expect(await lit(visit)).toBeGreaterThan(20_000);
    expect(await page.locator('.place').innerText()).toMatch(/^voxel \d/);
    const { kept } = await server.json(`/v1/scans/${address.split('/').at(-1)}`);
    expect(kept).toEqual([]);
    await visit.end();
  });

  it('has it no more for who comes later; dropped again it is read by the browser alone', async () => {
    const visit = await Visit.to(browser, address);
    const { page } = visit;
    await page.getByText('The image is not on the server').waitFor();
    expect(await page.locator('.stage').isVisible()).toBe(false);
    // The viewer and nothing else may be asked for from here on.
    visit.requests.length = 0;
    await visit.drop(flagged, async () => {
      await page.locator('.drop-zone', { hasText: 'Nothing is sent.' }).waitFor();
    });
    await page.locator('#opacity-boxes').waitFor();
    expect(await lit(visit)).toBeGreaterThan(20_000);
    const asked = visit.requests.map((request) => [
      request.method(),
      new URL(request.url()).pathname,
      request.postDataBuffer()?.length ?? 0,
    ]);
    expect(asked).toEqual([['GET', '/assets/niivue.js', 0]]);

    // Where the patches that flagged it lie is told by their boxes.
    const orange = async (opacity: number) => {
      await page.locator('#opacity-boxes').fill(String(opacity));
      await page.evaluate('new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))');
      const png = await pixels(page.locator('.stage canvas'));
      let n = 0;
      for (let y = 0; y < png.height; y++)
        for (let x = 0; x < png.width; x++) {
          const [r, g, b] = rgb(png, x, y);
          n += Number(r > 230 && Math.abs(g - 150) < 20 && b < 70);
        }
      return n;
    };
    expect(await orange(100)).toBeGreaterThan(10_000);
    expect(await orange(0)).toBe(0);
    await visit.end();
  });

  it('can be shown the file by the chooser too, and says so when it is another one', async () => {
    const visit = await Visit.to(browser, address);
    const { page } = visit;
    await page.getByText('The image is not on the server').waitFor();
    await page.locator('#look').setInputFiles(await writeScan({ path: join(folder, 'other.nii.gz'), seed: 1 }));
    await page.getByText('so it is another one').waitFor();
    expect(await page.locator('#opacity-boxes').count()).toBe(0);
    await visit.drop(flagged);
    await page.locator('#opacity-boxes').waitFor();
    expect(await page.getByText('so it is another one').isVisible()).toBe(false);
    await visit.end();
  });

  it('shows nothing of what is no scan, and says why', async () => {
    const visit = await Visit.to(browser, address, { expected: /./ });
    const { page } = visit;
    await page.getByText('The image is not on the server').waitFor();
    const picker = page.locator('#look');
    await picker.setInputFiles({ name: 'notes.txt', mimeType: 'text/plain', buffer: Buffer.from('notes') });
    await page.getByText('notes.txt is no .nii or .nii.gz').waitFor();
    await picker.setInputFiles({ name: 'torn.nii', mimeType: '', buffer: Buffer.from('not a header') });
    await page.getByText('The image cannot be shown').waitFor();
    expect(await page.locator('.image .problem').innerText()).not.toMatch(/undefined|\bat .*:\d+/);
    // It still takes the right one.
    await visit.drop(flagged);
    await page.locator('#opacity-boxes').waitFor();
    expect(await lit(visit)).toBeGreaterThan(20_000);
    await visit.end();
  });
});
