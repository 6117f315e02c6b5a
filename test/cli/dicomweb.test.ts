import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, inject, it } from 'vitest';
import { jsonLines, MODEL, segcanary } from '../support/cli.js';
import { DicomArchive } from '../support/dicom-archive.js';
import { PATIENT } from '../support/dicom-series.js';
import { temporaryFolder } from '../support/folder.js';
import { seriesUid, writeSeries } from '../support/sent-series.js';

const STUDY = '1.2.826.0.1.3680043.10.3';
const SECRET = 'keeper:of the archive';
const BASIC = `Basic ${Buffer.from(SECRET).toString('base64')}`;
const detector = join(inject('workshop'), 'detector');

const ct = async (seed: number, number = 3) =>
  writeSeries({ folder: await temporaryFolder(), seed, number, study: STUDY });

async function dicomweb(url: string, args: readonly string[], secret = SECRET) {
  const tmpdir = await temporaryFolder();
  const ran = await segcanary(['dicomweb', url, '--study', STUDY, '-d', detector, '--tmpdir', tmpdir, ...args], {
    env: { SEGCANARY_ARCHIVE: secret, SEGCANARY_KEY: '5b'.repeat(32) },
  });
  expect(readdirSync(tmpdir)).toEqual([]);
  expect(`${ran.stdout}${ran.stderr}`).not.toMatch(new RegExp([...PATIENT, 'keeper', STUDY].join('|')));
  return ran;
}

