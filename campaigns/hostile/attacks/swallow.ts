import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { constants, gunzipSync, gzipSync } from 'node:zlib';
import { openBelow } from '../../../test/support/descriptors.js';
import { type ChildResult, runCli } from '../../fuzz/child.js';
import { SMALL_MODEL } from '../../lab.js';
import type { Attack, Outcome, Ring, Trial } from '../attack.js';

/** What is expected beside a sentence: the score of the scan as it is, or nothing. */
interface Case {
  readonly what: string;
  readonly args: readonly string[];
  readonly started?: (child: ChildProcess) => (() => void) | undefined;
  /** Exit codes by which a signal that was sent is obeyed. */
  readonly signalled?: number;
  /** Whether the scan is as it is, so that a score has to be the right one. */
  readonly whole?: boolean;
  /** Whether it is no scan of the lab's kind, and has only to be done in time and memory. */
  readonly foreign?: boolean;
  /** Codes of errors; any will do where none is named. */
  readonly codes?: readonly string[];
}

/**
 * What would hang or swallow the machine: pipes, voxel sizes, planes, threads, limits and devices.
 * Every process has to end by itself, within a minute and 2 GiB, with a sentence or the right
 * score.
 */
export const swallow: Attack = {
  name: 'swallow',
  async *run(ring): AsyncGenerator<Trial> {
    const { lab, share, dice } = ring;
    const plain = gunzipSync(readFileSync(lab.scans[0]));
    writeFileSync(join(ring.folder, 'plain.nii'), plain);
    const right = scoreOf(await runCli(score(ring, join(ring.folder, 'plain.nii'))));
    if (right === null) throw new Error('the scan as it is has no score');
    const groups = [pipes(ring), spacings(ring, plain), planes(ring), threads(ring), limits(ring), devices(ring)];
    for (const cases of groups) {
      const first = dice.int(0, cases.length - 1);
      // One of each kind at least, and at a share of 1 all of them.
      const chosen = cases.filter((_, i) => i === first || dice.float() < share);
      // Two at a time: half of them wait for bytes.
      for (let i = 0; i < chosen.length; i += 2) {
        const pair = chosen.slice(i, i + 2);
        yield* await Promise.all(pair.map(async (one) => judged(one, await runCli(one.args, one.started), right)));
      }
    }
  },
};

const score = ({ lab }: Ring, path: string, ...more: readonly string[]): string[] => {
  const threads = more.includes('--threads') ? [] : ['--threads', '1'];
  return ['score', '-d', lab.detector, '-i', path, ...threads, ...more];
};

function judged({ what, signalled, whole, foreign, codes }: Case, result: ChildResult, right: number): Trial {
  const trial = (outcome: Outcome, why: string): Trial => ({ what, outcome, why });
  const { code, killed, stdout, stderr } = result;
  if (killed !== null) return trial('finding', killed);
  if (/\n\s+at /.test(stderr) || /"internal"/.test(stdout)) return trial('finding', stderr.slice(0, 500));
  if (signalled !== undefined)
    return code === signalled ? trial('refused', 'ended by the signal') : trial('finding', `exit code ${code}`);
  if (code === 0) {
    const found = scoreOf(result);
    if (found === null) return trial('finding', 'ended with 0 and no score');
    if (whole && Math.abs(found - right) <= 1e-4 * Math.abs(right)) return trial('harmless', 'the right score');
    const warned = /"warnings":\[\{"code":"([^"]+)/.exec(stdout)?.[1];
    if (foreign && stdout.includes('"verdict":"out-of-distribution"')) return trial('harmless', 'scored, and foreign');
    return warned && !whole ? trial('warned', warned) : trial('finding', `a score of ${found} for ${right}`);
  }
  const named = /"error":\{"code":"([^"]+)/.exec(stdout)?.[1] ?? (code === 2 ? 'usage' : 'a sentence');
  if (stderr.trim() === '') return trial('finding', 'not a word on stderr');
  if (codes && !codes.includes(named)) return trial('finding', `${named}: ${stderr.slice(0, 300)}`);
  return trial('refused', named);
}

function scoreOf({ stdout }: ChildResult): number | null {
  const found = /"score":(-?[\d.e+-]+)/.exec(stdout)?.[1];
  return found === undefined ? null : Number(found);
}

