/** Numbers and times as the page writes them. */

/** Three significant digits; whole above 1000. */
export function number(x) {
  if (x === null || x === undefined || !Number.isFinite(x)) return '–';
  const size = Math.abs(x);
  if (size === 0) return '0';
  if (size >= 1e7 || size < 1e-3) return x.toExponential(2);
  return size >= 1000 ? x.toFixed(0) : String(Number(x.toPrecision(3)));
}

/** A Dice: two digits, which is more than an estimate of one knows. */
export const dice = (x) => (typeof x === 'number' ? x.toFixed(2) : '–');

/** A share as people say it. */
export const percent = (share) => `${number(100 * share)} %`;

/** How many times more, as people say it. */
export const times = (x) => `${number(x)} ×`;

export function seconds(x) {
  if (x === null) return '–';
  if (x < 10) return `${x.toFixed(1)} s`;
  return x < 120 ? `${x.toFixed(0)} s` : `${Math.floor(x / 60)} min ${Math.round(x % 60)} s`;
}

export function bytes(n) {
  return n < 1e6 ? `${Math.max(1, Math.round(n / 1e3))} kB` : `${number(n / 1e6)} MB`;
}

const two = (n) => String(n).padStart(2, '0');

/** A time of ISO 8601 in this browser's zone: 2026-11-23 16:25. */
export function time(iso) {
  if (iso === null) return '–';
  const t = new Date(iso);
  return `${t.getFullYear()}-${two(t.getMonth() + 1)}-${two(t.getDate())} ${two(t.getHours())}:${two(t.getMinutes())}`;
}

/** The same, shorter, for an axis. */
export function shortTime(milliseconds, span) {
  const t = new Date(milliseconds);
  const clock = `${two(t.getHours())}:${two(t.getMinutes())}`;
  if (span < 60_000) return `${clock}:${two(t.getSeconds())}`;
  const day = `${two(t.getMonth() + 1)}-${two(t.getDate())}`;
  return span < 24 * 3600_000 ? clock : span < 4 * 24 * 3600_000 ? `${day} ${clock}` : day;
}

export const VERDICTS = {
  'in-distribution': { text: 'in distribution', mark: '●', kind: 'in' },
  'out-of-distribution': { text: 'out of distribution', mark: '▲', kind: 'out' },
  uncalibrated: { text: 'uncalibrated', mark: '○', kind: 'none' },
};

export const STATUSES = {
  queued: { text: 'waiting', mark: '◌', kind: 'none' },
  running: { text: 'being scored', mark: '◔', kind: 'busy' },
  done: { text: 'done', mark: '○', kind: 'none' },
  failed: { text: 'failed', mark: '✕', kind: 'failed' },
  interrupted: { text: 'interrupted', mark: '✕', kind: 'failed' },
};

/** What is to be said first of a scan: its verdict, or where it is. */
export function stateOf({ status, result }) {
  if (status !== 'done') return STATUSES[status];
  return VERDICTS[result?.verdict] ?? { text: 'segmented', mark: '○', kind: 'none' };
}

/** The same for who hears it, with its number. */
export function outcome(record) {
  const { pValue, score } = record.result ?? {};
  return `${stateOf(record).text}, ${typeof pValue === 'number' ? `p-value ${number(pValue)}` : `score ${number(score)}`}`;
}

/** The name of a case from the name of its file, as segcanary's command line makes it. */
export function caseName(file) {
  const name = file.replace(/\.nii(\.gz)?$/i, '').replace(/_0000$/, '');
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what the server refuses
  return name.replace(/[/\\\u0000-\u001f\u007f-\u009f\u2028\u2029]/g, ' ').slice(0, 200) || 'scan';
}

export const isNifti = (file) => /\.nii(\.gz)?$/i.test(file);
