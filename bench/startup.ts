/**
 * How long `segcanary --version` takes over `node -e 0`, each a process of its own, in turn, 20
 * times; medians. `score --help` says what a command costs to start beside that.
 *
 *     npm run build && npx tsx bench/startup.ts
 */
import { spawnSync } from 'node:child_process';
import { CLI, machine, median } from './measure.js';

const RUNS = 20;
const BOUND = 150;
const commands: Record<string, readonly string[]> = {
  'node -e 0': ['-e', '0'],
  'segcanary --version': [CLI, '--version'],
  'segcanary score --help': [CLI, 'score', '--help'],
};
const times = Object.keys(commands).map((): number[] => []);
for (let run = 0; run < RUNS; run++) {
  for (const [i, args] of Object.values(commands).entries()) {
    const started = performance.now();
    const { status } = spawnSync(process.execPath, args, { stdio: ['ignore', 'ignore', 'inherit'] });
    if (status !== 0) throw new Error(`node ${args.join(' ')} exited with ${status}`);
    times[i].push(performance.now() - started);
  }
}
console.log(`bench/startup: medians of ${RUNS} (${machine()})`);
const [bare, version] = times.map(median) as [number, number];
for (const [i, name] of Object.keys(commands).entries()) {
  const taken = times[i];
  console.log(
    `  ${name.padEnd(22)}  ${median(taken).toFixed(0).padStart(4)} ms  (least ${Math.min(...taken).toFixed(0)})  ${(median(taken) / bare).toFixed(2)} times node -e 0`,
  );
}
console.log(`  segcanary --version ${version.toFixed(0)} ms (bound on an idle machine: ${BOUND})`);
process.exitCode = version <= BOUND ? 0 : 1;
