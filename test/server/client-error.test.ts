import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { errorBody } from '../../src/protocol/error-schema.js';
import { brokenRequest } from '../../src/server/client-error.js';
import { TestServer } from '../support/server.js';

let server: TestServer;
beforeAll(async () => {
  server = await TestServer.here({ detectors: [`chest=${join(inject('workshop'), 'detector')}`] });
});
afterAll(() => server.stop());

/** All that comes back for these bytes until the connection is closed. */
async function raw(bytes: string): Promise<{ head: string; body: string }> {
  const { hostname, port } = new URL(server.url);
  const socket = connect(Number(port), hostname);
  socket.write(bytes, 'latin1');
  let text = '';
  for await (const piece of socket.setEncoding('utf8')) text += piece;
  const at = text.indexOf('\r\n\r\n');
  return { head: text.slice(0, at), body: text.slice(at + 4) };
}

const GET = 'GET /healthz HTTP/1.1\r\nHost: localhost\r\n';

it.each([
  ['no request', 'Dear diary\r\n\r\n', 400, 'usage'],
  ['a version that there is not', 'GET / HTTP/9.9\r\nHost: localhost\r\n\r\n', 400, 'usage'],
  ['no Host', 'GET /healthz HTTP/1.1\r\n\r\n', 400, 'usage'],
  ['two Hosts', `${GET}Host: localhost\r\n\r\n`, 400, 'usage'],
  ['another host in the target', 'GET http://evil/healthz HTTP/1.1\r\nHost: localhost\r\n\r\n', 400, 'usage'],
  ['a head of 20 KiB', `${GET}X-Long: ${'a'.repeat(20_000)}\r\n\r\n`, 431, 'too-large'],
  ['an address of 20 KiB', `GET /${'a'.repeat(20_000)} HTTP/1.1\r\nHost: localhost\r\n\r\n`, 431, 'too-large'],
  ['two lengths', `${GET}Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\nabc`, 400, 'usage'],
  ['a header with a zero byte', `${GET}X: a\0b\r\n\r\n`, 400, 'usage'],
  ['an expectation', `${GET}Expect: tea\r\n\r\n`, 417, 'usage'],
  ['a proxy', 'CONNECT example.org:443 HTTP/1.1\r\nHost: example.org\r\n\r\n', 405, 'method-not-allowed'],
  [
    'a chunk without a length',
    'POST /v1/scans HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/gzip\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n',
    400,
    'usage',
  ],
])('%s is answered as every error is, and the connection closed', async (_, bytes, status, code) => {
  const { head, body } = await raw(bytes);
  expect(head).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
  expect(head).toMatch(/\r\ncontent-type: application\/json; charset=utf-8(\r\n|$)/i);
  expect(head).toMatch(/\r\nx-content-type-options: nosniff(\r\n|$)/i);
  expect(head).toMatch(/\r\nconnection: close(\r\n|$)/i);
  const { error } = errorBody.parse(JSON.parse(body));
  expect(error.code).toBe(code);
  expect(error.message).toMatch(/^[^\n]+\.$/);
  expect((await server.fetch('/healthz')).status).toBe(200);
});

it('says in which way the bytes are no request', () => {
  const said = (code: string) => {
    const { status, code: name } = brokenRequest(Object.assign(new Error('no'), { code }));
    return [status, name];
  };
  expect(said('ERR_HTTP_REQUEST_TIMEOUT')).toEqual([408, 'timed-out']);
  expect(said('HPE_CHUNK_EXTENSIONS_OVERFLOW')).toEqual([413, 'too-large']);
  expect(said('HPE_INVALID_METHOD')).toEqual([400, 'usage']);
});

it('an answer that is under way is not broken into', async () => {
  const { hostname, port } = new URL(server.url);
  const socket = connect(Number(port), hostname).on('error', () => {});
  let text = '';
  socket.setEncoding('latin1').on('data', (piece: string) => {
    text += piece;
  });
  // The body of the first answer is large, and little of it is read yet.
  socket.write('GET /assets/niivue.js HTTP/1.1\r\nHost: localhost\r\n\r\n');
  socket.pause();
  await wait(300);
  socket.write('Dear diary\r\n\r\n');
  await wait(100);
  socket.resume();
  await new Promise((resolve) => socket.once('close', resolve));
  const head = text.slice(0, text.indexOf('\r\n\r\n') + 4);
  expect(head).toMatch(/^HTTP\/1\.1 200 /);
  const [, length] = /content-length: (\d+)/.exec(head) ?? [];
  const second = text.indexOf('HTTP/1.1 400 ', head.length);
  expect([-1, head.length + Number(length)]).toContain(second);
});

it.each([
  '..%2f',
  '..%2f..%2fpackage.json',
  '%2e%2e%2findex.html',
  '%00',
  'index.html%00.css',
  '..%5c',
  '..%252f',
  '.',
  '..;/',
  'no-such-file.css',
  'theme/',
  '%e2%80%ae.css',
])('/docs/static/%s is not there', async (path) => {
  for (const start of ['/docs/static/', '/assets/', '/docs/']) {
    const { head, body } = await raw(`GET ${start}${path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`);
    expect([start, head.split('\r\n')[0]]).toEqual([start, 'HTTP/1.1 404 Not Found']);
    expect(errorBody.parse(JSON.parse(body)).error.code).toBe('not-found');
  }
});

it('what is there still is', async () => {
  for (const path of ['/docs/', '/docs/static/swagger-ui.css', '/docs/static/logo.svg', '/assets/style.css', '/'])
    expect([path, (await server.fetch(path)).status]).toEqual([path, 200]);
});
