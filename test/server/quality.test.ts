import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { SegcanaryClient } from '../../src/client/client.js';
import { openSegmentationModel } from '../../src/network/folder.js';
import { record } from '../../src/protocol/record.js';
import { viewOf } from '../../src/server/record-view.js';
import type { ScanRecord } from '../../src/server/scan-record.js';
import { openStore } from '../../src/server/sql-store.js';
import { jsonLines, MODEL, segcanary } from '../support/cli.js';
import { giveQuality } from '../support/quality.js';
import { finishedScan, newScan } from '../support/records.js';
import { writeScan } from '../support/scans.js';
import { partsOf, TestServer } from '../support/server.js';

const folder = mkdtempSync(join(tmpdir(), 'segcanary-test-'));
const at = (...names: string[]) => join(folder, ...names);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let server: TestServer;
let ct: Buffer;
beforeAll(async () => {
  cpSync(join(inject('workshop'), 'detector'), at('chest'), { recursive: true });
  await giveQuality(at('chest'), join(MODEL, 'model.onnx'));
  ct = readFileSync(await writeScan({ path: at('ct_0000.nii.gz'), seed: 320 }));
  server = await TestServer.here({ detectors: [at('chest')], model: await openSegmentationModel(MODEL, {}) });
});
afterAll(() => server?.stop());

describe('a detector that knows what Dice to expect, behind a server', () => {
  it('answers the line of segment, with quality and trust, and remembers it', async () => {
    const local = await segcanary([
      'segment',
      '-m',
      MODEL,
      '-d',
      at('chest'),
      '-i',
      at('ct_0000.nii.gz'),
      '-o',
      at('out'),
      '--explain',
    ]);
    const [line] = jsonLines(local) as Record<string, unknown>[];
    expect(line.quality).toMatchObject({ dice: expect.any(Number), perLabel: { lesion: {} } });
    const answer = await server.post('case=ct&segment=1&explain=1', ct);
    const parts = partsOf(answer.headers.get('content-type')!, Buffer.from(await answer.arrayBuffer()));
    expect(parts.get('result')!.toString()).toBe(JSON.stringify({ ...line, segmentation: null }));

    const { explanation, ...told } = line;
    const kept = await server.json(answer.headers.get('location')!);
    expect(kept.result).toEqual({ ...told, segmentation: null });
    expect(kept.explanation).toEqual(explanation);
    const client = new SegcanaryClient({ url: server.url });
    const { quality, trust } = await client.score(ct, { segmentation: at('ct.nii.gz') });
    expect({ quality, trust }).toEqual({ quality: line.quality, trust: line.trust });
  });

  it('is written into the files of segment -o, last in scores.csv', () => {
    const kept = JSON.parse(readFileSync(at('out', 'ct.json'), 'utf8'));
    expect(Object.keys(kept)).toEqual(expect.arrayContaining(['pValue', 'quality', 'trust']));
    const [head, row] = readFileSync(at('out', 'scores.csv'), 'utf8')
      .trim()
      .split('\n')
      .map((text) => text.split(',').slice(-4));
    expect(head).toEqual(['p_value', 'expected_dice', 'dice_at_least', 'trust']);
    const { quality, pValue, trust } = kept;
    expect(row).toEqual([pValue, quality.dice, quality.atLeast ?? '', trust].map(String));
  });

  it('knows nothing of the quality where it only scores', async () => {
    const local = await segcanary(['score', '-d', at('chest'), '-i', at('ct_0000.nii.gz'), '--explain']);
    const answer = await server.post('case=ct&explain=1', ct);
    const text = await answer.text();
    expect(text).toBe(local.stdout.toString());
    expect(JSON.parse(text)).toMatchObject({ quality: null, pValue: expect.any(Number) });
  });

  it('is in the OpenAPI document', async () => {
    const document = JSON.stringify((await server.json('/openapi.json')).paths['/v1/scans'].post.responses[200]);
    for (const name of ['quality', 'atLeast', 'perLabel', 'trust', 'pValue']) expect(document).toContain(`"${name}":{`);
  });
});

it('records of before there were p-values, quality and trust are read and sent as they are', () => {
  const store = openStore(null);
  const { pValue: _, ...old } = finishedScan(12).result as { pValue: number };
  const segmented = { case: 'a', patches: 8, voxels: { 0: 5 }, warnings: [], score: old };
  const service = { progress: () => null };
  const sent = (result: object) => {
    const { id } = store.accept(newScan());
    store.finish(id, finishedScan(0, { result: result as never }));
    const { success, data } = record.safeParse(viewOf(store.get(id) as ScanRecord, service));
    expect(success).toBe(true);
    return JSON.parse(JSON.stringify(data!.result));
  };
  expect(sent(old)).toEqual({ ...old, quality: null });
  expect(sent(segmented)).toEqual({ ...old, segmentation: null, voxels: { 0: 5 } });
  store.close();
});
