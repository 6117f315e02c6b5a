import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser } from 'playwright';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { MODEL } from '../support/cli.js';
import { TestServer } from '../support/server.js';
import { launch } from './support/browser.js';
import { Visit } from './support/visit.js';

const phantoms = inject('phantoms');

/** As the page writes numbers. */
const three = (x: number) => String(Number(x.toPrecision(3)));

let server: TestServer;
let browser: Browser;
beforeAll(async () => {
  server = await TestServer.start(['-d', join(phantoms, 'default'), '-m', MODEL, '--keep-flagged']);
  for (const name of ['test_000', 'low-dose_2']) {
    const scan = readFileSync(join(phantoms, 'scans', `${name}.nii.gz`));
    await (await server.post(`case=${name}&segment=1`, scan)).arrayBuffer();
  }
  browser = await launch();
});
afterAll(async () => {
  await browser?.close();
  await server?.stop();
});

/** The view of a scan, and its record. */
async function opened(name: string) {
  const { scans } = await server.json('/v1/scans');
  const { id } = scans.find((scan: { case: string }) => scan.case === name);
  const visit = await Visit.to(browser, `${server.url}/#/scans/${id}`);
  await visit.page.locator('h1', { hasText: name }).waitFor();
  return { visit, page: visit.page, record: await server.json(`/v1/scans/${id}`) };
}

describe('a scan that the default detector judged, with an estimate of its quality', () => {
  it.each(['test_000', 'low-dose_2'])('%s: p-value first, what Dice to expect, whether to trust it', async (name) => {
    const { visit, page, record } = await opened(name);
    const { pValue, score, boundary, quality, trust } = record.result;
    const figures = await page.locator('.figures dd').allInnerTexts();
    const dice = (x: number | null) => (x === null ? '–' : x.toFixed(2));
    expect(figures.slice(0, 5)).toEqual([
      ...[pValue, score, boundary].map(three),
      dice(quality.dice),
      dice(quality.atLeast),
    ]);
    expect(figures[5]).toContain(trust);
    const said = await page.locator('.quality').innerText();
    expect(said).toContain(`Expected Dice ${dice(quality.dice)}`);
    expect(said).toContain(quality.note ?? `at least ${dice(quality.atLeast)}`);
    await visit.shot(`quality-${name}`);
    await visit.end();
  });

  it('names the stages by their z and the channels that moved, and the intensities of the whole scan', async () => {
    const { visit, page, record } = await opened('low-dose_2');
    const { groups } = record.explanation;
    const why = page.locator('.reasons');
    expect(groups.at(-1).name).toBe('intensities');
    for (const { name, z } of groups) {
      const row = why.getByRole('row', { name: new RegExp(`^${name} `) });
      expect(await row.locator('td').first().innerText()).toBe(three(z));
    }
    const [{ channel, statistic }] = groups[0].moved;
    expect(await why.getByText('Channels: ').first().innerText()).toContain(`${channel} ${statistic}`);
    const stages = groups.slice(0, -1);
    const most = stages.reduce((a: { z: number }, b: { z: number }) => (b.z > a.z ? b : a));
    expect(await why.locator('.summary li').first().innerText()).toMatch(
      new RegExp(`^${most.name} .*${three(most.z)} deviations`),
    );
    await visit.end();
  });

  it('colours nothing below 0, though distances and the boundary may be', async () => {
    const { visit, page, record } = await opened('low-dose_2');
    await page.locator('#opacity-uncertainty').waitFor();
    const { boundary } = record.result;
    const words = boundary < 0 ? 'colours begin at 0' : 'colours begin at the boundary';
    await page.getByText(words).waitFor();
    expect(await page.locator('.ramp span').first().innerText()).toBe(three(Math.max(boundary, 0)));
    await visit.end();
  });

  it('says in the list what Dice to expect', async () => {
    const visit = await Visit.to(browser, server.url);
    const { scans } = await server.json('/v1/scans');
    await visit.page.locator('.scans tbody tr').first().waitFor();
    expect(await visit.page.locator('.expected').allInnerTexts()).toEqual(
      scans.map(
        (scan: { result: { quality: { dice: number }; trust: string } }) =>
          `expected Dice ${scan.result.quality.dice.toFixed(2)} · trust: ${scan.result.trust}`,
      ),
    );
    await visit.end();
  });
});
