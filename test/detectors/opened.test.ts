import { createHash } from 'node:crypto';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import {
  closeInference,
  loadDetector,
  openBesideSegmenter,
  openDetector,
  openSegmentationModel,
  resolveInputs,
  scoreScans,
  segmenterOf,
  segmentScans,
} from '../../src/index.js';
import { jsonLines, MODEL, segcanary } from '../support/cli.js';
import { editDetector } from '../support/edited-detector.js';
import { node, onnxModel, value } from '../support/onnx.js';
import { writeScan } from '../support/scans.js';

/**
 * A detector whose files are the ones that it records, and whose encoder onnxruntime will not have:
 * it comes out only when the encoder is opened.
 */
describe('a detector that is opened while a scan is read', () => {
  const folder = mkdtempSync(join(tmpdir(), 'segcanary-test-'));
  const at = (...names: string[]) => join(folder, ...names);
  const refused = /refused\/encoder\.onnx: onnxruntime refuses the model: .*Nothing/;
  afterAll(async () => {
    rmSync(folder, { recursive: true, force: true });
    await closeInference();
  });

  beforeAll(async () => {
    cpSync(join(inject('workshop'), 'detector'), at('refused'), { recursive: true });
    const encoder = onnxModel({ name: 'g', node: [node('Nothing', ['x'], 'y')], input: [value('x', [1])], output: [] });
    writeFileSync(at('refused', 'encoder.onnx'), encoder);
    await editDetector(at('refused'), (json) => {
      json.encoderSha256 = createHash('sha256').update(encoder).digest('hex');
    });
    mkdirSync(at('scans'));
    const whole = await writeScan({ path: at('scans', 'whole_0000.nii.gz'), seed: 7 });
    // Fails by itself, before the encoder has opened.
    writeFileSync(at('scans', 'broken_0000.nii.gz'), readFileSync(whole).subarray(0, 900));
  });

  it('fails once, with the sentence of the model, and blames no scan', async () => {
    const ran = await segcanary(['score', '-d', at('refused'), '-i', at('scans')]);
    expect(ran.code).toBe(1);
    expect(ran.stdout.toString()).toBe('');
    expect(ran.stderr).toMatch(refused);
    expect(ran.stderr.trim().split('\n').length).toBe(1);
  });

  it('fails in a program when it is opened, or, ahead, at the first scan', async () => {
    const detector = await loadDetector(at('refused'));
    await expect(openDetector(detector)).rejects.toMatchObject({ code: 'model-invalid' });
    const inputs = await resolveInputs([at('scans')]);
    const results = scoreScans({ detector: await openDetector(detector, { ahead: true }), inputs });
    await expect(results.next()).rejects.toMatchObject({
      code: 'model-invalid',
      message: expect.stringMatching(refused),
    });
  });

  it('gives the same scores ahead as open', async () => {
    const args = ['-d', join(inject('workshop'), 'detector'), '-i', at('scans', 'whole_0000.nii.gz')];
    const ran = await segcanary(['score', ...args]);
    const detector = await openDetector(await loadDetector(args[1]));
    for await (const result of scoreScans({ detector, inputs: await resolveInputs([args[3]]) }))
      expect({ ...JSON.parse(JSON.stringify(result)), quality: null }).toEqual(jsonLines(ran)[0]);
  });

  it('is not opened where a segmenter taps its features', async () => {
    const detector = await loadDetector(at('refused'));
    const model = await openSegmentationModel(MODEL, {});
    const beside = await openBesideSegmenter(detector);
    expect(beside).not.toHaveProperty('encoder');
    const inputs = await resolveInputs([at('scans', 'whole_0000.nii.gz')]);
    const segmenter = await segmenterOf({ model, detector });
    const to = () => at('segmentation.nii.gz');
    for await (const result of segmentScans({ model, segmenter, detector: beside, inputs, to }))
      expect(result).toMatchObject({ score: { verdict: expect.stringMatching(/distribution$/) } });
  });
});
