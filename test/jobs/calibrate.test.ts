import { cpSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { calibrateDetector, closeInference, loadDetector, openDetector, resolveInputs } from '../../src/index.js';
import { editDetector } from '../support/edited-detector.js';
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

  it.each<[string, () => void | Promise<void>, string]>([
    [
      'another one took its place',
      async () => {
        const other = `${dir}.other`;
        cpSync(dir, other, { recursive: true });
        await editDetector(other, (json) => {
          json.createdBy = 'somebody else';
        });
        renameSync(dir, `${dir}.gone`);
        renameSync(other, dir);
      },
      'was fitted or calibrated anew',
    ],
    [
      'somebody edited it',
      () =>
        editDetector(dir, (json) => {
          json.calibration = null;
        }),
      'was fitted or calibrated anew',
    ],
    ['it was removed', () => rmSync(dir, { recursive: true }), 'is not there any more'],
  ])('writes nothing where %s while it scored', async (_, meanwhile, sentence) => {
    const detector = await openDetector(await loadDetector(dir));
    let left: string | null = null;
    const content = () => {
      try {
        return readFileSync(join(dir, 'detector.json'), 'utf8');
      } catch {
        return null;
      }
    };
    const scans = [...inputs];
    const calibrating = calibrateDetector({
      detector,
      // The last scan is opened after what happens in the middle.
      inputs: scans,
      onScan: ({ case: name }) => {
        if (name === scans[0].case) pending = Promise.resolve(meanwhile());
      },
    });
    let pending: Promise<void> | undefined;
    await expect(calibrating).rejects.toMatchObject({ code: 'detector-changed', message: expect.stringContaining(sentence) });
    await pending;
    left = content();
    expect(left?.includes('"conformal"') ?? false).toBe(sentence.includes('anew') && left!.includes('somebody else'));
  });
});
