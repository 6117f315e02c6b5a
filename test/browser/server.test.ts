import { join } from 'node:path';
import type { Browser } from 'playwright';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { TestServer } from '../support/server.js';
import { launch } from './support/browser.js';
import { Visit } from './support/visit.js';

const phantoms = inject('phantoms');
const detector = ['-d', `chest=${join(phantoms, 'detector')}`];
const scan = join(phantoms, 'scans', 'test_000.nii.gz');

let browser: Browser;
beforeAll(async () => {
  browser = await launch();
});
afterAll(() => browser?.close());

describe('a server with a token', () => {
  const TOKEN = 'a-token-of-this-test';
  let server: TestServer;
  beforeAll(async () => {
    server = await TestServer.start(detector, { SEGCANARY_TOKEN: TOKEN });
  });
  afterAll(() => server?.stop());

  it('is given it in a dialog, by the keyboard, and sends scans with it', async () => {
    const visit = await Visit.to(browser, server.url, { expected: /401/ });
    const { page } = visit;
    const dialog = page.locator('#token');
    await dialog.waitFor();
    await page.keyboard.type('another');
    await page.keyboard.press('Enter');
    await page.getByText('The server did not take that token.').waitFor();
    await page.keyboard.type(TOKEN);
    await page.keyboard.press('Enter');
    await page.locator('.pick').waitFor();
    expect(await dialog.isVisible()).toBe(false);

    await page.locator('#file').setInputFiles(scan);
    await page.locator('.scan-head .badge', { hasText: 'in distribution' }).waitFor();
    // It is kept for the tab, and in no address.
    await page.reload();
    await page.locator('.scan-head .badge', { hasText: 'in distribution' }).waitFor();
    expect(visit.requests.some((request) => request.url().includes(TOKEN))).toBe(false);
    await page.getByRole('button', { name: 'Forget token' }).click();
    await dialog.waitFor();
    await page.keyboard.press('Escape');
    await page.getByText('This server wants a token').waitFor();
    await page.getByRole('button', { name: 'Enter the token' }).click();
    await dialog.waitFor();
    await visit.end();
  });
});

describe('what goes wrong', () => {
  it('is a sentence where a file is no scan', async () => {
    const server = await TestServer.start(detector);
    // NiiVue says in its own way that it cannot show it either.
    const visit = await Visit.to(browser, server.url, { expected: /nii/i });
    const { page } = visit;
    await page.locator('.pick').waitFor();
    const picker = page.locator('#file');
    await picker.setInputFiles({ name: 'notes.txt', mimeType: 'text/plain', buffer: Buffer.from('notes') });
    // Its first bytes are looked at first.
    await page.locator('.send .problem', { hasText: 'notes.txt' }).waitFor();
    expect(await page.locator('.send .problem').innerText()).toBe(
      'notes.txt is no scan; give a .nii, .nii.gz, .zip or DICOM file, or a folder of them.',
    );
    await picker.setInputFiles({ name: 'torn.nii.gz', mimeType: '', buffer: Buffer.from('this is no gzip') });
    await page.locator('.scan-head .badge', { hasText: 'failed' }).waitFor();
    const { scans } = await server.json('/v1/scans');
    expect(scans).toHaveLength(1);
    expect(await page.locator('.answer .problem').innerText()).toBe(scans[0].error.message);
    expect(scans[0].error.message).toMatch(/^torn: [^\n]+\.$/);
    await page.getByRole('link', { name: 'All scans' }).click();
    await page.locator('.uploads li.failed', { hasText: scans[0].error.message }).waitFor();
    await page.getByRole('button', { name: 'Dismiss: torn' }).click();
    expect(await page.locator('.uploads').isVisible()).toBe(false);
    await visit.end();
    await server.stop();
  });

  it('is shown as it is being sent, slowly, and can be given up', async () => {
    const server = await TestServer.start(detector);
    const visit = await Visit.to(browser, server.url);
    const { page } = visit;
    await page.locator('.pick').waitFor();
    const devtools = await page.context().newCDPSession(page);
    const slowly = { offline: false, latency: 0, downloadThroughput: -1, uploadThroughput: 100_000 };
    await devtools.send('Network.emulateNetworkConditions', slowly);
    await page.locator('#file').setInputFiles([scan, join(phantoms, 'scans', 'low-dose_2.nii.gz')]);
    await page.locator('.uploads li.sending').waitFor();
    await expect
      .poll(async () => Number(await page.locator('.uploads li.sending progress').getAttribute('value')), {
        timeout: 20_000,
      })
      .toBeGreaterThan(100_000);
    expect(await page.locator('.uploads li').count()).toBe(2);
    await visit.shot('uploading-light-1280');
    await page.setViewportSize({ width: 400, height: 900 });
    expect(await visit.isTooWide()).toBe(false);
    await visit.shot('uploading-light-400');
    await page.getByRole('button', { name: 'Cancel: test_000' }).click();
    await page.getByRole('button', { name: 'Cancel: low-dose_2' }).click();
    expect(await page.locator('.uploads').isVisible()).toBe(false);
    await expect
      .poll(async () => (await server.json('/v1/scans')).scans.map(({ status }: { status: string }) => status))
      .toEqual(expect.arrayContaining(['failed']));
    await visit.end();
    await server.stop();
  });

  it('is told when the server has gone, and passes when it is back', async () => {
    const server = await TestServer.start(detector);
    const { port } = new URL(server.url);
    const visit = await Visit.to(browser, server.url, {
      expected: /ERR_CONNECTION_REFUSED|ERR_CONNECTION_RESET|ERR_EMPTY/,
    });
    const { page } = visit;
    await page.getByText('No scans yet.').waitFor();
    await server.stop();
    await page.getByText('The server does not answer.').waitFor();
    await page.locator('#file').setInputFiles(scan);
    await page.locator('.uploads li.failed', { hasText: 'The server went away before it had the scan.' }).waitFor();

    const again = await TestServer.start([...detector, '--port', port]);
    await expect.poll(() => page.locator('#gone').isVisible(), { timeout: 30_000 }).toBe(false);
    await page.getByRole('button', { name: 'Send again' }).click();
    await page.locator('.scan-head .badge', { hasText: 'in distribution' }).waitFor();
    await visit.end();
    await again.stop();
  });
});
