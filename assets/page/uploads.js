/**
 * Scans that this tab sends: one upload at a time, each watched to its end. They go on while
 * another view is shown.
 */
import { Gone, Refused, sendScan, watchScan } from './api.js';
import { say } from './dom.js';
import { bytes, outcome, stateOf } from './format.js';

/**
 * Files that were given to this tab, by the scan they are of. The browser reads them where they lie
 * and shows them; without --keep-flagged nobody else has them.
 *
 * @type {Map<string, File>}
 */
export const files = new Map();

/**
 * Tells of every change: `change`, and `accepted` with the upload as detail when the server has a
 * scan.
 */
export const events = new EventTarget();

/** Those that were not dismissed, newest last. */
export const uploads = [];

const changed = () => events.dispatchEvent(new Event('change'));
let isSending = false;

/** Scans that this tab sent as DICOM: it cannot show their files. @type {Set<string>} */
export const series = new Set();

/**
 * @param scan {name, kind, files}, as `scansIn` gives them
 * @param isOnly whether the user looks at this scan alone, and wants to see it
 */
export function add({ scan, query, isOnly }) {
  const { name, files: given } = scan;
  const upload = {
    name,
    scan,
    query,
    isOnly,
    phase: 'waiting',
    sent: 0,
    size: given.reduce((sum, file) => sum + file.size, 0),
    text: 'After those before it',
    progress: null,
    record: null,
    // Which series of several is asked for, once the server has said that there are.
    asksSeries: false,
    stop: new AbortController(),
  };
  uploads.push(upload);
  changed();
  next();
  return upload;
}

export function dismiss(upload) {
  upload.stop.abort();
  uploads.splice(uploads.indexOf(upload), 1);
  changed();
}

export function retry(upload) {
  upload.phase = 'waiting';
  upload.text = 'After those before it';
  upload.stop = new AbortController();
  changed();
  next();
}

async function next() {
  const upload = uploads.find(({ phase }) => phase === 'waiting');
  if (isSending || !upload) return;
  isSending = true;
  await send(upload);
  isSending = false;
  next();
}

function set(upload, changes) {
  Object.assign(upload, changes);
  changed();
}

async function send(upload) {
  const { signal } = upload.stop;
  for (;;) {
    try {
      set(upload, { phase: 'sending', sent: 0, text: `Sending ${bytes(upload.size)}` });
      const onSent = (loaded) => set(upload, { sent: loaded });
      const record = await sendScan(upload.scan, upload.query, { onSent, signal });
      if (upload.scan.kind === 'nifti') files.set(record.id, upload.scan.files[0]);
      else series.add(record.id);
      set(upload, { phase: 'scoring', record, text: 'Waiting for its turn' });
      say(`${upload.name} is on the server.`);
      events.dispatchEvent(new CustomEvent('accepted', { detail: upload }));
      watch(upload, signal);
      return;
    } catch (error) {
      if (signal.aborted) return;
      if (error instanceof Refused && error.status === 429) {
        const wait = Math.min(Math.max(error.retryAfter ?? 5, 1), 60);
        set(upload, { phase: 'held', text: `The server is busy; sent again in ${wait} s` });
        await new Promise((resolve) => setTimeout(resolve, wait * 1000));
        if (signal.aborted) return;
        continue;
      }
      return fail(upload, error);
    }
  }
}

async function watch(upload, signal) {
  try {
    const onProgress = (progress) => set(upload, { progress, text: `Patch ${progress.patches} of ${progress.total}` });
    const record = await watchScan(upload.record.id, { onProgress, signal });
    if (record === null) return set(upload, { phase: 'failed', text: 'It was removed from the server.' });
    const { text } = stateOf(record);
    set(upload, { phase: record.status === 'done' ? 'done' : 'failed', record, text: record.error?.message ?? text });
    say(`${upload.name}: ${record.error?.message ?? outcome(record)}`);
  } catch (error) {
    if (!signal.aborted) fail(upload, error);
  }
}

function fail(upload, error) {
  set(upload, {
    phase: 'failed',
    asksSeries: error.option === 'series',
    text: error instanceof Gone ? 'The server went away before it had the scan.' : error.message,
  });
  say(`${upload.name}: ${upload.text}`);
}
