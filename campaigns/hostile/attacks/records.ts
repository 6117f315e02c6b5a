import { mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { type EndedScan, outOfDate } from '../../../src/server/retention.js';
import { TestServer } from '../../../test/support/server.js';
import type { Dice } from '../../dice.js';
import type { Attack, Ring, Trial } from '../attack.js';

const DAY = 86_400_000;
/** Histories of clocks, and servers whose folder is searched, in the whole campaign. */
const HISTORIES = 1000;
const SERVERS = 3;
/** Days that records are kept in the histories. */
const KEPT = 30;

/**
 * Records that go too early, by clocks that are wrong, and too late: what was removed is looked for
 * in every file of the server, running, killed and started again.
 */
export const records: Attack = {
  name: 'records',
  async *run({ lab, folder, dice, share }: Ring): AsyncGenerator<Trial> {
    for (let i = 0; i < Math.max(5, Math.ceil(HISTORIES * share)); i++) yield history(dice, i);
    const scans = lab.scans.map((path) => readFileSync(path));
    for (let i = 0; i < Math.max(1, Math.ceil(SERVERS * share)); i++) {
      const data = join(folder, `data-${i}`);
      mkdirSync(data, { mode: 0o755 });
      yield* searched(lab.detector, data, scans, dice, i);
    }
  },
};

/**
 * Some weeks of scans under a clock that is set wrong once for some days, ahead or back, by hours
 * to years, in processes that were started under it and so cannot know. Retention looks after each
 * scan.
 */
function history(dice: Dice, i: number): Trial {
  let time = Date.UTC(2026, 0, 1);
  const honest: number[] = [];
  let kept: EndedScan[] = [];
  const gone = new Set<string>();
  const days = dice.int(5, 60);
  const every = dice.pick([0.1, 0.5, 1, 3]);
  const from = dice.float() * days;
  const lasts = dice.pick([0.05, 0.5, 1, 2, 5, 20]);
  const by = dice.pick([-1, 1]) * dice.magnitude(-1, 3.5) * DAY;
  const wrongDays = new Set<number>();
  for (let day = 0; day < days; day += every) {
    time += every * DAY;
    const isWrong = day >= from && day < from + lasts;
    const now = time + (isWrong ? by : 0);
    if (isWrong) wrongDays.add(Math.floor(now / DAY));
    kept.push({ id: String(honest.length), finishedAt: now });
    honest.push(time);
    const old = new Set(outOfDate(kept, KEPT, now).ids);
    for (const id of old) gone.add(id);
    kept = kept.filter(({ id }) => !old.has(id));
  }
  const what = `history ${i}: ${days} days, a scan every ${every}, ${(by / DAY).toFixed(1)} days off for ${lasts}`;
  // What ended under a clock that was behind is as old as the newest before it: nobody knows more.
  const known = KEPT - (by < 0 ? lasts + every : 0);
  const early = [...gone].filter((id) => time - (honest[Number(id)] ?? 0) <= known * DAY).length;
  if (early === 0) return { what, outcome: 'harmless', why: 'nothing went early' };
  if (wrongDays.size >= 3)
    return { what, outcome: 'unknowable', why: 'scans of three days confirm a clock that is wrong' };
  if (Math.abs(by) <= 7 * DAY) return { what, outcome: 'unknowable', why: 'a week without a scan is nothing odd' };
  return { what, outcome: 'finding', why: `${early} records went early` };
}

async function* searched(
  detector: string,
  data: string,
  scans: readonly Buffer[],
  dice: Dice,
  i: number,
): AsyncGenerator<Trial> {
  const args = ['-d', detector, '--threads', '1', '--data', data, '--keep-scans', '12'];
  const names = Array.from({ length: 16 }, (_, n) => `Doe-Jane-${i}-${n}-born-1950`);
  const server = await TestServer.start(args);
  try {
    const ids: string[] = [];
    for (const name of names) {
      const answer = await server.post(`case=${name}`, dice.pick(scans));
      ids.push(answer.headers.get('location') ?? '');
    }
    // The first four were forgotten by number.
    const gone = new Set(names.slice(0, 4));
    for (const [n, name] of names.entries()) {
      if (gone.has(name) || !dice.chance(0.5)) continue;
      await server.fetch(ids[n] ?? '', { method: 'DELETE' });
      gone.add(name);
    }
    yield looked(data, names, gone, `server ${i}, running`);
    await server.stop('SIGKILL');
    yield looked(data, names, gone, `server ${i}, killed`);
    const again = await TestServer.start(args);
    yield looked(data, names, gone, `server ${i}, started again`);
    await again.stop();
    yield looked(data, names, gone, `server ${i}, stopped`);
  } finally {
    await server.stop('SIGKILL');
  }
}

function looked(data: string, names: readonly string[], gone: ReadonlySet<string>, what: string): Trial {
  const files = readdirSync(data, { recursive: true, encoding: 'utf8' })
    .map((name) => join(data, name))
    .filter((path) => statSync(path).isFile());
  const isIn = (name: string) => files.some((path) => readFileSync(path).includes(name));
  const found = names.filter((name) => gone.has(name) && isIn(name));
  const lost = names.filter((name) => !gone.has(name) && !isIn(name));
  const open = files.filter((path) => (statSync(path).mode & 0o077) !== 0);
  if (found.length > 0) return { what, outcome: 'finding', why: `${found.join(', ')} can still be read` };
  if (lost.length > 0) return { what, outcome: 'finding', why: `${lost.join(', ')} is lost` };
  if (open.length > 0) return { what, outcome: 'finding', why: `others may read ${open.join(', ')}` };
  return { what, outcome: 'harmless', why: `${gone.size} names are gone` };
}
