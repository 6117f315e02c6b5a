#!/usr/bin/env node
// A processing module for mercure: scores every series in MERCURE_IN_DIR, writes the DICOM objects
// that say so into MERCURE_OUT_DIR, where mercure takes them to its targets, and result.json, which
// it keeps with the task and sends to whoever is to be told.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

const { MERCURE_IN_DIR, MERCURE_OUT_DIR, SEGCANARY = 'segcanary' } = process.env;
if (!MERCURE_IN_DIR || !MERCURE_OUT_DIR) {
  console.error('MERCURE_IN_DIR and MERCURE_OUT_DIR are set by mercure; neither may be missing.');
  process.exit(2);
}

/** What the rule and the module are set to in mercure: task.json, "process" > "settings". */
async function settings() {
  const path = join(MERCURE_IN_DIR, 'task.json');
  if (!existsSync(path)) return {};
  const { process: steps } = JSON.parse(await readFile(path, 'utf8'));
  // A rule with several modules has a list of steps.
  return Object.assign({}, ...[steps].flat().map((step) => step?.settings ?? {}));
}

/** Runs segcanary; its stderr goes into mercure's log, and names no patient. */
function segcanary(args) {
  return new Promise((resolve, reject) => {
    const [command, ...first] = SEGCANARY.split(' ');
    const child = spawn(command, [...first, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
    let out = '';
    child.stdout.setEncoding('utf8').on('data', (text) => {
      out += text;
    });
    child.on('error', reject);
    child.on('close', (code) =>
      resolve({
        code,
        lines: out
          .split('\n')
          .filter(Boolean)
          .map((line) => JSON.parse(line)),
      }),
    );
  });
}

const { detector = '/detector', model, arguments: more = [] } = await settings();
const { code, lines } = await segcanary([
  ...(model === undefined ? ['score'] : ['segment', '-m', model]),
  ...['-d', detector, '-i', MERCURE_IN_DIR, '--each-series'],
  ...['-o', MERCURE_OUT_DIR, '--format', 'dicom', ...more],
]);

const flagged = lines.filter((line) => line.verdict === 'out-of-distribution');
const refused = lines.filter((line) => line.error !== undefined);
const told = [
  `${lines.length} series, ${flagged.length} out of distribution, ${refused.length} refused`,
  ...flagged.map((line) => `${line.case}: out of distribution, score ${line.score} above ${line.boundary}`),
  ...refused.map((line) => `${line.case}: ${line.error.message}`),
];
const result = {
  scans: lines,
  // Sent on completion where the rule notifies "on request": when somebody should look.
  __mercure_notification: { text: told.join('\n'), requested: flagged.length + refused.length > 0 },
};
await writeFile(join(MERCURE_OUT_DIR, 'result.json'), `${JSON.stringify(result, null, 2)}\n`);
// With another code than 0, mercure moves the task to its error folder and sends nothing on.
process.exitCode = lines.length > refused.length ? 0 : (code ?? 1);
