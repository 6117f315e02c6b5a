/** Which groups of features of the network have moved, and what in them. */
import { h } from './dom.js';
import { number, times } from './format.js';
import { bar, head } from './parts.js';

/** From here on a group has moved: so many deviations, or times the distance, of training. */
const MOVED = 2;

/** The group that is of the whole scan, and not of its patches. */
const isWhole = ({ name }) => name === 'intensities';

/** Groups are the stages of the encoder, or channels of one of them. */
const isStages = (groups) => groups[0].name.startsWith('stage');

/**
 * What groups are rated by. Where the detector knows which features moved, its score is made of the
 * z of its groups; those of the others are read by how many times further they lie.
 */
const ratingOf = (groups) =>
  groups.some(({ moved }) => moved)
    ? { of: ({ z }) => z, far: (z) => `${number(z)} deviations from training patches`, more: 'two', usual: 1 }
    : { of: ({ ratio }) => ratio, far: (x) => `${times(x)} as far as training patches`, more: 'twice', usual: 1.5 };

/** What the intensities of the whole scan say, in a sentence; null where they say nothing. */
export function movedWhole(all, score) {
  const whole = all?.find(isWhole);
  if (!whole || whole.z <= MOVED) return null;
  const far = `${number(whole.z)} deviations from those of training scans`;
  return whole.z === score
    ? `The score is that of the scan’s intensities as a whole, ${far}: no place in the scan stands for it.`
    : `The scan’s intensities as a whole lie ${far}.`;
}

/** The most telling of the others, in a sentence. */
export function movedMost(all) {
  const groups = all.filter((group) => !isWhole(group));
  const rating = ratingOf(groups);
  const [most] = [...groups].sort((a, b) => rating.of(b) - rating.of(a));
  if (rating.of(most) <= rating.usual)
    return 'No part of the encoder has moved by itself: all lie about where training patches do.';
  const moved = groups.filter((group) => rating.of(group) > MOVED).length;
  const names = isStages(groups) ? 'stages' : 'groups';
  return `${most.name} ${moved > 0 ? 'has moved most' : 'lies furthest'}: ${rating.far(rating.of(most))}${moved > 1 ? `, and ${moved} of ${groups.length} ${names} more than ${rating.more}` : ''}.`;
}

export function movedGroups(groups) {
  const [title, name] = isStages(groups) ? ['Which stage moved', 'Stage'] : ['Which channels moved', 'Group'];
  const knowsFeatures = groups.some(({ moved }) => moved);
  return h('div', { class: 'part' }, [
    h('h3', {}, title),
    h(
      'p',
      { class: 'soft' },
      knowsFeatures
        ? 'z: deviations from the usual training patch, on a logarithmic scale. Ratio: squared distance, over that patch’s. From the input on.'
        : 'Distance from the training patches, over theirs: 1 is as in training. From the input on.',
    ),
    h('table', {}, knowsFeatures ? byDeviation(groups, name) : byRatio(groups, name)),
  ]);
}

/** Groups whose z make the score, each with the features that moved most. */
function byDeviation(groups, name) {
  const most = Math.max(...groups.map(({ z }) => z), MOVED);
  return [
    head([[name], ['z', 'right'], ['', 'grow'], ['Ratio', 'right']]),
    h(
      'tbody',
      {},
      groups.map(({ name, z, ratio, moved }) => [
        h('tr', { class: moved ? 'led' : null }, [
          h('th', { scope: 'row' }, name),
          h('td', { class: 'right' }, number(z)),
          h('td', { class: 'grow' }, bar(z / most, z > MOVED ? 'out' : 'in')),
          h('td', { class: 'right' }, times(ratio)),
        ]),
        moved
          ? h('tr', {}, h('td', { colSpan: 4, class: 'soft' }, `Channels: ${moved.map(featureOf).join(', ')}`))
          : null,
      ]),
    ),
  ];
}

const featureOf = ({ channel, statistic, z }) => `${channel} ${statistic} ${z > 0 ? '+' : '−'}${number(Math.abs(z))}`;

function byRatio(groups, name) {
  const most = Math.max(...groups.map(({ ratio }) => ratio), MOVED);
  // From 1, where training is, on a logarithmic scale.
  const share = (ratio) => Math.log(Math.max(ratio, 1)) / Math.log(most);
  return [
    head([[name], ['Ratio', 'right'], ['', 'grow'], ['z', 'right']]),
    h(
      'tbody',
      {},
      groups.map(({ name, ratio, z }) =>
        h('tr', {}, [
          h('th', { scope: 'row' }, name),
          h('td', { class: 'right' }, times(ratio)),
          h('td', { class: 'grow' }, bar(share(ratio), ratio > MOVED ? 'out' : 'in')),
          h('td', { class: 'right' }, number(z)),
        ]),
      ),
    ),
  ];
}
