/**
 * Kills the built command line with SIGKILL at random moments of `fit`, `calibrate`, `score -o`, `segment` and `evaluate`, damages caches in between, and runs it again to
 * the end. At every moment what has a final name has to be whole and right, and in the end everything has to be as if nobody had been killed, to the last byte.
 *
 *     npm run kill [-- --kills 200 --seed 0]
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { killCampaign } from './kill/campaign.js';

const { values } = parseArgs({
  options: { kills: { type: 'string', default: '200' }, seed: { type: 'string', default: '0' } },
});
const folder = mkdtempSync(join(tmpdir(), 'segcanary-kill-'));
try {
  console.log(`kill: ${values.kills} kills, seed ${values.seed}`);
  const { commands, violations } = await killCampaign({
    folder,
    kills: Number(values.kills),
    seed: Number(values.seed),
  });
  for (const { name, kills, ended, damaged, leftovers, seconds } of commands)
    console.log(
      `  ${name.padEnd(10)} ${String(kills).padStart(4)} kills in a run of ${seconds.toFixed(1)} s, ${ended} runs to the end, ${damaged} cache entries damaged, ${leftovers} hidden leftovers`,
    );
  for (const violation of violations) console.log(`    FOUND ${violation}`);
  console.log(
    `  ${violations.length === 0 ? 'nothing lost, nothing in part, every result identical' : `${violations.length} violations`}`,
  );
  process.exitCode = violations.length === 0 ? 0 : 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
