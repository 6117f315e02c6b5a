import { cpSync, rmSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { detectorParts } from '../../campaigns/fuzz/targets/detector-parts.js';
import { saveDetector } from '../../src/detectors/saved.js';
import { closeInference } from '../../src/index.js';
import { verifyDetector } from '../../src/jobs/verify.js';
import { jsonLines, segcanary } from '../support/cli.js';
import { editDetector, unsealDetector } from '../support/edited-detector.js';
import { temporaryFolder } from '../support/folder.js';

let dir: string;
beforeEach(async () => {
  dir = join(await temporaryFolder(), 'detector');
});
afterAll(closeInference);

const copyWorkshop = () => cpSync(join(inject('workshop'), 'detector'), dir, { recursive: true });
/** Checks that went wrong, and what they say. */
const wrong = async () => {
  const { ok, checks } = await verifyDetector(dir);
  const found = checks.filter((check) => !check.ok).map(({ check, message }) => `${check}: ${message}`);
  expect(ok).toBe(found.length === 0);
  return found;
};

describe('verifyDetector', () => {
  it('finds nothing in what was saved, of every kind', async () => {
    for (const parts of detectorParts([8, 2, 4, 4])) {
      rmSync(dir, { recursive: true, force: true });
      await saveDetector(dir, parts);
      expect(await wrong()).toEqual([]);
    }
    rmSync(dir, { recursive: true });
    copyWorkshop();
    expect(await wrong()).toEqual([]);
    const { id, checks } = await verifyDetector(dir);
    expect(id).toMatch(/^sha256:/);
    expect(checks.map(({ check }) => check)).toEqual([
      'json',
      'hash-of-itself',
      'fields',
      'consistency',
      'files',
      'networks',
    ]);
  });

  it('says of a detector of before that it has no hash of itself', async () => {
    copyWorkshop();
    await unsealDetector(dir);
    expect(await wrong()).toEqual([]);
    expect((await verifyDetector(dir)).checks[1].message).toContain('has no hash of itself');
  });

  it('tells of all that is wrong, and not only of what is first', async () => {
    copyWorkshop();
    const path = join(dir, 'detector.json');
    const text = await readFile(path, 'utf8');
    const { calibration, cases } = JSON.parse(text);
    const { paper } = calibration.boundary;
    await writeFile(path, text.replace(`"paper": ${paper}`, '"paper": 3').replace(`"cases": ${cases}`, '"cases": 9'));
    expect(await wrong()).toEqual([
      expect.stringContaining('hash-of-itself: '),
      expect.stringContaining(`calibration.paper is 3`.replace('calibration.paper', 'calibration.boundary.paper')),
      expect.stringContaining('cases is 9 and trainingScans are 6'),
    ]);
  });

  it('runs the networks, whose hashes are right and whose tap is not', async () => {
    await saveDetector(dir, detectorParts([8, 2, 4, 4])[1]);
    const shape = [8, 2, 4, 2];
    await editDetector(dir, (json) => {
      Object.assign(json, { tap: { ...(json.tap as object), shape }, pooling: { ...(json.pooling as object), shape } });
    });
    expect(await wrong()).toEqual([
      expect.stringContaining('says a tap of 8,2,4,2, and its encoder gives 8,2,4,4 there'),
    ]);
  });

  it('tells of files, and of nothing beyond what cannot be read', async () => {
    copyWorkshop();
    const path = join(dir, 'statistics.safetensors');
    const bytes = await readFile(path);
    bytes[bytes.length - 1] ^= 1;
    await writeFile(path, bytes);
    expect(await wrong()).toEqual([expect.stringContaining('files: ')]);
    await writeFile(join(dir, 'detector.json'), '{');
    expect(await wrong()).toEqual([expect.stringContaining('json: ')]);
    rmSync(dir, { recursive: true });
    expect(await wrong()).toEqual([expect.stringContaining('holds no detector.json')]);
  });
});

describe('segcanary inspect --verify', () => {
  it('prints the checks, and ends with 0 or 1', async () => {
    copyWorkshop();
    const good = await segcanary(['inspect', dir, '--verify', '--ndjson']);
    expect([good.code, jsonLines(good)]).toEqual([0, [expect.objectContaining({ ok: true })]]);
    const path = join(dir, 'detector.json');
    const text = await readFile(path, 'utf8');
    await writeFile(path, text.replace('"stepSize": 0.5', '"stepSize": 0.6'));
    const bad = await segcanary(['inspect', dir, '--verify']);
    expect(bad.code).toBe(1);
    expect(bad.stdout.toString()).toMatch(/^sha256:\w{64}\nok .*\nWRONG {3}hash-of-itself {2}/);
    const scored = await segcanary(['score', '-d', dir, '-i', join(inject('workshop'), 'held-out')]);
    expect([scored.code, scored.stderr]).toEqual([1, expect.stringContaining('its hash of itself differs')]);
    await unsealDetector(dir, (json) => {
      json.stepSize = 0.5;
    });
    const old = await segcanary(['inspect', dir]);
    expect([old.code, old.stdout.toString()]).toEqual([
      0,
      expect.stringMatching(/^unsealed +detector.json has no hash/m),
    ]);
  });
});
