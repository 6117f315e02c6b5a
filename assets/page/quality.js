/** What Dice to expect of a segmentation: docs/quality.md says what the numbers mean. */
import { h } from './dom.js';
import { dice, percent } from './format.js';

const TRUST = {
  yes: { text: 'yes', mark: '●', kind: 'in' },
  no: { text: 'no', mark: '▲', kind: 'out' },
  unknown: { text: 'unknown', mark: '○', kind: 'none' },
};

/** Whether the segmentation can be relied on, as `badge` takes it; null where none was made. */
export const trustOf = (result) => TRUST[result?.trust] ?? null;

/** One line of it for a list; null where nothing is known. */
export function qualityLine(result) {
  if (!result?.quality) return null;
  return `expected Dice ${dice(result.quality.dice)} · trust: ${TRUST[result.trust]?.text ?? '–'}`;
}

/** In sentences, and label by label; nothing for a scan that was not segmented. */
export function quality({ voxels, quality: known, warnings }) {
  // Results of an older server say nothing of it.
  if (voxels === undefined || known === undefined) return null;
  if (known === null)
    return warnings.some(({ code }) => code === 'quality-of-others')
      ? null
      : h(
          'p',
          { class: 'soft' },
          'How good the segmentation is, is not estimated: the detector was calibrated without labels.',
        );
  const { level, atLeast, perLabel, note } = known;
  return h('div', { class: 'quality' }, [
    h('p', {}, [
      h('strong', {}, `Expected Dice ${dice(known.dice)}`),
      atLeast === null
        ? ', with no lower bound.'
        : `, and at least ${dice(atLeast)}: that holds for ${percent(level)} of scans or more.`,
      note === null ? '' : ` ${note}`,
    ]),
    Object.keys(perLabel).length > 1 ? labels(perLabel) : null,
  ]);
}

const labels = (perLabel) =>
  h('details', {}, [
    h('summary', {}, 'Each label'),
    h('table', { class: 'labels' }, [
      h(
        'thead',
        {},
        h(
          'tr',
          {},
          h('th', { scope: 'col' }, 'Label'),
          h('th', { scope: 'col', class: 'right' }, 'Expected Dice'),
          h('th', { scope: 'col', class: 'right' }, 'At least'),
        ),
      ),
      h(
        'tbody',
        {},
        Object.entries(perLabel).map(([name, of]) =>
          h(
            'tr',
            {},
            h('th', { scope: 'row' }, name),
            h('td', { class: 'right' }, dice(of.dice)),
            h('td', { class: 'right' }, dice(of.atLeast)),
          ),
        ),
      ),
    ]),
  ]);
