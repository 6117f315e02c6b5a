import type { ChildProcess } from 'node:child_process';
import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { RIGHT_DETECTOR, RIGHT_SCORE } from '../../../test/support/answers.js';
import { segcanary } from '../../../test/support/cli.js';
import { LyingServer } from '../../../test/support/lying-server.js';
import { ask, PATIENCE } from '../answers/asking.js';
import { ASKED, bodyOf, IMAGE, type Lie, lieTo, plainly } from '../answers/lies.js';
import type { Attack, Ring, Trial } from '../attack.js';

/** Answers at share 1: to the client in this process, and to the built command line. */
const ANSWERS = 6000;
const COMMANDS = 24;

/**
 * Servers that lie: answers with fields that are missing, odd, huge or contradict one another, of
 * another scan, under another type, in pieces, broken off, without an end. The client ends in a
 * tagged error or in the right answer, and `score --server --fail-on-ood` never in 0 for a wrong
 * one.
 */
export const answers: Attack = {
  name: 'answers',
  async *run(ring) {
    yield* toClient(ring);
    yield* toCommand(ring);
  },
};

async function* toClient({ dice, folder, share }: Ring): AsyncGenerator<Trial> {
  let lie: Lie = { what: 'nothing', send: (response) => void response.end() };
  const server = await LyingServer.start((_, response) => lie.send(response));
  try {
    for (let i = 0; i < Math.max(40, ANSWERS * share); i++) {
      const asked = dice.pick(ASKED);
      lie = lieTo(asked, dice);
      yield { what: lie.what, ...(await ask(server.url, asked, join(folder, `mask${i}.nii.gz`))) };
    }
    const left = readdirSync(folder);
    if (left.length > 0) yield { what: 'every answer', outcome: 'finding', why: `left ${left.join(', ')}` };
  } finally {
    server.close();
  }
}

async function* toCommand({ dice, folder, lab, share }: Ring): AsyncGenerator<Trial> {
  const file = lab.scans[0];
  let lie: Lie | null = null;
  let asked = 0;
  const right = plainly('image: the right answer', 'image', bodyOf('image', JSON.stringify(RIGHT_SCORE)));
  const server = await LyingServer.start(({ method }, response) => {
    if (method === 'GET') return void response.end(JSON.stringify([RIGHT_DETECTOR]));
    // A full queue is asked again for an hour, as long as it is full.
    return (asked++ === 0 && lie ? lie : right).send(response);
  });
  try {
    for (let i = 0; i < Math.max(2, COMMANDS * share); i++) {
      const home = join(folder, `command${i}`);
      const output = join(home, 'deep', 'out');
      mkdirSync(output, { recursive: true });
      lie = lieTo('image', dice);
      asked = 0;
      const args = ['score', '--server', server.url, '-i', file, '--case', RIGHT_SCORE.case, '-o', output];
      const started = (child: ChildProcess) => {
        const timer = setTimeout(() => child.kill('SIGKILL'), 1000 * PATIENCE);
        child.once('close', () => clearTimeout(timer));
      };
      const { code, stdout, stderr } = await segcanary([...args, '--fail-on-ood'], { started });
      const what = `score --server, ${lie.what}`;
      const outside = [...readdirSync(home), ...readdirSync(join(home, 'deep'))].filter(
        (name) => name !== 'deep' && name !== 'out',
      );
      const files = readdirSync(output);
      if (outside.length > 0) yield { what, outcome: 'finding', why: `wrote ${outside.join(', ')}` };
      else if (code === 0 || code === 10) yield taken(what, code, stdout.toString(), files);
      else if (code !== 1 || !stderr.startsWith('segcanary: ') || files.includes('scan_uncertainty.nii.gz'))
        yield { what, outcome: 'finding', why: `exit code ${code}: ${stderr.slice(0, 200)} ${files}` };
      else yield { what, outcome: 'refused', why: `exit code 1` };
    }
  } finally {
    server.close();
  }
}

function taken(what: string, code: number, stdout: string, files: readonly string[]): Trial {
  const { quality: _, ...line } = JSON.parse(stdout) as Record<string, unknown>;
  const { score, verdict } = line as { score: number; verdict: string };
  const follows = score > 5 ? 'out-of-distribution' : 'in-distribution';
  const isRight = verdict === follows && (code === 10) === (follows === 'out-of-distribution') && line.case === 'scan';
  if (!isRight || !files.includes('scan_uncertainty.nii.gz'))
    return {
      what,
      outcome: 'finding',
      why: `exit code ${code} and ${stdout.slice(0, 300)} ${files} (${IMAGE.length})`,
    };
  const isSame = Object.entries(RIGHT_SCORE).every(
    ([key, value]) => JSON.stringify(line[key]) === JSON.stringify(value),
  );
  return isSame
    ? { what, outcome: 'harmless', why: 'the right answer' }
    : { what, outcome: 'unknowable', why: 'another answer that contradicts nothing' };
}
