import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser } from 'playwright';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { adviceOf } from '../../src/evaluate/advice.js';
import { evaluationOf } from '../../src/evaluate/evaluation.js';
import { evaluationHtml } from '../../src/report/evaluation.js';
import { scored } from '../support/scored.js';
import { launch } from './support/browser.js';

let browser: Browser;
beforeAll(async () => {
  browser = await launch();
});
afterAll(() => browser.close());

/** Twelve detectors with the longest names that there are, on a cohort with all three groups. */
async function writeReport(): Promise<string> {
  const dice = (n: number, d: number, far: number) =>
    Array.from({ length: n }, (_, i): [number, number] => [far + ((7 * i) % 10) / 10, d + i / 100]);
  const methods = Array.from({ length: 12 }, (_, m) => {
    const cases = scored([0.1, 0.4, 0.6, 0.9], dice(10, 0.8, 0), dice(10, 0.2, m / 6));
    const well = cases
      .filter((c) => c.group === 'id' && c.split === 'test')
      .map((c) => ({ ...c, case: `well-${c.case}`, group: 'shifted-id' as const, shift: 'noise' }));
    return {
      name: `gap-mahalanobis[stage-${m}]@interior`,
      title: `Mahalanobis on channel means, stage ${m}, foreground without its boundary`,
      formula: 'f',
      source: 's',
      passes: 1,
      cases: [...cases, ...well],
      recipe: { detector: 'gap-mahalanobis', tap: `stage-${m}`, fitted: true },
    };
  });
  const evaluation = evaluationOf(methods, { tau: 0.6, margin: 0.1, resamples: 20, seed: 0 });
  const html = await evaluationHtml({
    ...evaluation,
    title: 'Detectors on cohort.csv',
    tau: 0.6,
    margin: 0.1,
    resamples: 20,
    advice: adviceOf(evaluation),
    featuresOnly: false,
    commands: ['segcanary fit -m model', 'segcanary calibrate -d detector'],
    dice: {},
    seconds: {},
    peakMemory: {},
    pictured: null,
    pictures: [],
    failures: [],
  });
  const path = join(mkdtempSync(join(tmpdir(), 'segcanary-report-')), 'report.html');
  writeFileSync(path, html);
  return path;
}

it('fits 1280 columns, says first what to use, and keeps the long table behind a button', async () => {
  const page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
  const errors: string[] = [];
  page.on('pageerror', (error) => errors.push(error.message));
  await page.goto(`file://${await writeReport()}`);
  const rest = page.locator('#table details');
  expect(await rest.locator('table').isVisible()).toBe(false);
  await rest.locator('summary').click();
  expect(await rest.locator('tbody tr').count()).toBe(12);
  const hidden = await page.evaluate(
    `[...document.querySelectorAll('.wide')].map((wide) => wide.scrollWidth - wide.clientWidth)`,
  );
  expect(hidden).toEqual([0, 0]);
  expect(await page.locator('main > p').first().textContent()).toMatch(/^Use .* conformal boundary .* flag \d+ of 10/);
  expect(await page.locator('pre').textContent()).toContain('segcanary calibrate -d detector');
  // The advised detector is the one that is looked at, and another can be.
  expect(await page.locator('#method').inputValue()).toBe(
    await page.locator('#table tr[aria-selected="true"]').first().getAttribute('data-name'),
  );
  await rest.locator('button.row').last().click();
  expect(await page.locator('#shifted').textContent()).not.toBe('');
  expect(errors).toEqual([]);
  await page.close();
});
