import { closeSync, openSync, readdirSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, inject, it } from 'vitest';
import { canMount, mountedFolder } from '../support/mounts.js';
import { writeScan } from '../support/scans.js';
import { TestServer } from '../support/server.js';

const workshop = inject('workshop');

/** Writes until nothing more fits. */
function fill(path: string): void {
  const file = openSync(path, 'w');
  try {
    for (;;) writeSync(file, Buffer.alloc(4096));
  } catch {
    closeSync(file);
  }
}

describe.runIf(canMount)('a full disk under the data of a server', () => {
  it('is told, takes no scan with it, and is freed by removing scans', async () => {
    const disk = mountedFolder('size=32m');
    const data = join(disk, 'data');
    const ct = readFileSync(join(workshop, 'held-out', 'held-out_0_0000.nii.gz'));
    const mr = gunzipSync(
      readFileSync(await writeScan({ path: join(workshop, 'full-disk-mr.nii.gz'), seed: 7, modality: 'mr' })),
    );
    const server = await TestServer.start(['-d', join(workshop, 'detector'), '--data', data, '--keep-flagged']);
    // Flagged, and so its images are kept.
    const kept = await server.post('case=Jane+Doe', mr);
    expect([kept.status, await server.json('/readyz')]).toEqual([200, { status: 'ok' }]);
    const { hostname, port } = new URL(server.url);
    const socket = connect(Number(port), hostname);
    let answer = '';
    socket.setEncoding('utf8').on('data', (text: string) => {
      answer += text;
    });
    socket.write(
      `POST /v1/scans?case=under-way HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/gzip\r\nContent-Length: ${ct.length}\r\nConnection: close\r\n\r\n`,
    );
    socket.write(ct.subarray(0, 5000));
    const statusOf = async (name: string) =>
      (await server.json('/v1/scans')).scans.find((scan: { case: string }) => scan.case === name)?.status;
    await expect.poll(() => statusOf('under-way'), { timeout: 10_000 }).toBe('queued');
    fill(join(disk, 'fill'));
    socket.write(ct.subarray(5000));
    await new Promise((resolve) => socket.once('close', resolve));
    expect(answer).toMatch(/^HTTP\/1\.1 500 [\s\S]*the disk is full/);
    expect(await statusOf('under-way')).toBe('failed');
    // What the reserve gave up is taken too: from here on nothing can be written at all.
    fill(join(disk, 'fill2'));
    await expect.poll(async () => (await server.fetch('/readyz')).status, { timeout: 10_000 }).toBe(503);
    expect((await server.json('/readyz')).reason).toMatch(/^The (store cannot be written: the disk is full|disk of)/);
    const refused = await server.post('case=late', ct);
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '30']);
    expect([readdirSync(join(data, 'uploads')), await statusOf('late')]).toEqual([[], undefined]);
    // Its images go first where the record cannot, and that is room enough.
    const removed = await server.fetch(kept.headers.get('location') ?? '', { method: 'DELETE' });
    expect(removed.status).toBe(204);
    expect(readdirSync(join(data, 'images'))).toEqual([]);
    for (const name of readdirSync(data).filter((file) => file.startsWith('segcanary.db')))
      expect([name, readFileSync(join(data, name)).includes('Jane Doe')]).toEqual([name, false]);
    for (const name of ['fill', 'fill2']) rmSync(join(disk, name));
    await expect.poll(async () => (await server.fetch('/readyz')).status, { timeout: 10_000 }).toBe(200);
    expect((await server.post('case=after', ct)).status).toBe(200);
    expect(await server.stop()).toBe(0);
    expect(server.stderr).toMatch(/failed: cannot write the scan on the server: the disk is full, because: ENOSPC/);
    expect(server.stderr).toMatch(/was answered 500: cannot write the scan/);
    expect(server.stderr).toMatch(/The store can be written again\./);
    expect(server.stderr).not.toMatch(/Jane Doe|under-way/);
  }, 60_000);
});
