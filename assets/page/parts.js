/** Small pieces that several views show. */
import { h } from './dom.js';
import { time } from './format.js';

/** A verdict or a status: a mark and words, so that the colour need not be seen. */
export const badge = ({ text, mark, kind }) =>
  h('span', { class: `badge ${kind}` }, h('span', { 'aria-hidden': 'true' }, mark), ` ${text}`);

export const moment = (iso) => (iso === null ? '–' : h('time', { dateTime: iso, title: iso }, time(iso)));