let made = 0;
function namedPipe(ring: Ring, name: string): string {
  const folder = join(ring.folder, `pipe-${made++}`);
  execFileSync('mkdir', [folder]);
  execFileSync('mkfifo', [join(folder, name)]);
  return join(folder, name);
}

/** A shell that writes to a pipe, and is ended with the process that reads it. */
const written = (command: string) => (): (() => void) => {
  const writer = spawn('/bin/sh', ['-c', command], { stdio: 'ignore', detached: true });
  return () => {
    try {
      process.kill(-writer.pid!, 'SIGKILL');
    } catch {
      // It had ended.
    }
  };
};

/** Sends a signal when the pipe is open, once. */
const signalling =
  (path: string, signal: NodeJS.Signals) =>
  (child: ChildProcess): undefined => {
    const look = setInterval(() => {
      if (child.exitCode === null && child.pid && openBelow(path, child.pid).length === 0) return;
      clearInterval(look);
      child.kill(signal);
    }, 50);
  };

function pipes(ring: Ring): Case[] {
  const { lab, dice, folder } = ring;
  const brief = ['--limits', 'stall=1'];
  const cases: Case[] = [];
  const silent = (name: string, args: (path: string) => readonly string[], signal?: NodeJS.Signals) => {
    const path = namedPipe(ring, name);
    const started = signal && signalling(path, signal);
    cases.push({
      what: `a ${name} without a writer${signal ? `, and ${signal}` : ''}`,
      args: signal ? args(path) : [...args(path), ...brief],
      ...(started ? { started, signalled: signal === 'SIGINT' ? 130 : 143 } : { codes: ['timed-out'] }),
    });
  };
  for (const name of ['scan.nii', 'scan.nii.gz']) silent(name, (path) => score(ring, path));
  silent('scan.nii.gz', (path) => score(ring, path), 'SIGTERM');
  silent('scan.nii', (path) => score(ring, path), 'SIGINT');
  silent('cohort.csv', (path) => ['calibrate', '-d', lab.detector, '--cohort', path], 'SIGTERM');
  silent('plans.json', (path) => ['taps', SMALL_MODEL, '-p', path], 'SIGTERM');
  silent('model.onnx', (path) => ['taps', path], 'SIGTERM');
  silent('patients.csv', (path) => ['calibrate', '-d', lab.detector, '-i', 'x.nii', '--patients', path], 'SIGTERM');
  const from = join(folder, 'plain.nii');
  const size = readFileSync(from).length;
  const sent = (what: string, command: (path: string) => string, rest: Omit<Case, 'what' | 'args' | 'started'>) => {
    const path = namedPipe(ring, 'scan.nii');
    cases.push({ what, args: score(ring, path, ...brief), started: written(command(path)), ...rest });
  };
  const cuts = [0, 1, 347, 348, 352, dice.int(353, size - 1), size - 1];
  for (const at of cuts) {
    const head = `head -c ${at} '${from}'`;
    const stop = `a writer that stops after ${at} bytes`;
    sent(stop, (path) => `(${head}; sleep 100) > '${path}'`, { codes: ['timed-out'] });
    const close = `a writer that has gone after ${at} bytes`;
    sent(close, (path) => `${head} > '${path}'`, { codes: ['truncated', 'nifti-invalid'] });
  }
  for (const at of [1, 348, dice.int(353, size - 1)]) {
    const what = `a writer that pauses after ${at} bytes`;
    const command = `(head -c ${at} '${from}'; sleep .5; tail -c +${at + 1} '${from}')`;
    sent(what, (path) => `${command} > '${path}'`, { whole: true });
  }
  sent('a writer as it should be', (path) => `cat '${from}' > '${path}'`, { whole: true });
  return cases;
}

/** Voxel sizes times powers of ten, one axis, two or all of them. */
function spacings(ring: Ring, plain: Buffer): Case[] {
  const axes = [[1], [2], [3], [1, 2], [1, 2, 3]];
  const powers = [-6, -2, -1, 1, 2, 4, 30];
  return axes.flatMap((changed) =>
    powers
      .filter(() => ring.dice.chance(0.4))
      .map((k): Case => {
        const bytes = Buffer.from(plain);
        for (const axis of changed) bytes.writeFloatLE(bytes.readFloatLE(76 + 4 * axis) * 10 ** k, 76 + 4 * axis);
        const path = join(ring.folder, `spacing-${changed.join('')}-${k}.nii`);
        writeFileSync(path, bytes);
        return { what: `pixdim[${changed}] x 1e${k}`, args: score(ring, path, '--limits', 'seconds=3') };
      }),
  );
}

