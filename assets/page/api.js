/**
 * The server's HTTP interface, as the page uses it. Addresses are relative, so that a proxy may
 * serve it under a path.
 */
import { relatedBody } from './given.js';
import { eventsOf, textOf } from './sse.js';
import { askForToken, token } from './token.js';

/** What the server said no to, in its own sentence. */
export class Refused extends Error {
  constructor(status, { code, message, option }, retryAfter = null) {
    super(message);
    this.status = status;
    this.code = code;
    /** The query parameter that would help, where the server names one. */
    this.option = option ?? null;
    /** Seconds, where the server said when to come back. */
    this.retryAfter = retryAfter;
  }
}

/** Nobody answered. */
export class Gone extends Error {
  constructor() {
    super('The server does not answer.');
  }
}

/** Tells of the server: `gone` when it stops answering, `back` when it does again. */
export const link = new EventTarget();
let isGone = false;

function lost() {
  if (isGone) return;
  isGone = true;
  link.dispatchEvent(new Event('gone'));
  const ask = async (wait) => {
    const answer = await fetch('healthz', { cache: 'no-store' }).catch(() => null);
    if (!answer?.ok) return setTimeout(() => ask(Math.min(wait * 1.5, 10_000)), wait);
    isGone = false;
    link.dispatchEvent(new Event('back'));
  };
  setTimeout(() => ask(1500), 1000);
}

const authorization = () => (token.get() === null ? {} : { authorization: `Bearer ${token.get()}` });

/**
 * Asks the server, and for the token where it wants one.
 *
 * @throws Refused, Gone, and an AbortError where `signal` says so
 */
export async function request(path, { method = 'GET', headers = {}, signal } = {}) {
  for (;;) {
    const sent = token.get();
    let answer;
    try {
      answer = await fetch(path, { method, headers: { ...headers, ...authorization() }, signal, cache: 'no-store' });
    } catch (error) {
      if (signal?.aborted) throw error;
      lost();
      throw new Gone();
    }
    if (answer.ok) return answer;
    const refused = refusal(answer.status, await answer.text().catch(() => ''), answer.headers.get('retry-after'));
    if (refused.status !== 401 || !(await askForToken(sent))) throw refused;
  }
}

const json = async (path, options) => (await request(path, options)).json();

function refusal(status, text, retryAfter) {
  let error = null;
  try {
    ({ error } = JSON.parse(text));
  } catch {
    // A proxy answers in HTML.
  }
  error ??= { code: 'http', message: `The server, or a proxy before it, answered with ${status}.` };
  return new Refused(status, error, retryAfter === null ? null : Number(retryAfter));
}

const parameters = (given) =>
  new URLSearchParams(Object.entries(given).filter(([, v]) => v !== null && v !== undefined && v !== ''));

export const listDetectors = (options) => json('v1/detectors', options);
export const listScans = (filter, options) => json(`v1/scans?${parameters(filter)}`, options);
export const getScan = (id, options) => json(`v1/scans/${encodeURIComponent(id)}`, options);
export const removeScan = (id) => request(`v1/scans/${encodeURIComponent(id)}`, { method: 'DELETE' });
/** @param of `{ site }`, `{ scanner }` or neither */
export const getDrift = (detector, of, options) =>
  json(`v1/detectors/${encodeURIComponent(detector)}/drift?${parameters(of)}`, options);
export const getDicom = (options) => json('v1/dicom', options);

/** An image that the server kept, as a file under a name that says whether it is packed. */
export async function getImage(id, name, options) {
  const answer = await request(`v1/scans/${encodeURIComponent(id)}/${name}`, options);
  const blob = await answer.blob();
  const [a, b] = new Uint8Array(await blob.slice(0, 2).arrayBuffer());
  return new File([blob], `${name}.nii${a === 0x1f && b === 0x8b ? '.gz' : ''}`);
}

/**
 * Watches a scan until it ends, through broken connections, and gives its record; null where it was
 * removed.
 *
 * @param onProgress told of {patches, total}
 */
export async function watchScan(id, { onProgress, signal }) {
  for (let wait = 1000; ; wait = Math.min(wait * 2, 10_000)) {
    try {
      const answer = await request(`v1/scans/${encodeURIComponent(id)}/events`, { signal });
      for await (const { event, data } of eventsOf(textOf(answer.body))) {
        wait = 1000;
        if (event === 'progress') onProgress(JSON.parse(data));
        else return JSON.parse(data);
      }
    } catch (error) {
      if (signal?.aborted) throw error;
      if (error instanceof Refused) {
        if (error.status === 404) return null;
        throw error;
      }
    }
    await new Promise((resolve) => setTimeout(resolve, wait));
    signal?.throwIfAborted();
  }
}

/**
 * Sends a scan and comes back with its record when the server has it; the scan is scored later. By
 * XMLHttpRequest, since fetch does not tell how much was sent.
 *
 * @param scan {kind, files}: one a channel in their order, an archive, or files of a DICOM series
 * @param onSent told of bytes sent and all
 */
export async function sendScan(scan, query, { onSent, signal }) {
  for (;;) {
    const sent = token.get();
    const { status, text, retryAfter } = await post(bodyOf(scan), query, { onSent, signal });
    if (status === 202) return JSON.parse(text);
    const refused = refusal(status, text, retryAfter);
    if (status !== 401 || !(await askForToken(sent))) throw refused;
  }
}

/** The type of a body, null where the browser says it, and the body; read as it is sent. */
function bodyOf({ kind, files }) {
  if (kind === 'dicom') return relatedBody(files);
  if (files.length === 1) {
    const [body] = files;
    if (/\.gz$|\.tgz$/i.test(body.name)) return { type: 'application/gzip', body };
    return { type: /\.zip$/i.test(body.name) ? 'application/zip' : 'application/octet-stream', body };
  }
  const body = new FormData();
  for (const [i, file] of files.entries()) body.append(`channel-${i}`, file, file.name);
  return { type: null, body };
}

function post({ type, body }, query, { onSent, signal }) {
  return new Promise((resolve, reject) => {
    const call = new XMLHttpRequest();
    call.open('POST', `v1/scans?${parameters(query)}`);
    call.setRequestHeader('prefer', 'respond-async');
    for (const [name, value] of Object.entries(authorization())) call.setRequestHeader(name, value);
    call.upload.addEventListener('progress', ({ loaded, total }) => onSent(loaded, total));
    call.addEventListener('load', () =>
      resolve({ status: call.status, text: call.responseText, retryAfter: call.getResponseHeader('retry-after') }),
    );
    call.addEventListener('error', () => {
      lost();
      reject(new Gone());
    });
    call.addEventListener('abort', () => reject(new DOMException('The upload was cancelled.', 'AbortError')));
    signal?.addEventListener('abort', () => call.abort());
    if (type !== null) call.setRequestHeader('content-type', type);
    call.send(body);
  });
}
