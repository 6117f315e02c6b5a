/** Where a score lies among those of the calibration scans. */
import { h, svg } from './dom.js';
import { number } from './format.js';

const [WIDTH, HEIGHT, PAD] = [600, 40, 12];

export function scoreStrip({ score, boundary, calibration, verdict }) {
  const all = [...calibration, score, ...(boundary === null ? [] : [boundary])];
  const [least, most] = [Math.min(...all), Math.max(...all)];
  // A score that is a hundred times the boundary would push all others into one point.
  const scale = least > 0 && most / least > 8 ? Math.log : (v) => v;
  const x = (v) => PAD + ((scale(v) - scale(least)) / (scale(most) - scale(least) || 1)) * (WIDTH - 2 * PAD);
  const middle = HEIGHT / 2;
  const isOut = verdict === 'out-of-distribution';
  const at = x(score);
  const drawing = svg(
    'svg',
    {
      viewBox: `0 0 ${WIDTH} ${HEIGHT}`,
      role: 'img',
      class: 'strip',
      'aria-label': `Score ${number(score)}; ${calibration.length} calibration scans from ${number(Math.min(...calibration))} to ${number(Math.max(...calibration))}${boundary === null ? '' : `; boundary ${number(boundary)}`}.`,
    },
    svg('line', { x1: PAD, x2: WIDTH - PAD, y1: middle, y2: middle, class: 'rule' }),
    calibration.map((v) => svg('circle', { cx: x(v), cy: middle, r: 4, class: 'calibration' })),
    boundary === null
      ? null
      : svg('line', { x1: x(boundary), x2: x(boundary), y1: 4, y2: HEIGHT - 4, class: 'boundary' }),
    isOut
      ? svg('path', { d: `M${at} ${middle - 10} l10 17 h-20 z`, class: 'out' })
      : svg('circle', { cx: at, cy: middle, r: 8, class: 'in' }),
  );
  const key = (kind, text) => h('span', {}, h('i', { class: `key ${kind}`, 'aria-hidden': 'true' }), text);
  return h('figure', { class: 'strip-box' }, [
    drawing,
    h('figcaption', { class: 'soft' }, [
      key(isOut ? 'out' : 'in', 'this scan'),
      key('calibration', `${calibration.length} calibration scans`),
      boundary === null ? null : key('boundary', `boundary ${number(boundary)}`),
      scale === Math.log ? h('span', {}, 'log scale') : null,
    ]),
  ]);
}
