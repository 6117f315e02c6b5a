import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, describe, expect, inject, it } from 'vitest';
import {
  calibrateQuality,
  closeInference,
  loadDetector,
  openDetector,
  openSegmentationModel,
  resolveInputs,
  segmenterOf,
} from '../../src/index.js';
import { MODEL } from '../support/cli.js';
import { temporaryFolder } from '../support/folder.js';

afterAll(closeInference);

describe('calibrateQuality', () => {
  it('learns from no scan that the detector was fitted to or that is there twice', async () => {
    const workshop = inject('workshop');
    const folder = await temporaryFolder();
    const [scans, labels, dir] = ['scans', 'labels', 'detector'].map((name) => join(folder, name)) as [
      string,
      string,
      string,
    ];
    for (const made of [scans, labels]) mkdirSync(made);
    cpSync(join(workshop, 'detector'), dir, { recursive: true });
    const before = readFileSync(join(dir, 'detector.json'));
    const model = await openSegmentationModel(MODEL, {});
    const detector = await openDetector(await loadDetector(dir));
    const segmenter = await segmenterOf({ model, detector });
    const refusal = async () => {
      const inputs = await resolveInputs([scans]);
      for (const { case: name } of inputs) writeFileSync(join(labels, `${name}.nii`), '');
      const passes: string[] = [];
      const onPass = ({ case: name }: { readonly case: string }) => passes.push(name);
      const options = { model, segmenter, detector, inputs, labels, onPass };
      const message = await calibrateQuality(options).then(String, ({ message }: Error) => message);
      expect(passes).toEqual([]);
      return basename(message.split(': ')[0]) + message.slice(message.indexOf(': '));
    };
    const unpacked = (from: string, to: string) =>
      writeFileSync(join(scans, to), gunzipSync(readFileSync(join(workshop, from))));
    unpacked('train/train_2_0000.nii.gz', 'mine_0000.nii');
    expect(await refusal()).toMatch(/^mine_0000.nii: the detector was fitted to this scan/);
    unpacked('held-out/held-out_1_0000.nii.gz', 'mine_0000.nii');
    cpSync(join(workshop, 'held-out/held-out_1_0000.nii.gz'), join(scans, 'yours_0000.nii.gz'));
    expect(await refusal()).toMatch(/^yours_0000.nii.gz: is the same scan as .*mine_0000.nii, voxel by voxel/);
    expect(readFileSync(join(dir, 'detector.json')).equals(before)).toBe(true);
  });
});
