/** The scores of a detector over time, beside its boundary, and the drift test on them. */
import { axis, band, chart, color, drawInTheme, levels } from './charting.js';
import { fill, h } from './dom.js';
import { number, shortTime, time } from './format.js';

/** How many scans the table under the charts names. */
const NUMBERS = 30;

export class DriftCharts {
  element;
  #title = h('h2', { id: 'drift-title' });
  #alarm = h('p', { class: 'drift-state' });
  #scores = h('canvas', { role: 'img', id: 'score-chart', 'aria-label': 'Scores' });
  #martingale = h('canvas', { role: 'img', id: 'drift-chart', 'aria-label': 'Drift test' });
  #numbers = h('tbody');
  #plots;
  #empty = h(
    'p',
    { class: 'state', hidden: true },
    'No scan has been scored here yet. The charts begin with the first.',
  );
  #details;
  #by = 'order';
  #shown = '';
  #data = null;

  constructor(signal) {
    const radio = (value, text) =>
      h(
        'label',
        {},
        h('input', {
          type: 'radio',
          name: 'by',
          value,
          checked: value === this.#by,
          onchange: () => this.#order(value),
        }),
        text,
      );
    const plot = (title, canvas, note) =>
      h(
        'figure',
        {},
        h('figcaption', {}, h('strong', {}, title), h('span', { class: 'soft' }, note)),
        h('div', { class: 'plot' }, canvas),
      );
    this.#plots = h('div', { class: 'plots' }, [
      plot('Scores', this.#scores, ' · a point opens its scan'),
      plot('Drift', this.#martingale, ' · how strongly the scores speak against “nothing has changed”'),
    ]);
    this.#details = h('details', {}, [
      h('summary', {}, 'The numbers'),
      h('div', { class: 'wide', tabindex: 0, role: 'region', 'aria-label': 'Numbers of the charts' }, [
        h('table', {}, [
          h(
            'thead',
            {},
            h(
              'tr',
              {},
              ['Finished', 'Score', 'p', 'log₁₀ martingale'].map((t) => h('th', { scope: 'col' }, t)),
            ),
          ),
          this.#numbers,
        ]),
      ]),
    ]);
    this.element = h('section', { class: 'drift', 'aria-labelledby': 'drift-title' }, [
      h(
        'div',
        { class: 'head' },
        this.#title,
        h(
          'fieldset',
          { class: 'radios' },
          h('legend', { class: 'unseen' }, 'Scans'),
          radio('order', 'in order'),
          radio('time', 'by time'),
        ),
      ),
      this.#alarm,
      this.#plots,
      this.#empty,
      this.#details,
    ]);
    drawInTheme(() => this.draw(), signal);
    signal.addEventListener('abort', () => {
      for (const canvas of [this.#scores, this.#martingale]) globalThis.Chart.getChart(canvas)?.destroy();
    });
  }

  /** @param cases names of scans by id, where they are known */
  show(detector, drift, cases) {
    const shown = JSON.stringify([
      detector.name,
      drift.site,
      drift.scanner,
      drift.n,
      drift.points.at(-1)?.id,
      drift.log10,
    ]);
    this.#data = { detector, drift, cases };
    if (shown === this.#shown) return;
    this.#shown = shown;
    this.draw();
  }

  #order(by) {
    this.#by = by;
    this.draw();
  }

  draw() {
    if (this.#data === null) return;
    const { detector, drift, cases } = this.#data;
    const { points, site, scanner, n } = drift;
    fill(this.#title, `${detector.name}, ${site ?? scanner ?? 'all sites'}`);
    this.#say(detector, drift, cases);
    const isEmpty = points.length === 0;
    this.#empty.hidden = !isEmpty;
    this.#plots.hidden = isEmpty;
    this.#details.hidden = isEmpty;
    if (isEmpty) return;
    fill(
      this.#numbers,
      points
        .slice(-NUMBERS)
        .reverse()
        .map(({ id, at, score, p, log10 }) =>
          h('tr', {}, [
            h('th', { scope: 'row' }, h('a', { href: `#/scans/${id}` }, cases.get(id) ?? time(at))),
            ...[score, p, log10].map((v) => h('td', { class: 'right' }, number(v))),
          ]),
        ),
    );
    const first = n - points.length;
    const xs = points.map(({ at }, i) => (this.#by === 'time' ? Date.parse(at) : first + i + 1));
    this.#drawScores(xs);
    this.#drawMartingale(xs);
  }

  #say(detector, { alarm, alarmAt, martingale, level, n, points }, cases) {
    const limit = number(1 / level);
    const { calibration } = detector;
    const uncalibrated = calibration === null ? ' The detector is not calibrated, so the scores have no boundary.' : '';
    if (alarm) {
      const point = points.find(({ id }) => id === alarmAt);
      fill(this.#alarm, [
        h('strong', {}, '▲ Drift. '),
        'The scores are no longer like those of the calibration scans: the martingale reached ',
        `${limit} with `,
        h(
          'a',
          { href: `#/scans/${alarmAt}` },
          cases.get(alarmAt) ?? (point ? `the scan of ${time(point.at)}` : 'an earlier scan'),
        ),
        '.',
        uncalibrated,
      ]);
    } else
      fill(
        this.#alarm,
        n === 0
          ? ''
          : `● No drift in ${n} ${n === 1 ? 'scan' : 'scans'}: the martingale is at ${number(martingale)}, an alarm comes at ${limit}.${uncalibrated}`,
      );
    this.#alarm.classList.toggle('alarm', alarm);
  }

  #xAxis(xs) {
    const isTime = this.#by === 'time';
    const span = xs.at(-1) - xs[0];
    return axis(isTime ? '' : 'scans, in the order of finishing', {
      type: 'linear',
      min: isTime ? xs[0] - span * 0.02 - 1000 : xs[0] - 0.5,
      max: isTime ? xs.at(-1) + span * 0.02 + 1000 : Math.max(xs.at(-1), xs[0] + 9) + 0.5,
      ticks: isTime
        ? { callback: (value) => shortTime(value, span), maxTicksLimit: 6 }
        : { precision: 0, callback: (value) => (Number.isInteger(value) ? value : '') },
      grid: { display: false },
    });
  }

  #options(xs, y, points, label) {
    const { cases } = this.#data;
    return {
      scales: { x: this.#xAxis(xs), y },
      interaction: { mode: 'nearest', intersect: false, axis: 'xy' },
      onClick: (_event, [hit]) => {
        if (hit) location.hash = `#/scans/${hit.element.$context.raw.id}`;
      },
      onHover: ({ native }, hits) => {
        native.target.style.cursor = hits.length > 0 ? 'pointer' : '';
      },
      plugins: {
        legend: { display: false },
        tooltip: {
          displayColors: false,
          callbacks: {
            title: ([{ raw }]) => cases.get(raw.id) ?? '',
            label: ({ raw }) => [label(points[raw.i]), time(points[raw.i].at)],
          },
        },
      },
    };
  }

  #drawScores(xs) {
    const { detector, drift } = this.#data;
    const { points } = drift;
    const calibration = detector.calibration;
    const boundary = calibration?.boundary.conformal ?? null;
    const isOut = ({ score }) => boundary !== null && score > boundary;
    const all = [
      ...points.map(({ score }) => score),
      ...(calibration ? [calibration.min, calibration.max, boundary] : []),
    ];
    const [least, most] = [Math.min(...all), Math.max(...all)];
    const isLog = least > 0 && most / least > 20;
    const set = (label, test, pointStyle, ink) => ({
      label,
      data: points
        .map((point, i) => ({ x: xs[i], y: point.score, id: point.id, i }))
        .filter(({ i }) => test(points[i])),
      pointStyle,
      backgroundColor: ink,
      borderColor: ink,
      pointRadius: points.length > 300 ? 2.5 : pointStyle === 'triangle' ? 6 : 4,
      pointHoverRadius: 7,
    });
    const out = points.filter(isOut).length;
    this.#scores.setAttribute(
      'aria-label',
      `Scores of the last ${points.length} scans, from ${number(Math.min(...points.map(({ score }) => score)))} to ${number(Math.max(...points.map(({ score }) => score)))}` +
        (boundary === null
          ? '.'
          : `; ${out} above the boundary of ${number(boundary)}. The table of numbers below says the same.`),
    );
    chart(this.#scores, {
      type: 'scatter',
      data: {
        datasets: [
          set('in distribution', (p) => !isOut(p), 'circle', color('in')),
          set('out of distribution', isOut, 'triangle', color('out')),
        ],
      },
      plugins: [
        band(() => calibration && [calibration.min, calibration.max, color('band')]),
        levels(() =>
          boundary === null ? [] : [{ at: boundary, text: `boundary ${number(boundary)}`, color: color('ink') }],
        ),
      ],
      options: this.#options(
        xs,
        axis(isLog ? 'score (log)' : 'score', {
          type: isLog ? 'logarithmic' : 'linear',
          ...(isLog ? { min: least / 1.3, max: most * 1.3 } : { grace: '8%' }),
          ticks: { callback: (value) => number(value), maxTicksLimit: 7 },
        }),
        points,
        ({ score }) => `score ${number(score)}${boundary === null ? '' : `, boundary ${number(boundary)}`}`,
      ),
    });
  }

  #drawMartingale(xs) {
    const { points, level, alarm } = this.#data.drift;
    const limit = -Math.log10(level);
    this.#martingale.setAttribute(
      'aria-label',
      `Drift test after the last ${points.length} scans: logarithm of the martingale now ${number(points.at(-1).log10)}, an alarm at ${number(limit)}; ${alarm ? 'there was an alarm' : 'no alarm so far'}.`,
    );
    const ink = color(alarm ? 'out' : 'in');
    chart(this.#martingale, {
      type: 'line',
      data: {
        datasets: [
          {
            data: points.map((point, i) => ({ x: xs[i], y: point.log10, id: point.id, i })),
            borderColor: ink,
            backgroundColor: ink,
            borderWidth: 2,
            pointRadius: points.length > 60 ? 0 : 2.5,
            pointHoverRadius: 6,
          },
        ],
      },
      plugins: [
        levels(() => [
          { at: limit, text: `alarm, martingale ${number(1 / level)}`, color: color('out'), dash: [6, 4] },
        ]),
      ],
      options: this.#options(
        xs,
        axis('log₁₀ of the martingale', { suggestedMin: -0.5, suggestedMax: limit * 1.2, ticks: { maxTicksLimit: 7 } }),
        points,
        ({ log10, p }) => `martingale ${number(10 ** log10)}, p ${number(p)}`,
      ),
    });
  }
}
