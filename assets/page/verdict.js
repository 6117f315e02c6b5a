/** What came of a scan: its verdict in words, with the numbers that it rests on. */
import { h } from './dom.js';
import { dice, number, percent } from './format.js';
import { badge } from './parts.js';
import { quality, trustOf } from './quality.js';
import { scoreStrip } from './score-strip.js';

export function verdict(record, detector, calibration, progress) {
  const { status, result, error } = record;
  if (status === 'queued' || status === 'running') return h('div', { class: 'progress' }, progress.bar, progress.text);
  if (status === 'interrupted') return h('p', {}, 'The server ended before this scan was done. Send it again.');
  if (status === 'failed')
    return [h('p', { class: 'problem' }, error.message), h('p', { class: 'soft' }, `Code: ${error.code}`)];
  if (!result?.verdict) return h('p', {}, 'It was segmented without a detector, so that nothing is said about it.');
  const { score, boundary, warnings } = result;
  return [
    figures(result),
    h('p', { class: 'lead' }, sentences(result)),
    quality(result),
    calibration.length > 0 && detector ? scoreStrip({ score, boundary, calibration, verdict: result.verdict }) : null,
    warnings.length > 0
      ? h(
          'ul',
          { class: 'warnings', 'aria-label': 'Warnings' },
          warnings.map(({ code, message }) => h('li', {}, h('strong', {}, code), ` ${message}`)),
        )
      : null,
  ];
}

/** The p-value first: scores of two detectors mean different things, and p-values the same. */
function figures(result) {
  const { pValue, score, boundary, quality: known } = result;
  const figure = (name, value) => h('div', {}, h('dt', {}, name), h('dd', {}, value));
  const trust = trustOf(result);
  return h('dl', { class: 'figures' }, [
    typeof pValue === 'number' ? figure('p-value', number(pValue)) : null,
    figure('Score', number(score)),
    boundary === null ? null : figure('Boundary', number(boundary)),
    known ? figure('Expected Dice', dice(known.dice)) : null,
    known ? figure('At least', dice(known.atLeast)) : null,
    trust ? figure('Trust the segmentation', badge(trust)) : null,
  ]);
}

function sentences({ verdict, pValue, boundary }) {
  if (verdict === 'uncalibrated')
    return 'The detector is not calibrated, so there is nothing to compare the score with.';
  const chance =
    typeof pValue === 'number'
      ? `Of scans like those of the calibration, at most ${percent(pValue)} score as high as this one. `
      : '';
  const isOut = verdict === 'out-of-distribution';
  const place = `Its score is ${isOut ? 'above' : 'not above'} the boundary of ${number(boundary)}. `;
  return (
    chance +
    place +
    (isOut
      ? 'The network sees in it what it has not seen in its training scans: look at the segmentation before it is used.'
      : 'The network sees in it what it has seen in its training scans. That is about the scan, and no proof that the segmentation is right.')
  );
}
