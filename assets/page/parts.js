/** Small pieces that several views show. */
import { h } from './dom.js';
import { time } from './format.js';

/** A verdict or a status: a mark and words, so that the colour need not be seen. */
export const badge = ({ text, mark, kind }) =>
  h('span', { class: `badge ${kind}` }, h('span', { 'aria-hidden': 'true' }, mark), ` ${text}`);

/** The head of a table, from texts with the classes of their columns. */
export const head = (names) =>
  h(
    'thead',
    {},
    h(
      'tr',
      {},
      names.map(([text, kind]) => h('th', { scope: 'col', class: kind }, text)),
    ),
  );

/** A bar of at most the whole width; a share below 0 is as one of 0. */
export function bar(share, kind) {
  const fill = h('span', { class: kind });
  fill.style.width = `${Math.max(1, Math.min(100, 100 * share))}%`;
  return h('span', { class: 'bar', 'aria-hidden': 'true' }, fill);
}

export const moment = (iso) => (iso === null ? '–' : h('time', { dateTime: iso, title: iso }, time(iso)));
