import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, it, vi } from 'vitest';
import { type DoorFlags, doorOf } from '../../src/cli/door-options.js';
import { sendTarget } from '../../src/server/dicom/send-to.js';
import { temporaryFolder } from '../support/folder.js';
import { httpPeer } from '../support/http-peer.js';
import { rangesIn } from '../support/ranges.js';

afterEach(() => vi.unstubAllEnvs());

const flags = (given: Partial<DoorFlags> = {}): DoorFlags => ({
  ...{ dicomHost: '127.0.0.1', by: 'series', quietSeries: 60, quietStudy: 900, quietMost: 5400 },
  ...{ associations: 32, sendDays: 7, dicom: { aet: 'SEGCANARY' } },
  ...given,
});

it('the secret of an archive comes from a file or a variable, and goes with what is stored', async () => {
  const seen: (string | undefined)[] = [];
  const sendTo = await httpPeer((request, response) => {
    seen.push(request.headers.authorization);
    request.resume().on('end', () => response.end('{}'));
  });
  const folder = await temporaryFolder();
  const sendTokenFile = join(folder, 'secret');
  writeFileSync(sendTokenFile, 'keeper:yellow\n');
  vi.stubEnv('SEGCANARY_STORE_ARCHIVE', 'a-token-of-an-archive');
  const files = rangesIn(folder, [['a', Buffer.from('first')]]);
  for (const given of [{ sendTo }, { sendTo, sendTokenFile }]) {
    const door = await doorOf(flags(given));
    const target = sendTarget(door?.sendTo ?? '', 'SEGCANARY', door?.sendAccess);
    await target.send(files, () => {}, new AbortController().signal);
    expect(target.name).toBe(sendTo);
  }
  expect(seen).toEqual(['Bearer a-token-of-an-archive', `Basic ${Buffer.from('keeper:yellow').toString('base64')}`]);
});

it('another peer than a DICOMweb service is told none', async () => {
  vi.stubEnv('SEGCANARY_STORE_ARCHIVE', 'a-token-of-an-archive');
  const sendTo = 'PACS@192.0.2.9:104';
  expect(await doorOf(flags({ sendTo }))).not.toHaveProperty('sendAccess');
  await expect(doorOf(flags({ sendTo, sendTokenFile: 'x' }))).rejects.toThrow(/is for a DICOMweb service/);
});

it.each([
  [{ sendTo: 'PACS@192.0.2.9:104' }, /^--send-to is for scans that come by DICOM/],
  [{ sendTokenFile: 'x' }, /^--send-token-file is for scans/],
  [{ allow: ['*@*'] }, /^--allow is for scans/],
  [{ untilt: true }, /^--untilt is for scans/],
])('is refused without a door: %j', async (given, message) => {
  const { dicom: _, ...without } = flags(given);
  await expect(doorOf(without)).rejects.toThrow(message);
});
