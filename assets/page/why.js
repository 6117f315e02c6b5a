/** What explains a verdict: docs/explaining.md says what the numbers mean. */
import { axis, chart, color, drawInTheme } from './charting.js';
import { h } from './dom.js';
import { number } from './format.js';
import { movedGroups, movedMost, movedWhole } from './moved-groups.js';
import { bar, head } from './parts.js';

/**
 * @param jump shows a voxel of the scan
 */
export function why(record, { jump, signal }) {
  const title = h(
    'h2',
    { id: 'why-title' },
    record.result?.verdict === 'out-of-distribution' ? 'Why it was flagged' : 'What the score is made of',
  );
  const { explanation, result } = record;
  if (record.status === 'queued' || record.status === 'running')
    return [title, h('p', { class: 'soft' }, 'Here it will say what the score is made of.')];
  if (!explanation || !result) return [title, h('p', { class: 'soft' }, 'There is no explanation for this scan.')];
  const { patches, groups, intensities, notes } = explanation;
  return [
    title,
    h(
      'ul',
      { class: 'summary' },
      summary(explanation, result.score).map((text) => h('li', {}, text)),
    ),
    patches ? largestPatches(patches, jump) : null,
    groups ? movedGroups(groups) : null,
    intensities.map((of) => histogram(of, signal)),
    notes.length > 0
      ? h(
          'ul',
          { class: 'soft notes' },
          notes.map(({ message }) => h('li', {}, message)),
        )
      : null,
  ];
}

/** The most telling number of each part, in a sentence. */
function summary({ patches, groups, intensities }, score) {
  const lines = [];
  if (groups?.length > 0) lines.push(movedMost(groups));
  const whole = movedWhole(groups, score);
  if (whole) lines.push(whole);
  for (const { channel, unit, distance, trainingDistances } of intensities) {
    if (distance === null || trainingDistances === null) continue;
    const u = unit ? ` ${unit}` : '';
    lines.push(
      distance > 2 * trainingDistances.max
        ? `The intensities of ${channel} are foreign: ${number(distance)}${u} from those of training, where scans differ by ${number(trainingDistances.max)}${u} at most.`
        : distance > trainingDistances.max
          ? `The intensities of ${channel} lie ${number(distance)}${u} from those of training, a little more than any training scan (${number(trainingDistances.max)}${u}).`
          : `The intensities of ${channel} lie ${number(distance)}${u} from those of training, no further than training scans do (${number(trainingDistances.max)}${u}).`,
    );
  }
  if (patches?.length > 0) {
    const [{ distance, centre }] = patches;
    lines.push(
      `The patch that lies furthest away is at voxel ${centre.join(', ')}, with a distance of ${number(distance)}.`,
    );
  }
  return lines;
}

function largestPatches(patches, jump) {
  const most = Math.max(patches[0]?.distance ?? 0, Number.MIN_VALUE);
  return h('div', { class: 'part' }, [
    h('h3', {}, 'Largest patches'),
    h('table', {}, [
      head([['Distance'], ['Weight', 'right'], ['Centre, voxel', 'right'], ['']]),
      h(
        'tbody',
        {},
        patches.map(({ distance, weight, centre }, i) =>
          h('tr', {}, [
            h('th', { scope: 'row' }, number(distance), bar(distance / most, 'out')),
            h('td', { class: 'right' }, `${number(100 * weight)} %`),
            h('td', { class: 'right' }, centre.join(', ')),
            h(
              'td',
              { class: 'right' },
              h(
                'button',
                {
                  type: 'button',
                  class: 'small',
                  onclick: () => jump(centre),
                  'aria-label': `Show patch ${i + 1} at voxel ${centre.join(', ')}`,
                },
                'Show',
              ),
            ),
          ]),
        ),
      ),
    ]),
  ]);
}

/** The first and the last bin in which anything lies, of either. */
function filled(scan, training) {
  const isThere = (i) => scan[i] > 0.0005 || (training?.[i] ?? 0) > 0.0005;
  const bins = scan.map((_, i) => i).filter(isThere);
  return bins.length > 0 ? [bins[0], bins.at(-1)] : [0, scan.length - 1];
}

function histogram({ channel, unit, edges, scan, training, distance, trainingDistances }, signal) {
  const [from, to] = filled(scan, training);
  const isEven = unit === 'HU';
  const labels = [];
  for (let i = from; i <= to; i++) labels.push(isEven ? (edges[i] + edges[i + 1]) / 2 : edges[i]);
  const u = unit ? ` ${unit}` : '';
  const canvas = h('canvas', {
    role: 'img',
    'aria-label':
      `Histogram of ${channel} from ${number(edges[from])} to ${number(edges[to + 1])}${u}` +
      (training ? `, with that of training; they are ${number(distance)}${u} apart.` : '.'),
  });
  const of = (label, shares, ink) => ({
    label,
    data: shares.slice(from, to + 1).map((share) => 100 * share),
    backgroundColor: ink,
    categoryPercentage: 1,
    barPercentage: 0.92,
  });
  const box = h('div', { class: 'part' }, [
    h('h3', {}, `Intensities of ${channel}${unit ? `, ${unit}` : ''}`),
    h('div', { class: 'keys soft' }, [
      h('span', {}, h('i', { class: 'key scan', 'aria-hidden': 'true' }), 'this scan'),
      training ? h('span', {}, h('i', { class: 'key training', 'aria-hidden': 'true' }), 'training') : null,
      distance === null
        ? null
        : h(
            'span',
            {},
            `${number(distance)}${u} apart`,
            trainingDistances
              ? `; training scans ${number(trainingDistances.mean)} on average, ${number(trainingDistances.max)} at most`
              : '',
          ),
    ]),
    h('div', { class: 'plot small' }, canvas),
  ]);
  drawInTheme(() => {
    // Chart.js measures what holds the canvas, which has no size before it is in the page.
    requestAnimationFrame(() => {
      if (signal.aborted || !canvas.isConnected) return;
      chart(canvas, {
        type: 'bar',
        data: {
          labels,
          datasets: [
            of('this scan', scan, color('bar-scan')),
            ...(training ? [of('training', training, color('bar-training'))] : []),
          ],
        },
        options: {
          scales: {
            x: axis('', { ticks: { callback: (i) => number(labels[i]) }, grid: { display: false } }),
            y: axis('% of voxels', { beginAtZero: true, ticks: { maxTicksLimit: 5 } }),
          },
          interaction: { mode: 'index', intersect: false },
          plugins: {
            legend: { display: false },
            tooltip: {
              callbacks: {
                title: ([{ dataIndex: i }]) => `${number(edges[from + i])} to ${number(edges[from + i + 1])}${u}`,
                label: ({ dataset, raw }) => `${dataset.label}: ${number(raw)} %`,
              },
            },
          },
        },
      });
    });
  }, signal);
  signal.addEventListener('abort', () => globalThis.Chart.getChart(canvas)?.destroy());
  return box;
}
