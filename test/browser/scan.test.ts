import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright';
import type { PNG } from 'pngjs';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { readSlice } from '../../examples/demo/slices.js';
import { MODEL } from '../support/cli.js';
import { TestServer } from '../support/server.js';
import { launch } from './support/browser.js';
import { pixels, rgb, Visit } from './support/visit.js';

const phantoms = inject('phantoms');
const flagged = join(phantoms, 'scans', 'low-dose_2.nii.gz');
const folder = mkdtempSync(join(tmpdir(), 'segcanary-browser-'));

let server: TestServer;
let browser: Browser;
beforeAll(async () => {
  server = await TestServer.start([
    '-d',
    `chest=${join(phantoms, 'detector')}`,
    '-m',
    MODEL,
    '--data',
    join(folder, 'data'),
    '--keep-flagged',
  ]);
  browser = await launch();
});
afterAll(async () => {
  await browser?.close();
  await server?.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** The voxel shown of a scan with LPS axes, whose first voxel is right, front and below. */
const voxelOf = async (page: Page): Promise<[number, number, number]> => {
  const [, ...voxel] = /voxel (-?\d+), (-?\d+), (-?\d+)/.exec(await page.locator('.place').innerText())!;
  return voxel.map(Number) as [number, number, number];
};
const stage = (page: Page) => page.locator('.stage canvas');

/** Lets NiiVue draw what was asked of it. */
const drawn = (page: Page) =>
  page.evaluate('new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))');

async function setOpacity(page: Page, name: string, percent: number): Promise<void> {
  await page.locator(`#opacity-${name}`).fill(String(percent));
  await drawn(page);
}

const median = (values: number[]) => values.sort((a, b) => a - b)[values.length >> 1];

/**
 * Where two pictures differ: how many pixels, their centre, and the median of the colours that the
 * second has there.
 */
function difference(a: PNG, b: PNG) {
  let count = 0;
  const centre = [0, 0];
  const colors: [number[], number[], number[]] = [[], [], []];
  // The stage may begin between two pixels, so that its edge depends on how far the page is
  // scrolled.
  for (let y = 2; y < a.height - 2; y++) {
    for (let x = 2; x < a.width - 2; x++) {
      const [p, q] = [rgb(a, x, y), rgb(b, x, y)];
      if (p.every((v, i) => Math.abs(v - q[i]) <= 8)) continue;
      count++;
      centre[0] += x;
      centre[1] += y;
      for (const [i, of] of colors.entries()) of.push(q[i]);
    }
  }
  return { count, centre: centre.map((sum) => sum / count), color: colors.map(median) };
}

/**
 * The column of the crosshair in a view of one plane: the one with the most of its blue. At the
 * edges is the ring that shows the focus.
 */
function crosshairColumn(png: PNG): number {
  const blue = (x: number) => {
    let n = 0;
    for (let y = 0; y < png.height; y++) {
      const [r, g, b] = rgb(png, x, y);
      if (b > r + 40 && b > g + 15) n++;
    }
    return n;
  };
  const counts = Array.from({ length: png.width }, (_, x) => (x < 6 || x >= png.width - 6 ? 0 : blue(x)));
  return counts.indexOf(Math.max(...counts));
}

describe('a scan that is given to the page', () => {
  let visit: Visit;
  let page: Page;
  let address: string;
  beforeAll(async () => {
    visit = await Visit.to(browser, server.url);
    page = visit.page;
    await page.locator('.pick').waitFor();
  });
  afterAll(() => visit?.end());
  const path = () => `/v1/scans/${address.split('/').at(-1)}`;
  const record = () => server.json(path());

  /** What the server kept of the slice under the crosshair. */
  async function keptSlice(name: 'segmentation' | 'uncertainty') {
    const file = join(folder, `${name}.nii.gz`);
    writeFileSync(file, Buffer.from(await (await server.fetch(`${path()}/${name}`)).arrayBuffer()));
    const [, , z] = await voxelOf(page);
    return readSlice(file, z);
  }

  it('is sent, and says how far it is and what came of it', async () => {
    await page.locator('#send-site').fill('North');
    await page.locator('#file').setInputFiles(flagged);
    // It is the only one, so its own view opens.
    await page.locator('h1', { hasText: 'low-dose_2' }).waitFor();
    address = page.url();
    await page.getByText(/^Patch \d+ of 27$/).waitFor();
    const bar = page.locator('.answer progress');
    expect(await bar.getAttribute('max')).toBe('27');
    expect(Number(await bar.getAttribute('value'))).toBeGreaterThan(0);
    await page.locator('.scan-head .badge', { hasText: 'out of distribution' }).waitFor();
    const ended = await record();
    expect(ended).toMatchObject({
      status: 'done',
      case: 'low-dose_2',
      site: 'North',
      result: { verdict: 'out-of-distribution' },
    });
    const { pValue, score, trust } = ended.result;
    const figures = await page.locator('.figures').innerText();
    expect(figures).toMatch(/^p-value\s/);
    for (const value of [pValue, score]) expect(figures).toContain(String(Number(value.toPrecision(3))));
    expect([trust, figures.split('\n').at(-1)]).toEqual(['no', '▲ no']);
  });

  it('says why: the stages, the patches, the intensities', async () => {
    const { groups, patches } = (await record()).explanation;
    const why = page.locator('.reasons');
    expect(await why.locator('h2').innerText()).toBe('Why it was flagged');
    expect(await why.getByText(/^stage-\d$/).allInnerTexts()).toEqual(groups.map(({ name }: { name: string }) => name));
    expect(await why.getByRole('button', { name: 'Show patch' }).count()).toBe(patches.length);
    expect(await why.locator('.summary li').first().innerText()).toMatch(/^stage-1 has moved most/);
    // Bars of the scan and of training are both drawn.
    const histogram = await pixels(why.locator('canvas'));
    const near = ([r, g, b]: readonly number[], ink: readonly number[]) =>
      Math.abs(r! - ink[0]) + Math.abs(g! - ink[1]) + Math.abs(b! - ink[2]) < 12;
    const count = (ink: readonly number[]) => {
      let n = 0;
      for (let y = 0; y < histogram.height; y++)
        for (let x = 0; x < histogram.width; x++) n += Number(near(rgb(histogram, x, y), ink));
      return n;
    };
    expect(count([0xb9, 0x3a, 0x06])).toBeGreaterThan(100);
    expect(count([0x8f, 0xa3, 0xb5])).toBeGreaterThan(100);
  });

  it('opens at its worst patch, comes back to it, and shows the others', async () => {
    const { result, explanation } = await record();
    await page.locator('#opacity-segmentation').waitFor();
    expect(await voxelOf(page)).toEqual(result.worstPatch.centre);
    await page.getByRole('button', { name: 'Show patch 2' }).click();
    expect(await voxelOf(page)).toEqual(explanation.patches[1].centre);
    await page.locator('#worst').click();
    expect(await voxelOf(page)).toEqual(result.worstPatch.centre);
  });

  it('shows the segmentation where the segmentation is, and nothing of it at opacity 0', async () => {
    const { width: size, values } = await keptSlice('segmentation');
    const labels: [number, number][] = [];
    for (const [i, v] of Array.from(values).entries()) if (v > 0) labels.push([i % size, Math.floor(i / size)]);
    expect(labels.length).toBeGreaterThan(20);

    await page.getByText('Axial', { exact: true }).click();
    await setOpacity(page, 'uncertainty', 0);
    await setOpacity(page, 'segmentation', 0);
    const without = await pixels(stage(page));
    await setOpacity(page, 'segmentation', 100);
    const withIt = await pixels(stage(page));
    await setOpacity(page, 'segmentation', 0);
    expect(difference(without, await pixels(stage(page))).count).toBe(0);

    const { count, centre, color } = difference(without, withIt);
    const scale = Math.min(without.width, without.height) / size;
    expect(count / (labels.length * scale ** 2)).toBeGreaterThan(0.8);
    expect(count / (labels.length * scale ** 2)).toBeLessThan(1.25);
    const mean = (k: 0 | 1) => labels.reduce((sum, label) => sum + label[k], 0) / labels.length;
    // The patient's right is on the left of the screen and the front on top, as the voxels lie in
    // the file.
    const expected = [
      without.width / 2 + (mean(0) + 0.5 - size / 2) * scale,
      without.height / 2 + (mean(1) + 0.5 - size / 2) * scale,
    ];
    expect(Math.abs(centre[0] - expected[0])).toBeLessThan(2 * scale);
    expect(Math.abs(centre[1] - expected[1])).toBeLessThan(2 * scale);
    // The green of the first label.
    for (const [i, v] of [0, 158, 115].entries()) expect(Math.abs(color[i] - v)).toBeLessThan(6);
  });

  it('colours what lies above the boundary, as strongly as its opacity says', async () => {
    const without = await pixels(stage(page));
    await setOpacity(page, 'uncertainty', 50);
    const half = difference(without, await pixels(stage(page)));
    await setOpacity(page, 'uncertainty', 100);
    const whole = difference(without, await pixels(stage(page)));
    const { result } = await record();
    const { width: size, values } = await keptSlice('uncertainty');
    const above = Array.from(values).filter((v) => v > result.boundary).length / size ** 2;
    expect(above).toBeGreaterThan(0.5);
    const area = Math.min(without.width, without.height) ** 2;
    expect(Math.abs(whole.count / area - above)).toBeLessThan(0.03);
    expect(whole.color[0]).toBeGreaterThan(whole.color[2] + 100);
    expect(half.color[0]).toBeLessThan(whole.color[0] - 30);
    await setOpacity(page, 'uncertainty', 0);
  });

  it('is moved through by arrow keys, on the screen as in the file', async () => {
    const canvas = stage(page);
    await canvas.focus();
    const [x, y, z] = await voxelOf(page);
    const before = crosshairColumn(await pixels(canvas));
    for (let i = 0; i < 4; i++) await page.keyboard.press('ArrowRight');
    await drawn(page);
    expect(await voxelOf(page)).toEqual([x + 4, y, z]);
    const scale = Math.min(...Object.values((await canvas.boundingBox())!).slice(2)) / 120;
    expect(Math.abs(crosshairColumn(await pixels(canvas)) - before - 4 * scale)).toBeLessThan(scale);
    await page.keyboard.press('ArrowUp');
    await page.keyboard.press('PageDown');
    expect(await voxelOf(page)).toEqual([x + 4, y - 1, z - 1]);
    await page.keyboard.press('Shift+ArrowLeft');
    expect(await voxelOf(page)).toEqual([x - 1, y - 1, z - 1]);
  });

  it('is windowed, by name and by number', async () => {
    // The ring around what has the focus is on the picture, too.
    await stage(page).blur();
    const soft = await pixels(stage(page));
    await page.locator('#window').selectOption('lung');
    await drawn(page);
    expect(await page.locator('#window-level').inputValue()).toBe('-600');
    expect(difference(soft, await pixels(stage(page))).count).toBeGreaterThan(10_000);
    await page.locator('#window-level').fill('40');
    await page.locator('#window-width').fill('400');
    await page.locator('#window-width').press('Enter');
    await drawn(page);
    expect(await page.locator('#window').inputValue()).toBe('own');
    expect(difference(soft, await pixels(stage(page))).count).toBe(0);
  });

  it('comes with its images after the page is opened anew, and a link leads to it', async () => {
    const later = await Visit.to(browser, address);
    await later.page.locator('#opacity-uncertainty').waitFor();
    await later.page.locator('#opacity-segmentation').waitFor();
    await later.end();
  });
});

describe('by the keyboard alone', () => {
  it('a scan is sent, looked at, and removed', async () => {
    const visit = await Visit.to(browser, server.url);
    const { page } = visit;
    await page.locator('.pick').waitFor();
    const chooser = page.waitForEvent('filechooser');
    await visit.tabTo('#file');
    await page.keyboard.press('Enter');
    await (await chooser).setFiles(flagged);
    await page.locator('#opacity-segmentation').waitFor();
    // Whoever hears the page is where the new view begins.
    expect(await page.evaluate('document.activeElement.tagName')).toBe('H1');

    await visit.tabTo('.stage canvas');
    const [x, y, z] = await voxelOf(page);
    await page.keyboard.press('ArrowLeft');
    await page.keyboard.press('PageUp');
    expect(await voxelOf(page)).toEqual([x - 1, y, z + 1]);
    await visit.tabTo('#opacity-uncertainty');
    await page.keyboard.press('Home');
    expect(await page.locator('output[for=opacity-uncertainty]').innerText()).toBe('0 %');
    await visit.tabTo('.reasons button');
    await page.keyboard.press('Enter');
    expect(await voxelOf(page)).toEqual([x, y, z]);

    const id = page.url().split('/').at(-1)!;
    await visit.tabTo('button.danger');
    await page.keyboard.press('Enter');
    await page.locator('#sure').waitFor();
    await page.keyboard.press('Escape');
    expect((await server.fetch(`/v1/scans/${id}`)).status).toBe(200);
    expect(await page.evaluate('document.activeElement.textContent')).toBe('Remove this record');
    await page.keyboard.press('Enter');
    await visit.tabTo('#sure-yes');
    await page.keyboard.press('Enter');
    await page.locator('.list').waitFor();
    expect((await server.fetch(`/v1/scans/${id}`)).status).toBe(404);
    expect(visit.requests.filter((request) => request.method() === 'DELETE')).toHaveLength(1);
    await visit.end();
  });
});
