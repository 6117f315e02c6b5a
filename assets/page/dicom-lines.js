/**
 * What comes in by DICOM and what is to be sent, in a line each; nothing where there is neither.
 */
import { fill, h } from './dom.js';
import { time } from './format.js';

const scans = (n) => `${n} ${n === 1 ? 'scan' : 'scans'}`;

export class DicomLines {
  element = h('section', { class: 'dicom soft', 'aria-label': 'DICOM', hidden: true });

  /** @param found the answer of v1/dicom */
  show({ door, outbox }) {
    this.element.hidden = !door && !outbox;
    fill(this.element, [door && h('p', {}, doorLine(door)), outbox && h('p', {}, outboxLine(outbox))]);
  }
}

const doorLine = ({ aet, gathering, waiting }) =>
  `DICOM as ${aet}: ${gathering} series coming in, ${waiting} waiting for their turn.`;

function outboxLine({ to, waiting, failed, oldest, error }) {
  const parts = [
    `Waiting to be sent to ${to}: ${scans(waiting)}${oldest ? `, the oldest since ${time(oldest)}` : ''}.`,
  ];
  if (failed > 0) parts.push(`Not sent in time: ${scans(failed)}; they are tried again when the server starts.`);
  if (error && waiting + failed > 0) parts.push(`Last error: ${error}`);
  return parts.join(' ');
}
