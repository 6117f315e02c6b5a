/**
 * Peak resident set of `segcanary serve` while curl posts scans of 512x512 and more and more
 * slices, at line speed and (800 slices) at 1 MB/s: what a short scan takes is idle plus one
 * inference, and longer ones may take 100 MB more. Every answer is compared with what `segcanary
 * score` prints of the same file, to the last byte.
 *
 *     npm run build && npx tsx bench/server.ts
 */
import { spawn } from 'node:child_process';
import { createWriteStream, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { makeDetector } from './detector.js';
import { CLI, machine, runNode } from './measure.js';
import { syntheticScan } from './synthetic.js';

const BOUND = 100;
const folder = mkdtempSync(join(tmpdir(), 'segcanary-bench-'));
try {
  const detector = await makeDetector(folder);
  console.log(`bench/server: one server for all, scans of 512x512 int16 .nii.gz at 1 x .7 x .7 mm (${machine()})`);
  const server = spawn(process.execPath, [CLI, 'serve', '-d', detector, '--port', '0'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const url = await new Promise<string>((resolve) =>
    server.stdout.setEncoding('utf8').once('data', (line: string) => resolve(line.trim())),
  );
  /** MB, from the kernel. */
  const resident = (field: 'VmRSS' | 'VmHWM') => {
    const status = readFileSync(`/proc/${server.pid}/status`, 'utf8');
    return Number(new RegExp(`${field}:\\s+(\\d+)`).exec(status)![1]) / 1024;
  };
  console.log(`  idle                        ${resident('VmRSS').toFixed(0).padStart(4)} MB`);
  let short: number | null = null;
  for (const [slices, rate] of [
    [32, null],
    [100, null],
    [800, null],
    [800, '1M'],
    [1600, null],
  ] as const) {
    const scan = join(folder, `scan-${slices}.nii.gz`);
    await pipeline(
      syntheticScan({ size: 512, slices, spacing: [1, 0.7, 0.7] }),
      createGzip({ level: 1 }),
      createWriteStream(scan),
    );
    const local = await runNode([CLI, 'score', '-d', detector, '-i', scan, '--case', 'scan']);
    const began = performance.now();
    const answer = await curl(scan, rate);
    const seconds = (performance.now() - began) / 1000;
    const peak = resident('VmHWM');
    short ??= peak;
    const isSame = answer === local.stdout;
    const mb = statSync(scan).size / 1e6;
    console.log(
      `  ${String(slices).padStart(4)} slices, ${rate ? '1 MB/s    ' : 'line speed'}  ${peak.toFixed(0).padStart(5)} MB peak so far  ${mb.toFixed(0).padStart(4)} MB sent in ${seconds.toFixed(0)} s  ${isSame ? 'the same answer as score' : 'ANOTHER ANSWER than score'}`,
    );
    if (!isSame || peak > short + BOUND) process.exitCode = 1;
    rmSync(scan);
  }
  console.log(`  the longest against the shortest: +${(resident('VmHWM') - short!).toFixed(0)} MB (bound: +${BOUND})`);
  server.kill('SIGTERM');

  function curl(scan: string, rate: string | null): Promise<string> {
    const child = spawn(
      'curl',
      [
        ...['--silent', '--show-error', '--fail-with-body', '-H', 'Content-Type: application/gzip'],
        ...(rate ? ['--limit-rate', rate] : []),
        // Not --data-binary, which would hold the file.
        ...['-X', 'POST', '-T', scan, `${url}/v1/scans?case=scan`],
      ],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    let text = '';
    child.stdout.setEncoding('utf8').on('data', (piece: string) => {
      text += piece;
    });
    return new Promise((resolve) => child.on('close', () => resolve(text)));
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
