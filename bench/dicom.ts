/**
 * DICOM: milliseconds that a slice of 512 x 512 takes by transfer syntax, medians of 20, and the
 * peak resident set of reading a series of 100 and of 3,000 slices, header pass included.
 *
 *     npm run build && npx tsx bench/dicom.ts
 */
import { mkdirSync, mkdtempSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { FrameReader } from '../src/formats/dicom/frame-reader.js';
import { readDicomHeader } from '../src/formats/dicom/header.js';
import { closeCodecs } from '../src/formats/dicom/pixels/decode.js';
import { ctSlice, PACKED, packedFrame, SIZE } from './dicom-files.js';
import { machine, median, runNode } from './measure.js';

const NATIVE = '1.2.840.10008.1.2.1';
const READ = fileURLToPath(new URL('./dicom-read.mjs', import.meta.url));
/** MB that 3,000 slices may take more than 100. */
const BOUND = 30;
const folder = mkdtempSync(join(tmpdir(), 'segcanary-bench-'));

/** A slice; the voxels of a native one are a hole in its file. */
function write(path: string, z: number, transferSyntax: string, frame: Uint8Array | null): void {
  const bytes = ctSlice(z, transferSyntax, frame);
  writeFileSync(path, bytes);
  if (frame === null) truncateSync(path, bytes.length + SIZE * SIZE * 2);
}

async function milliseconds(transferSyntax: string, frame: Uint8Array | null): Promise<number> {
  const path = join(folder, 'one.dcm');
  write(path, 0, transferSyntax, frame);
  const header = await readDicomHeader({ name: 'one.dcm', path, start: 0, length: statSync(path).size });
  if (header === null) throw new Error('the slice is no DICOM');
  const times: number[] = [];
  for (let i = 0; i < 25; i++) {
    const reader = new FrameReader();
    const start = performance.now();
    await reader.read({ header, frame: header.frames[0], position: [0, 0, 0] }, 0);
    times.push(performance.now() - start);
    await reader.close();
  }
  // The first ones start the thread, and compile.
  return median(times.slice(5));
}

try {
  console.log(`bench/dicom: ms a slice of ${SIZE} x ${SIZE}, medians of 20 (${machine()})`);
  const line = (name: string, ms: number) => console.log(`  ${name.padEnd(20)} ${ms.toFixed(1).padStart(6)} ms`);
  line('native', await milliseconds(NATIVE, null));
  const frames = new Map<string, Uint8Array>();
  for (const name of Object.keys(PACKED) as (keyof typeof PACKED)[]) {
    const frame = await packedFrame(name);
    frames.set(name, frame);
    line(name, await milliseconds(PACKED[name][0], frame));
  }
  await closeCodecs();
  console.log(`bench/dicom: peak RSS of reading a series, headers and slices, medians of 3 (${machine()})`);
  for (const name of ['native', 'JPEG-LS Lossless'] as const) {
    const peaks: number[] = [];
    for (const slices of [100, 3000]) {
      const series = join(folder, `${slices}`);
      mkdirSync(series);
      const syntax = name === 'native' ? NATIVE : PACKED[name][0];
      for (let z = 0; z < slices; z++) write(join(series, `${z}.dcm`), z, syntax, frames.get(name) ?? null);
      const runs = [];
      for (let i = 0; i < 3; i++) runs.push(await runNode([READ, series]));
      rmSync(series, { recursive: true });
      if (runs.some(({ stdout }) => Number(stdout) !== slices)) throw new Error(`not ${slices} slices`);
      peaks.push(median(runs.map(({ peakMb }) => peakMb)));
      console.log(
        `  ${name.padEnd(20)} ${String(slices).padStart(4)} slices  ${peaks.at(-1)?.toFixed(0)} MB, ${median(runs.map(({ seconds }) => seconds)).toFixed(1)} s`,
      );
    }
    const growth = peaks[1] - peaks[0];
    console.log(`  3000 slices against 100: ${growth >= 0 ? '+' : ''}${growth.toFixed(1)} MB (bound: +${BOUND})`);
    if (growth > BOUND) process.exitCode = 1;
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