describe('segcanary dicomweb', () => {
  it('fetches, scores as from files, and stores what it found; again it finds the same scan', async () => {
    const files = await ct(100);
    const archive = await DicomArchive.start(files, await temporaryFolder(), BASIC);
    const [folder, output] = [join(files[0].path, '..'), join(await temporaryFolder(), 'out')];
    const local = await segcanary(['score', '-d', detector, '-i', folder], { env: { SEGCANARY_KEY: '5b'.repeat(32) } });
    const ran = await dicomweb(archive.url, ['-o', output, '--store', '-v']);
    expect([ran.code, ran.stdout]).toEqual([0, local.stdout]);
    expect(ran.stderr).toContain(`3 objects of ${jsonLines(local)[0].case} are in ${archive.url}.`);
    const [{ case: name }] = jsonLines(local) as { readonly case: string }[];
    expect(readdirSync(output).sort()).toEqual([
      `${name}.json`,
      ...['map.dcm', 'page.dcm', 'report.dcm', 'uncertainty.nii.gz'].map((end) => `${name}_${end}`),
      'scores.csv',
      'summary.json',
    ]);
    const stored = archive.objects.slice(files.length);
    expect(stored.map(({ study, modality }) => [study, modality])).toEqual(
      ['CT', 'SR', 'OT'].map((modality) => [STUDY, modality]),
    );
    expect(await archive.bytes(stored[0])).toEqual(readFileSync(join(output, `${name}_map.dcm`)));
    // The objects lie beside the series now, and are no scans. Without a folder they pass through.
    const again = await dicomweb(archive.url, ['--store']);
    expect([again.code, again.stdout, again.stderr]).toEqual([0, local.stdout, '']);
    const twice = archive.objects.slice(files.length + 3);
    expect(twice.map(({ sopInstance }) => sopInstance)).toEqual(stored.map(({ sopInstance }) => sopInstance));
  });

  it('segments with a model, and stores the segmentation in another archive, which gets no secret', async () => {
    const archive = await DicomArchive.start(await ct(100), await temporaryFolder(), BASIC);
    const other = await DicomArchive.start([], await temporaryFolder());
    const secrets: (string | undefined)[] = [];
    other.override = ({ headers }) => {
      secrets.push(headers.authorization);
      return false;
    };
    const output = await temporaryFolder();
    const ran = await dicomweb(archive.url, ['-m', MODEL, '-o', output, '--store-to', other.url, '--case', 'p1']);
    expect(ran.code, ran.stderr).toBe(0);
    expect(jsonLines(ran)).toMatchObject([{ case: 'p1', segmentation: join(output, 'p1.nii.gz') }]);
    expect(other.objects.map(({ modality }) => modality).sort()).toEqual(['CT', 'OT', 'SEG', 'SR']);
    expect(secrets).toEqual([undefined]);
    expect(archive.asked.some((asked) => asked.startsWith('POST'))).toBe(false);
  });

  it('takes the series that is named, and lists all where none is', async () => {
    const archive = await DicomArchive.start([...(await ct(100)), ...(await ct(101, 4))], await temporaryFolder());
    const none = await dicomweb(archive.url, []);
    expect([none.code, String(none.stdout)]).toEqual([2, '']);
    expect(none.stderr).toMatch(
      /has 2 series .* 3 \(CT, 36 slices, kernel B40f\); 4 .*\(--series\).*\(--each-series\)/,
    );
    const byNumber = await dicomweb(archive.url, ['--series', '4']);
    const byUid = await dicomweb(archive.url, ['--series', seriesUid(101)]);
    expect([byNumber.code, byNumber.stdout]).toEqual([0, byUid.stdout]);
    const each = await dicomweb(archive.url, ['--each-series']);
    expect(jsonLines(each)).toHaveLength(2);
    expect(jsonLines(each)[1]).toEqual(jsonLines(byUid)[0]);
  });

  it('exits as score does', async () => {
    const flagged = writeSeries({ folder: await temporaryFolder(), seed: 7, shape: [12, 40, 40], study: STUDY });
    const archive = await DicomArchive.start(flagged, await temporaryFolder());
    expect((await dicomweb(archive.url, ['--fail-on-ood'])).code).toBe(10);
    const broken = await DicomArchive.start(
      flagged.filter((_, i) => i !== 5),
      await temporaryFolder(),
    );
    const output = join(await temporaryFolder(), 'out');
    const ran = await dicomweb(broken.url, ['-o', output, '--store']);
    expect(ran.code).toBe(1);
    expect(jsonLines(ran)).toMatchObject([{ error: { code: 'series-inconsistent' } }]);
    // Nothing is stored of a scan that failed.
    expect(broken.asked.some((asked) => asked.startsWith('POST'))).toBe(false);
  });

  it('says what the archive refuses, in one sentence', async () => {
    const files = await ct(100);
    const archive = await DicomArchive.start(files, await temporaryFolder(), BASIC);
    const wrong = await dicomweb(archive.url, [], 'keeper:of another');
    expect([wrong.code, String(wrong.stdout)]).toEqual([1, '']);
    expect(wrong.stderr).toMatch(/^segcanary: http:\S+\/studies\/…\/series: it asks for a token or a password/);
    archive.override = (request, response) => {
      if (request.method !== 'POST') return false;
      request.resume().on('end', () => {
        const Value = [{ '00081197': { vr: 'US', Value: [0x0122] } }];
        response.writeHead(409).end(JSON.stringify({ '00081198': { vr: 'SQ', Value } }));
      });
      return true;
    };
    const output = join(await temporaryFolder(), 'out');
    const refused = await dicomweb(archive.url, ['-o', output, '--store']);
    expect(refused.code).toBe(1);
    expect(jsonLines(refused)).toHaveLength(1);
    expect(refused.stderr).toMatch(/stored 2 of 3 objects .* does not take objects of this kind: 0x0122/);
    expect(existsSync(join(output, 'summary.json'))).toBe(true);
  });

  it.each([
    ['a model without a folder', ['-m', MODEL], /name a folder for it with -o/],
    ['one series and each', ['--series', '3', '--each-series'], /leave one of the two out/],
    ['a store that is no address', ['--store-to', 'archive', '-o', 'out'], /address of the archive is none/],
  ])('refuses %s before it asks anybody', async (_, args, said) => {
    const ran = await dicomweb('http://127.0.0.1:9/dicom-web', args);
    expect([ran.code, String(ran.stdout)]).toEqual([2, '']);
    expect(ran.stderr).toMatch(said);
  });

  it('takes a token from a file, and refuses what is none', async () => {
    const archive = await DicomArchive.start(
      await ct(100),
      await temporaryFolder(),
      'Bearer a.long-token_of/this+test=',
    );
    const file = join(await temporaryFolder(), 'token');
    writeFileSync(file, 'a.long-token_of/this+test=\n');
    expect((await dicomweb(archive.url, ['--token-file', file])).code).toBe(0);
    for (const text of ['', 'two words', 'two\nlines:of']) {
      writeFileSync(file, text);
      expect((await dicomweb(archive.url, ['--token-file', file])).code).toBe(2);
    }
  });
});
