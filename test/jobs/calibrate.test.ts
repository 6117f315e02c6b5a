import { cpSync, existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { sealed } from '../../src/detectors/seal.js';
import { calibrateDetector, closeInference, loadDetector, openDetector, resolveInputs } from '../../src/index.js';
import { temporaryFolder } from '../support/folder.js';

afterAll(closeInference);

let dir: string;
let inputs: Awaited<ReturnType<typeof resolveInputs>>;
beforeEach(async () => {
  const workshop = inject('workshop');
  dir = join(await temporaryFolder(), 'detector');
  cpSync(join(workshop, 'detector'), dir, { recursive: true });
  inputs = (await resolveInputs([join(workshop, 'held-out')])).slice(0, 2);
});

describe('calibrateDetector', () => {
  it('gives the id that the detector has then', async () => {
    const detector = await openDetector(await loadDetector(dir));
    const { id, calibration } = await calibrateDetector({ detector, inputs });
    expect(await loadDetector(dir)).toMatchObject({ id, description: { calibration } });
    expect(id).not.toBe(detector.id);
  });

  it.each<[string, () => void, string]>([
    [
      'another one took its place',
      () => {
        const other = `${dir}.other`;
        cpSync(dir, other, { recursive: true });
        rewrite(other, { createdBy: 'somebody else' });
        renameSync(dir, `${dir}.gone`);
        renameSync(other, dir);
      },
      'was fitted or calibrated anew',
    ],
    ['somebody calibrated it', () => rewrite(dir, { calibration: null }), 'was fitted or calibrated anew'],
    ['it was removed', () => rmSync(dir, { recursive: true }), 'is not there any more'],
  ])('writes nothing where %s while it scored', async (_, meanwhile, sentence) => {
    const detector = await openDetector(await loadDetector(dir));
    let left: string | null = null;
    const onScan = () => {
      if (left !== null) return;
      meanwhile();
      left = content();
    };
    await expect(calibrateDetector({ detector, inputs, onScan })).rejects.toMatchObject({
      code: 'detector-changed',
      message: expect.stringContaining(sentence),
    });
    expect([left, left === 'gone']).toEqual([content(), sentence.startsWith('is not')]);
  });
});

const content = (): string => {
  const path = join(dir, 'detector.json');
  return existsSync(path) ? readFileSync(path, 'utf8') : 'gone';
};

function rewrite(folder: string, fields: object): void {
  const path = join(folder, 'detector.json');
  writeFileSync(path, sealed({ ...JSON.parse(readFileSync(path, 'utf8')), ...fields }));
}
