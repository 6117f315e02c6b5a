/**
 * Feeds damaged and hostile files to everything that reads files: at least 200,000 cases through our own parsers and stages on a thread each, and 2,000 through
 * the built command line, a process each. Every case has to end, in time, in a right answer or in one sentence with a code.
 *
 *     npm run fuzz [-- --cases 200000 --children 2000 --seed 0 --only nifti]
 *     npm run fuzz -- --only nifti --case 1234       repeats one case here and prints what becomes of it
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { makeDetector } from '../workshop.js';
import { runChildren } from './children.js';
import { readFolder } from './detector.js';
import { runCases, runOnThread, type Tally } from './run.js';
import { targetsFor } from './targets.js';

const { values } = parseArgs({
  options: {
    cases: { type: 'string', default: '200000' },
    children: { type: 'string', default: '2000' },
    seed: { type: 'string', default: '0' },
    only: { type: 'string' },
    case: { type: 'string' },
  },
});
const seed = Number(values.seed);
const folder = mkdtempSync(join(tmpdir(), 'segcanary-fuzz-'));
let failed = false;

function report(name: string, { cases, right, refused, slowest, findings }: Tally): void {
  const codes = Object.entries(refused)
    .sort(([, a], [, b]) => b - a)
    .map(([code, n]) => `${code} ${n}`)
    .join(', ');
  console.log(
    `  ${name.padEnd(12)} ${String(cases).padStart(7)} cases  ${String(right).padStart(7)} right  slowest ${slowest.toFixed(0).padStart(5)} ms  refused: ${codes}`,
  );
  for (const { case: at, target, what } of findings) {
    failed = true;
    console.log(`    FOUND ${target} case ${at}: ${what}`);
  }
}

try {
  const { detector, scan } = await makeDetector(folder);
  const targets = targetsFor(detector);
  if (values.case !== undefined) {
    const target = targets.find((t) => t.name === values.only);
    const at = Number(values.case);
    const one = { seed, from: at, to: at + 1 };
    if (target) report(target.name, await runCases(target, one));
    else report('children', await runChildren(one, { detector: readFolder(detector), scan: readFileSync(scan) }));
  } else {
    console.log(`fuzz: seed ${seed}`);
    let peak = 0;
    for (const target of targets) {
      if (values.only !== undefined && values.only !== target.name) continue;
      const cases = Math.ceil(Number(values.cases) * (values.only ? 1 : target.share));
      report(target.name, await runOnThread(target, { seed, from: 0, to: cases }, detector));
      peak = Math.max(peak, process.resourceUsage().maxRSS / 1024);
    }
    console.log(`  peak resident set of all that: ${peak.toFixed(0)} MB (bound: 2048)`);
    if (peak > 2048) failed = true;
    if (values.only === undefined || values.only === 'children') {
      const cases = { seed, from: 0, to: Number(values.children) };
      report('children', await runChildren(cases, { detector: readFolder(detector), scan: readFileSync(scan) }));
    }
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
process.exitCode = failed ? 1 : 0;
