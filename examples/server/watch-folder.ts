/**
 * Scores what appears in a folder, as a scanner or PACS drops it there, by a server:
 *
 *     segcanary serve -d detector/ &
 *     npx tsx examples/server/watch-folder.ts INBOX [SECONDS]
 *
 * Beside each scan appear CASE.segcanary.json and, where it is flagged, CASE.uncertainty.nii.gz. A
 * scan that has its .json is done, so the program may be stopped and started at will; one that
 * failed is tried again when its file changes. It looks every SECONDS (5), and takes a file that
 * has not changed between two looks. SEGCANARY_URL and SEGCANARY_TOKEN name the server.
 */
import { existsSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { SegcanaryClient, ServerError } from 'segcanary';

const [inbox = '.', seconds = '5'] = process.argv.slice(2);
const client = new SegcanaryClient({
  url: process.env.SEGCANARY_URL ?? 'http://127.0.0.1:8470',
  token: process.env.SEGCANARY_TOKEN,
  patience: 3600,
});
const leaving = new AbortController();
for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => leaving.abort());

/** Size and time of a file at the last look. */
const seen = new Map<string, string>();
const failed = new Map<string, string>();
while (!leaving.signal.aborted) {
  for (const name of readdirSync(inbox).filter(isScan).sort()) {
    const caseName = name.replace(/\.nii(\.gz)?$/i, '');
    if (existsSync(join(inbox, `${caseName}.segcanary.json`))) continue;
    const { size, mtimeMs } = statSync(join(inbox, name));
    const state = `${size} ${mtimeMs}`;
    const isSettled = size > 0 && seen.get(name) === state && failed.get(name) !== state;
    seen.set(name, state);
    if (isSettled && !leaving.signal.aborted) await score(name, caseName, state);
  }
  await wait(Number(seconds) * 1000, undefined, { signal: leaving.signal }).catch(() => {});
}

async function score(name: string, caseName: string, state: string): Promise<void> {
  const path = (ending: string) => join(inbox, `${caseName}${ending}`);
  try {
    const result = await client.score(join(inbox, name), {
      case: caseName,
      mask: path('.map.nii.gz'),
      signal: leaving.signal,
    });
    if (result.verdict === 'out-of-distribution') renameSync(path('.map.nii.gz'), path('.uncertainty.nii.gz'));
    else rmSync(path('.map.nii.gz'));
    // Last: with it the scan is done.
    writeFileSync(path('.segcanary.json.partial'), `${JSON.stringify(result, null, 2)}\n`);
    renameSync(path('.segcanary.json.partial'), path('.segcanary.json'));
    console.log(`${caseName}\t${result.verdict}\t${result.score}`);
  } catch (error) {
    if (leaving.signal.aborted) return;
    console.error((error as Error).message);
    // A server that is away comes back; a scan that is refused is refused again.
    if (!(error instanceof ServerError && error.status === 0)) failed.set(name, state);
  }
}

/** Not what this program wrote itself, nor what others hide. */
function isScan(name: string): boolean {
  return /\.nii(\.gz)?$/i.test(name) && !/^\.|\.(map|uncertainty)\.nii\.gz$/i.test(name);
}