/** Planes of up to 4096 x 4096 voxels that are a few kilobytes packed. */
function planes(ring: Ring): Case[] {
  const { dice, folder } = ring;
  return Array.from({ length: 6 }, (_, i): Case => {
    const side = i === 0 ? 4096 : 2 ** dice.int(10, 11);
    const depth = i === 0 ? 3 : dice.int(2, 12);
    // From voxels as the plan has them, and so a wide grid, to ones of which few are left.
    const mm = dice.pick([3.3, 1.1, 0.4]);
    const header = Buffer.alloc(352);
    header.writeInt32LE(348, 0);
    for (const [at, n] of [3, side, side, depth, 1, 1, 1, 1].entries()) header.writeInt16LE(n, 40 + 2 * at);
    header.writeInt16LE(4, 70);
    header.writeInt16LE(16, 72);
    for (const [at, n] of [1, mm, mm, 5].entries()) header.writeFloatLE(n, 76 + 4 * at);
    header.writeFloatLE(352, 108);
    header.writeFloatLE(1, 112);
    header.write('n+1\0', 344, 'latin1');
    const plane = Buffer.alloc(2 * side * side, Buffer.from([0x18, 0xfc]));
    plane.fill(100, side * side, 2 * side * side);
    const path = join(folder, `plane-${i}.nii.gz`);
    const bytes = Buffer.concat([header, ...Array.from({ length: depth }, () => plane)]);
    writeFileSync(path, gzipSync(bytes, { level: constants.Z_BEST_SPEED }));
    const allowed = dice.chance(0.5) ? ['ratio=1e4'] : ['memory=3e8', 'ratio=1e4'];
    return {
      what: `${side} x ${side} x ${depth} voxels of ${mm} mm, ${allowed}`,
      args: score(ring, path, '--limits', 'seconds=3', ...allowed),
      foreign: true,
    };
  });
}

function threads(ring: Ring): Case[] {
  const path = join(ring.folder, 'plain.nii');
  const counts = ['0', '2', '8', '64', '65', '1000', '1e3', '99999999', '9007199254740993', '-1', '1.5', '0x10', ''];
  return counts.map((n) => ({ what: `${n || 'no'} threads`, args: score(ring, path, '--threads', n), whole: true }));
}

function limits(ring: Ring): Case[] {
  const path = join(ring.folder, 'plain.nii');
  const values = ['3000000', '1e300', '1e400', 'Infinity', 'NaN', '0x10', '-1', '0', '', '1e-9', '5=5', '٣'];
  const names = ['stall', 'seconds', 'patches', 'memory', 'slices', 'bytes', 'ratio', 'nothing'];
  const wrong = ['--port', '--queue', '--keep-days', '--keep-scans'].flatMap((flag) =>
    ['1e3', '0x10', '-1', '99999999999999999999', ''].map((value): Case => {
      const args = ['serve', '-d', ring.lab.detector, flag, value];
      return { what: `${flag} ${value}`, args, codes: ['usage'] };
    }),
  );
  const named = names.flatMap((name) =>
    values.map((value): Case => {
      const args = score(ring, path, '--limits', `${name}=${value}`);
      return { what: `${name}=${value}`, args, whole: true };
    }),
  );
  // Most are refused before anything is done, and a few of each will do.
  return [...wrong, ...named].filter(() => ring.dice.chance(0.2));
}

function devices(ring: Ring): Case[] {
  const { lab, folder } = ring;
  const socket = join(folder, 'socket.nii');
  createServer().listen(socket).unref();
  const empty = join(folder, 'empty');
  mkdirSync(empty);
  const paths = ['/dev/zero', '/dev/null', '/dev/tty', '/dev/urandom', '/dev/full', socket, empty];
  const cases = paths.flatMap((path): Case[] => [
    { what: `${path} as a scan`, args: score(ring, path), codes: ['io', 'usage'] },
    { what: `${path} as a model`, args: ['taps', path] },
    { what: `${path} as a cohort`, args: ['calibrate', '-d', lab.detector, '--cohort', path] },
    { what: `${path} as a plan`, args: ['taps', SMALL_MODEL, '-p', path] },
  ]);
  return cases.filter(() => ring.dice.chance(0.5));
}
