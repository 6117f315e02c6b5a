import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runProcess } from '../support/cli.js';
import { until } from '../support/ports.js';
import { detector, expectNobody, filesBelow, scoreOf, variant } from './support/runs.js';
import { WatchedDoor } from './support/server.js';
import { tool } from './support/tools.js';

/** A series is complete after a second without a file. */
const QUIET = ['--quiet-series', '1'];

/** Without it dcmtk waits for an acknowledgement of each half of a file, 40 ms. */
const PROMPT = { env: { TCP_NODELAY: '1' } };

let data: string;
let door: WatchedDoor;
beforeEach(async () => {
  data = mkdtempSync(join(tmpdir(), 'segcanary-door-'));
  door = await new WatchedDoor(['-d', detector, '--data', data, '--allow', 'SENDER@127.0.0.1', ...QUIET]).start();
});
afterEach(async () => {
  const code = await door.stop();
  expectNobody(filesBelow(data).join());
  rmSync(data, { recursive: true, force: true });
  expect(code).toBe(0);
});

const peer = (aet: string, called = door.aet) => ['-aet', aet, '-aec', called, '127.0.0.1', String(door.dicom)];

/** dcmsend ends with 0 when it was refused: what it counts is read. */
async function send(folder: string): Promise<void> {
  const said = await tool('dcmsend', ['-v', '--no-halt', ...peer('SENDER'), '+sd', '+r', variant(folder)], PROMPT);
  expect(said).toMatch(/with status SUCCESS +: (\d+)/);
  expect(said).not.toMatch(/with status (WARNING|REFUSED|ERROR|.*unknown.*) +: [1-9]/);
}

const finished = async (count: number) => {
  const scans = (await door.scans()).filter(({ status }) => status !== 'queued' && status !== 'running');
  return scans.length >= count ? scans : null;
};

describe('the door', () => {
  it('23: takes 500 files for one result, in constant memory', async () => {
    const idle = door.peak;
    await send('five-hundred');
    // The files alone: the network is loaded when they are scored.
    expect(door.peak - idle).toBeLessThan(60);
    const [scan] = await until('the series is scored', () => finished(1));
    const own = await scoreOf(variant('five-hundred'));
    expect(scan.result?.score).toBe(own.score);
    expect(await door.scans()).toHaveLength(1);
  });

  it('23: leaves nothing of a sender that was killed', async () => {
    const sender = spawn('dcmsend', [...peer('SENDER'), '+sd', '+r', variant('many')], {
      stdio: 'ignore',
    });
    await until('files have come', () => filesBelow(join(data, 'incoming')).length > 20);
    sender.kill('SIGKILL');
    await once(sender, 'close');
    await new Promise((resolve) => setTimeout(resolve, 3000));
    expect(filesBelow(join(data, 'receiving'))).toEqual([]);
  });

  it('24: closes a connection that claims a PDU of 4 GB, and answers others', async () => {
    const socket = connect(door.dicom, '127.0.0.1');
    socket.on('error', () => {}).resume();
    await once(socket, 'connect');
    const began = Date.now();
    const closed = once(socket, 'close');
    socket.write(Buffer.from([1, 0, 0xff, 0xff, 0xff, 0xf0]));
    // Whatever is sent on is not kept.
    socket.write(Buffer.alloc(1 << 20));
    await closed;
    expect(Date.now() - began).toBeLessThan(2000);
    expect(await tool('echoscu', ['-v', ...peer('SENDER')])).toMatch(/Success/);
  });

  it.each([
    ['a title that is not allowed', 'STRANGER', undefined, /Calling AE Title Not Recognized/i],
    ['a title that is not its own', 'SENDER', 'OTHER', /Called AE Title Not Recognized/i],
  ])('24: rejects %s', async (_what, aet, called, reason) => {
    const ran = await runProcess('echoscu', ['-v', ...peer(aet, called)]);
    expect(ran.code).not.toBe(0);
    expect(ran.stdout.toString() + ran.stderr).toMatch(reason);
  });

  it('reads site and scanner from the headers, and no patient', async () => {
    await send('base');
    const [scan] = await until('the series is scored', () => finished(1));
    expect(JSON.stringify(scan)).toMatch(/Phantomizer 9/);
    for (const path of ['/v1/scans', '/metrics', '/v1/drift']) expectNobody(await door.text(path));
  });

  it('scores a series again under the same case when it is sent twice', async () => {
    for (let i = 1; i <= 2; i++) {
      await send('base');
      await until(`the series is scored ${i} times`, () => finished(1));
    }
    expect(new Set((await door.scans()).map((scan) => scan.case)).size).toBe(1);
  });
});
