import { mkdirSync, mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, inject, it } from 'vitest';
import { jsonLines, segcanary } from '../support/cli.js';

const workshop = inject('workshop');
const scan = join(workshop, 'held-out', 'held-out_0_0000.nii.gz');

it('a scan is scored without a trace outside of the outputs: no device number, no queue of reports, no temporary file', async () => {
  const folder = mkdtempSync(join(workshop, 'traces-'));
  const [home, tmp] = [join(folder, 'home'), join(folder, 'tmp')];
  for (const path of [home, tmp]) mkdirSync(path);
  const env = { HOME: home, XDG_CACHE_HOME: undefined, TMPDIR: tmp, ORT_DISABLE_TELEMETRY: undefined, CI: undefined };
  const ran = await segcanary(['score', '-d', join(workshop, 'detector'), '-i', scan], { env });
  expect(jsonLines(ran)).toMatchObject([{ case: 'held-out_0', verdict: 'in-distribution' }]);
  expect([readdirSync(home), readdirSync(tmp)]).toEqual([[], []]);
});

it.runIf(process.platform === 'linux' && process.arch === 'x64')(
  'onnxruntime reads the variable under the name that we set',
  () => {
    // A new release may rename it, as one has before; then the test above tells, where reports are
    // not suppressed for another reason.
    const library = readdirSync(join(import.meta.dirname, '../../node_modules/onnxruntime-node/bin'), {
      recursive: true,
      encoding: 'utf8',
    }).find((name) => name.includes('linux/x64/libonnxruntime.so'));
    const bytes = readFileSync(join(import.meta.dirname, '../../node_modules/onnxruntime-node/bin', library!));
    expect(bytes.includes('ORT_DISABLE_TELEMETRY')).toBe(true);
  },
);
