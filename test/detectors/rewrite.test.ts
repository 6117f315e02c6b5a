import { execFile } from 'node:child_process';
import { cpSync } from 'node:fs';
import { readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { beforeEach, describe, expect, it } from 'vitest';
import { detectorParts } from '../../campaigns/fuzz/targets/detector-parts.js';
import { calibrate } from '../../src/detectors/calibration.js';
import { learnQuality } from '../../src/detectors/quality/model.js';
import { writeCalibration, writeQuality } from '../../src/detectors/rewrite.js';
import { loadDetector, saveDetector } from '../../src/detectors/saved.js';
import { editDetector, unsealDetector } from '../support/edited-detector.js';
import { temporaryFolder } from '../support/folder.js';
import { simulatedCases } from '../support/quality.js';

const [parts, other] = detectorParts([8, 2, 4, 4]) as [
  Parameters<typeof saveDetector>[1],
  Parameters<typeof saveDetector>[1],
];
const changed = (sentence: string) =>
  expect.objectContaining({ code: 'detector-changed', message: expect.stringContaining(sentence) });
const scores = (...values: readonly number[]) => calibrate(values.map((score) => ({ case: `${score}`, score })));

let root: string;
let dir: string;
beforeEach(async () => {
  root = await temporaryFolder();
  dir = join(root, 'detector');
  await saveDetector(dir, parts);
});
const bytes = () => readFile(join(dir, 'detector.json'), 'utf8');
const names = async () => (await readdir(dir)).sort();

describe('writeCalibration', () => {
  it('adds the calibration, keeps fields of the future and changes the identity', async () => {
    await editDetector(dir, (json) => {
      json.trainingHistogram = [1, 2, 3];
    });
    const before = await loadDetector(dir);
    const calibration = scores(2, 1);
    const id = await writeCalibration(before, calibration);
    const after = await loadDetector(dir);
    expect(after.description.calibration).toEqual(calibration);
    expect([after.id, after.id === before.id]).toEqual([id, false]);
    expect(JSON.parse(await bytes()).trainingHistogram).toEqual([1, 2, 3]);
    expect(await names()).toEqual(['detector.json', 'encoder.onnx', 'statistics.safetensors']);
  });

  it('gives a hash of itself to a detector of before', async () => {
    await unsealDetector(dir);
    await writeCalibration(await loadDetector(dir), scores(1, 2));
    expect((await loadDetector(dir)).description.descriptionSha256).toHaveLength(64);
  });

  it('keeps the level that was asked for, and reads calibrations of before it could be', async () => {
    await writeCalibration(await loadDetector(dir), calibrate([{ case: 'a', score: 1 }], 0.9));
    expect((await loadDetector(dir)).description).toMatchObject({
      calibration: { level: 0.9, boundary: { level: 0.5 } },
    });
    await unsealDetector(dir, (json) => {
      delete (json.calibration as { level?: number }).level;
    });
    expect((await loadDetector(dir)).description.calibration).toEqual({
      cases: [{ case: 'a', score: 1 }],
      min: 1,
      max: 1,
      boundary: { paper: 1, conformal: 1, level: 0.5 },
    });
  });

  it('refuses a detector that was fitted, calibrated or removed meanwhile, and writes nothing', async () => {
    const loaded = await loadDetector(dir);
    await saveDetector(dir, other);
    const refitted = await bytes();
    await expect(writeCalibration(loaded, scores(1))).rejects.toThrow(changed('was fitted or calibrated anew'));
    expect(await bytes()).toBe(refitted);

    const again = await loadDetector(dir);
    await writeCalibration(again, scores(1));
    const calibrated = await bytes();
    await expect(writeCalibration(again, scores(2))).rejects.toThrow(changed('was fitted or calibrated anew'));
    expect(await bytes()).toBe(calibrated);
    // To calibrate it once more is fine for whoever has seen what is there.
    await writeCalibration(await loadDetector(dir), scores(2));

    const last = await loadDetector(dir);
    await rm(dir, { recursive: true });
    await expect(writeCalibration(last, scores(1))).rejects.toThrow(changed('is not there any more'));
    expect(await readdir(root)).toEqual([]);
  });

  it('lets one of many at a time through, in one process and in several', async () => {
    const loaded = await loadDetector(dir);
    const here = await Promise.allSettled(Array.from({ length: 8 }, (_, i) => writeCalibration(loaded, scores(i))));
    const written = here.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
    expect(written).toEqual([(await loadDetector(dir)).id]);
    for (const result of here)
      if (result.status === 'rejected') expect(result.reason).toEqual(changed('was fitted or calibrated anew'));

    const { id } = await loadDetector(dir);
    const script = `import { writeCalibration } from ${JSON.stringify(join(process.cwd(), 'dist/detectors/saved.js'))};
      import { calibrate } from ${JSON.stringify(join(process.cwd(), 'dist/detectors/calibration.js'))};
      const calibration = calibrate([{ case: 'a', score: Number(process.argv[1]) }]);
      console.log(await writeCalibration({ dir: process.argv[2], id: process.argv[3] }, calibration).catch(({ code }) => code));`;
    const said = await Promise.all(
      Array.from({ length: 6 }, async (_, i) => {
        const args = ['--input-type=module', '-e', script, String(i), dir, id];
        return (await promisify(execFile)(process.execPath, args)).stdout.trim();
      }),
    );
    expect(said.filter((line) => line === 'detector-changed')).toHaveLength(5);
    expect(said).toContain((await loadDetector(dir)).id);
    expect(await names()).toEqual(['detector.json', 'encoder.onnx', 'statistics.safetensors']);
  });

  it('writes into no folder that took the place of the one that it knows', async () => {
    const loaded = await loadDetector(dir);
    await rename(dir, join(root, 'moved'));
    cpSync(join(root, 'moved'), dir, { recursive: true });
    // The same to the last byte: that is the same detector.
    await writeCalibration(loaded, scores(1));
    await rm(dir, { recursive: true });
    await saveDetector(dir, other);
    await expect(writeCalibration(loaded, scores(1))).rejects.toThrow(changed('was fitted or calibrated anew'));
  });
});

describe('writeQuality', () => {
  it('goes by the identity that the calibration gave', async () => {
    const loaded = await loadDetector(dir);
    const quality = learnQuality(simulatedCases(20, 5, ['a', 'b']), {
      labels: ['x', 'y'],
      networks: ['0'.repeat(64)],
      mirrorAxes: [],
      alpha: 0.1,
    });
    const id = await writeCalibration(loaded, scores(1, 2));
    await expect(writeQuality(loaded, quality)).rejects.toThrow(changed('calibrate again'));
    const last = await writeQuality({ dir, id }, quality);
    expect(await loadDetector(dir)).toMatchObject({
      id: last,
      description: { quality: { cases: 20 }, calibration: { max: 2 } },
    });
  });
});
