// The evaluation report in the browser: `data` is what src/report/evaluation.ts put into the page,
// Chart comes from chart.js.
(() => {
  const data = JSON.parse(document.getElementById('data').textContent);
  const byName = new Map(data.methods.map((m) => [m.name, m]));
  const color = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
  const select = document.getElementById('method');
  const shown = document.getElementById('case');
  const charts = {};

  const clip = (x) => Math.min(Math.max(x, 0), 1);
  const number = (x) => (x === null || x === undefined ? '–' : Math.abs(x) >= 1000 ? x.toFixed(0) : x.toPrecision(3));
  const escapeHtml = (text) => text.replace(/[&<>"]/g, (c) => `&#${c.charCodeAt(0)};`);

  /** The zones of the paper's Fig. 3 behind the points, and its two lines. */
  const quadrants = {
    id: 'quadrants',
    beforeDatasetsDraw(chart) {
      const { ctx, chartArea: a, scales } = chart;
      const x = scales.x.getPixelForValue(chart.options.boundary);
      const y = scales.y.getPixelForValue(data.tau);
      const zone = (name, x0, y0, x1, y1) => {
        ctx.fillStyle = color(name);
        ctx.fillRect(x0, y0, x1 - x0, y1 - y0);
      };
      zone('good', a.left, a.top, x, y);
      zone('warn', x, a.top, a.right, y);
      zone('bad', a.left, y, x, a.bottom);
      zone('calm', x, y, a.right, a.bottom);
      ctx.strokeStyle = color('soft');
      ctx.beginPath();
      ctx.moveTo(x, a.top);
      ctx.lineTo(x, a.bottom);
      ctx.stroke();
    },
  };

  function say(method, c) {
    const labels = Object.entries(data.dice[c.case] ?? {}).map(([name, d]) => `${escapeHtml(name)} ${d.toFixed(3)}`);
    shown.innerHTML =
      `<strong>${escapeHtml(c.case)}</strong> · ${labelOf(c.group)}${c.shift ? ` (${escapeHtml(c.shift)})` : ''}` +
      `${c.dataset ? ` · ${escapeHtml(c.dataset)}` : ''}<br>score ${number(c.score)}, conformal boundary ${number(method.conformal.boundary)}: ` +
      `${c.score > method.conformal.boundary ? 'flagged' : 'admitted'}, the paper’s ${number(method.validation.boundary)}: ` +
      `${c.score > method.validation.boundary ? 'flagged' : 'admitted'}${labels.length > 0 ? ` · Dice ${labels.join(', ')}` : ''}`;
  }

  function draw(name, type, datasets, options, plugins = []) {
    // A cohort without a truth has no plots of the Dice.
    if (!document.getElementById(name)) return;
    charts[name]?.destroy();
    const axis = (title, more = {}) => ({
      title: { display: true, text: title, color: color('soft') },
      grid: { color: color('line') },
      ticks: { color: color('soft') },
      ...more,
    });
    const { x, y, legend = true, ...rest } = options;
    charts[name] = new Chart(document.getElementById(name), {
      type,
      data: { datasets, ...(rest.labels && { labels: rest.labels }) },
      plugins,
      options: {
        ...rest,
        animation: false,
        maintainAspectRatio: false,
        scales: { x: axis(...x), y: axis(...y) },
        plugins: {
          legend: { display: legend, labels: { color: color('ink'), usePointStyle: true } },
          tooltip: {
            callbacks: { label: (item) => item.raw.label ?? `${item.dataset.label}: ${number(item.parsed.y)}` },
          },
        },
      },
    });
  }

  const groups = [
    ['id', 'in-distribution', 'circle', 'in'],
    ['ood', 'out-of-distribution', 'triangle', 'out'],
    ['shifted-id', 'shifted-id', 'rect', 'grey'],
  ].filter(([group]) => group !== 'shifted-id' || data.methods[0]?.shiftedId);
  const labelOf = (name) => groups.find(([group]) => group === name)[1];

  function show(name) {
    const method = byName.get(name);
    select.value = name;
    for (const row of document.querySelectorAll('#table tr[data-name]'))
      row.setAttribute('aria-selected', row.dataset.name === name);
    document.getElementById('formula').textContent = `${method.formula}. ${method.source}`;
    const test = method.cases.filter((c) => c.split === 'test');
    const { min, max } = method.calibration;
    const normalised = 2 * max > min;
    const ranked = [...test].sort((a, b) => a.score - b.score);
    const place = (score) =>
      normalised
        ? clip((score - min) / (2 * max - min))
        : ranked.filter((c) => c.score <= score).length / ranked.length;
    const points = (make) =>
      groups.map(([group, label, pointStyle, ink]) => ({
        label,
        pointStyle,
        // Points on the rim are drawn whole.
        clip: false,
        backgroundColor: color(ink),
        borderColor: color(ink),
        pointRadius: 5,
        pointHoverRadius: 7,
        data: test
          .filter((c) => c.group === group)
          .map(make)
          .filter(Boolean),
      }));
    const click = (_event, [hit], chart) => hit && say(method, chart.data.datasets[hit.datasetIndex].data[hit.index].c);
    draw(
      'quadrants',
      'scatter',
      points(
        (c) => c.dice !== null && { x: place(c.score), y: c.dice, c, label: `${c.case}: Dice ${c.dice.toFixed(2)}` },
      ),
      {
        boundary: place(method.conformal.boundary),
        onClick: click,
        x: [normalised ? 'normalised uncertainty' : 'rank of the score', { min: 0, max: 1 }],
        y: ['Dice', { min: 0, max: 1 }],
      },
      [quadrants],
    );
    const kindOf = (c) =>
      c.group === 'id' ? 'in-distribution' : `${c.shift || 'unnamed'}${c.group === 'ood' ? '' : ' (shifted-id)'}`;
    const shifts = ['in-distribution', ...new Set(test.filter((c) => c.group !== 'id').map(kindOf))];
    const jitter = (i) => ((i * 0.618) % 1) * 0.4 - 0.2;
    const scores = test.map((c) => c.score);
    const wide = Math.min(...scores) > 0 && Math.max(...scores) > 30 * method.conformal.boundary;
    draw(
      'strips',
      'scatter',
      points((c) => {
        const at = shifts.indexOf(kindOf(c));
        return { x: at + jitter(test.indexOf(c)), y: c.score, c, label: `${c.case}: ${number(c.score)}` };
      }).concat(
        [
          ['conformal boundary', method.conformal.boundary, []],
          ['the paper’s', method.validation.boundary, [4, 4]],
        ].map(([label, y, borderDash]) => ({
          label,
          type: 'line',
          pointRadius: 0,
          borderWidth: 1,
          borderDash,
          borderColor: color('soft'),
          data: [-0.5, shifts.length - 0.5].map((x) => ({ x, y })),
        })),
      ),
      {
        onClick: click,
        x: ['', namedTicks(shifts)],
        // Far outside lies a hundred times as high: then on a logarithmic axis.
        y: wide ? ['score (logarithmic)', { type: 'logarithmic' }] : ['score'],
      },
    );
    const flagged = (c) => c.score > method.conformal.boundary;
    data.shifts.forEach(({ group, shift, dataset }, i) => {
      const of = test.filter((c) => c.group === group && c.shift === shift && c.dataset === dataset);
      document.getElementById(`flagged-${i}`).textContent = of.filter(flagged).length;
    });
    datasets(test, flagged, click);
    const bins = method.calibrationError?.bins ?? [];
    draw(
      'calibration',
      'bar',
      [
        { label: 'mean Dice', backgroundColor: color('in'), data: bins.map((b) => b.dice) },
        { label: 'mean confidence 1 - U', backgroundColor: color('grey'), data: bins.map((b) => b.confidence) },
      ],
      {
        labels: bins.map((b) => `${b.from}–${b.to} (${b.n})`),
        x: ['confidence (scans)', { ticks: { color: color('soft'), maxRotation: 60 } }],
        y: ['', { min: 0, max: 1 }],
      },
    );
    const list = (id, names) => {
      const element = document.getElementById(id);
      if (element) element.textContent = names.length > 0 ? names.join(', ') : 'none';
    };
    list('silent', method.conformal.silentFailures);
    list('alarms', method.conformal.falseAlarms);
    list('shifted', method.shiftedId?.flagged ?? []);
    coverage(name);
  }

  /** Fig. 1a: the Dice of every scan by its data set, and their mean. */
  function datasets(test, flagged, click) {
    const known = test.filter((c) => c.dice !== null);
    const names = [...new Set(known.map((c) => c.dataset || 'unnamed'))];
    const at = (c) => names.indexOf(c.dataset || 'unnamed');
    const jitter = (i) => ((i * 0.618) % 1) * 0.5 - 0.25;
    const dots = (label, pointStyle, ink, keep) => ({
      label,
      pointStyle,
      clip: false,
      backgroundColor: `${color(ink)}99`,
      borderColor: color(ink),
      pointRadius: 4,
      data: known
        .map((c, i) => ({ x: at(c) + jitter(i), y: c.dice, c, label: `${c.case}: Dice ${c.dice.toFixed(2)}` }))
        .filter(({ c }) => keep(c)),
    });
    const means = names.flatMap((_, x) => {
      const dice = known.filter((c) => at(c) === x).map((c) => c.dice);
      const y = dice.reduce((sum, d) => sum + d, 0) / dice.length;
      const label = `mean ${y.toFixed(3)} of ${dice.length}`;
      return [
        { x: x - 0.35, y, label },
        { x: x + 0.35, y, label },
        { x: x + 0.35, y: null },
      ];
    });
    draw(
      'datasets',
      'scatter',
      [
        dots('admitted', 'circle', 'in', (c) => !flagged(c)),
        dots('flagged', 'triangle', 'out', flagged),
        { label: 'mean', type: 'line', pointRadius: 0, borderWidth: 2, borderColor: color('ink'), data: means },
      ],
      {
        onClick: (event, [hit], chart) => hit && hit.datasetIndex < 2 && click(event, [hit], chart),
        x: ['', namedTicks(names)],
        y: ['Dice', { min: 0, max: 1 }],
      },
    );
  }

  /** Names under the whole numbers of an axis. */
  const namedTicks = (names) => ({
    min: -0.5,
    max: names.length - 0.5,
    ticks: {
      color: color('soft'),
      stepSize: 1,
      autoSkip: false,
      maxRotation: 60,
      callback: (v) => names[v] ?? '',
    },
    grid: { display: false },
    afterBuildTicks: (a) => {
      a.ticks = names.map((_, value) => ({ value }));
    },
  });

  /**
   * Risk-coverage curves: the chosen detector in colour, the others behind it, the perfect order
   * and chance.
   */
  function coverage(chosen) {
    const line = (label, curve, borderColor, borderWidth, dash) => ({
      label,
      data: curve.map(([x, y]) => ({ x, y })),
      borderColor,
      backgroundColor: borderColor,
      borderWidth,
      borderDash: dash,
      pointRadius: 0,
      showLine: true,
    });
    const others = data.methods
      .filter((m) => m.name !== chosen && m.curve)
      .slice(0, 24)
      .map((m) => line(m.title, m.curve, `${color('grey')}55`, 1));
    const method = byName.get(chosen);
    if (!method.curve) return;
    draw(
      'coverage',
      'scatter',
      [
        line(method.title, method.curve, color('in'), 2.5),
        line('perfect order', data.optimal, color('soft'), 1.5, [2, 3]),
        line('chance', data.chance, color('soft'), 1.5, [8, 4]),
        ...others,
      ],
      {
        legend: false,
        x: ['coverage: share of the scans admitted', { min: 0, max: 1 }],
        y: ['mean risk (1 - Dice) of the admitted', { min: 0 }],
      },
    );
  }

  select.addEventListener('change', () => show(select.value));
  for (const button of document.querySelectorAll('button.row'))
    button.addEventListener('click', () => show(button.dataset.name));
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => show(select.value));
  show(select.value);
})();
