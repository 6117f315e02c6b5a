import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { MODEL } from '../support/cli.js';
import { freePort, until } from '../support/ports.js';
import { Orthanc } from './support/orthanc.js';
import { detector, expectNobody, filesBelow, run, variant } from './support/runs.js';
import { WatchedDoor } from './support/server.js';
import { oracle, tool } from './support/tools.js';

const root = join(import.meta.dirname, '../..');
/** A series is complete after a second without a file. */
const QUIET = ['--quiet-series', '1'];
const STUDY = '2.25.18.1';

let data: string;
let orthanc: Orthanc;
let ends: (() => Promise<unknown>)[] = [];
beforeEach(() => {
  data = mkdtempSync(join(tmpdir(), 'segcanary-beside-'));
});
afterEach(async () => {
  for (const end of ends.reverse()) await end();
  ends = [];
  rmSync(data, { recursive: true, force: true });
});

const send = (aet: string, port: number, folder: string) =>
  tool('dcmsend', ['-v', '-aet', 'SENDER', '-aec', aet, '127.0.0.1', String(port), '+sd', '+r', variant(folder)]);

/** An Orthanc with segcanary beside it, each knowing the other's port. */
async function pair(
  scripts: readonly string[],
  settings: { also?: Record<string, unknown>; args?: (orthancPort: number) => string[] } = {},
) {
  const door = await freePort();
  orthanc = await new Orthanc({
    modalities: { segcanary: ['SEGCANARY', '127.0.0.1', door] },
    scripts,
    also: settings.also ?? {},
  }).start();
  ends.push(() => orthanc.end());
  const args = settings.args?.(orthanc.dicom) ?? [
    ...['-d', detector, '--data', data, '--allow', `${orthanc.aet}@127.0.0.1`, '--allow', 'SENDER@127.0.0.1'],
    ...['--send-to', `${orthanc.aet}@127.0.0.1:${orthanc.dicom}`],
  ];
  const server = await new WatchedDoor([...args, ...QUIET], door).start();
  ends.push(() => server.stop());
  return server;
}

const modalitiesOf = async () =>
  (await orthanc.instances()).filter(({ study }) => study === STUDY).map((i) => i.modality);

describe('Orthanc', () => {
  it('25: is pulled from over DICOMweb, and gets segmentation, map and report into the study', async () => {
    orthanc = await new Orthanc().start();
    ends.push(() => orthanc.end());
    await send(orthanc.aet, orthanc.dicom, 'base');
    const args = ['dicomweb', orthanc.dicomweb, '--study', STUDY, '-d', detector, '-m', MODEL, '-o', data, '--store'];
    const ran = await run(args);
    expect(ran.stderr).toMatch(/^(segcanary: 4 objects of ct-\w+ .*\n)?$/);
    expect(ran.code).toBe(0);
    const modalities = await modalitiesOf();
    // A map has the modality of its source.
    expect(modalities.filter((one) => one === 'CT')).toHaveLength(31);
    for (const modality of ['SEG', 'SR', 'OT']) expect(modalities).toContain(modality);
    const before = modalities.length;
    expect(before).toBeGreaterThanOrEqual(34);
    // The same once more: it replaces what it stored.
    expect((await run(args)).code).toBe(0);
    expect(await orthanc.instances()).toHaveLength(before);
  });

  it('passes CT on by the script of examples/orthanc, and gets the objects back', async () => {
    const server = await pair([join(root, 'examples/orthanc/segcanary.lua')]);
    await send(orthanc.aet, orthanc.dicom, 'base');
    await until('the objects are in the archive', async () => {
      const modalities = await modalitiesOf();
      return modalities.includes('SR') && modalities.includes('OT');
    });
    expect(await server.scans()).toHaveLength(1);
    // What came back is no CT: it goes round no circle.
    await new Promise((resolve) => setTimeout(resolve, 5000));
    expect(await server.scans()).toHaveLength(1);
    expectNobody(filesBelow(data).join());
  });

  it('may be away: the outbox empties when it is back', async () => {
    const server = await pair([]);
    await orthanc.stop();
    await send('SEGCANARY', server.dicom, 'base').catch(() => '');
    await until('the series is scored', async () => (await server.scans()).some(({ status }) => status === 'done'));
    await server.stop('SIGKILL');
    await server.start();
    await orthanc.start();
    await until('the objects are in the archive', async () => (await modalitiesOf()).includes('SR'), 90);
    expect(await server.text('/metrics')).toMatch(/outbox/);
  });

  it('is beside segcanary as deploy/compose says', async () => {
    const compose = await oracle<{ services: Record<string, { command?: string[] }> }>(
      'dicom_answers.py',
      'yaml',
      join(root, 'deploy/compose/compose.yaml'),
    );
    const configured = JSON.parse(readFileSync(join(root, 'deploy/compose/orthanc.json'), 'utf8'));
    const command = compose.services.segcanary.command ?? [];
    expect(command[0]).toBe('serve');
    // Ports, folders, addresses and the token are this machine's; the rest is as it stands there.
    const given = command
      .slice(1)
      .filter((option) => !/^--(host|port|dicom|dicom-host|token-file)=/.test(option))
      .map((option) => option.replace('/detector', detector).replace('--data=/data', `--data=${data}`))
      .map((option) => option.replace('172.30.18.2', '127.0.0.1'));
    const { DicomAet, OverwriteInstances, DicomCheckCalledAet } = configured;
    expect(configured.LuaScripts).toEqual(['/etc/orthanc/segcanary.lua']);
    expect(configured.DicomModalities.segcanary[0]).toBe('SEGCANARY');
    const server = await pair([join(root, 'examples/orthanc/segcanary.lua')], {
      also: { DicomAet, OverwriteInstances, DicomCheckCalledAet },
      args: (port) => given.map((option) => option.replace(':4242', `:${port}`)),
    });
    await send(orthanc.aet, orthanc.dicom, 'base');
    await until('the objects are in the archive', async () => (await modalitiesOf()).includes('SR'), 90);
    expect(await server.scans()).toHaveLength(1);
  });
});
