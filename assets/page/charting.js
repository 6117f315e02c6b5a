/** What the page's charts have in common. `Chart` is Chart.js, which index.html loads. */
const dark = matchMedia('(prefers-color-scheme: dark)');
const still = matchMedia('(prefers-reduced-motion: reduce)');

/** A colour of style.css. */
export const color = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

/** Draws now, and again in the colours of the other theme when it changes. */
export function drawInTheme(draw, signal) {
  draw();
  dark.addEventListener('change', draw, { signal });
}

export function axis(title, more = {}) {
  const { ticks, grid, ...rest } = more;
  return {
    title: { display: title !== '', text: title, color: color('soft') },
    grid: { color: color('line'), ...grid },
    border: { color: color('line') },
    ticks: { color: color('soft'), maxRotation: 0, autoSkipPadding: 16, ...ticks },
    ...rest,
  };
}

/** A chart on a canvas, in the place of the one before. */
export function chart(canvas, config) {
  globalThis.Chart.getChart(canvas)?.destroy();
  const { options = {}, ...rest } = config;
  return new globalThis.Chart(canvas, {
    ...rest,
    options: {
      maintainAspectRatio: false,
      ...options,
      animation: still.matches ? false : (options.animation ?? false),
    },
  });
}

/** Draws a horizontal line with words at its right end. `lines()` gives {at, text, color, dash}. */
export const levels = (lines) => ({
  id: 'levels',
  afterDatasetsDraw({ ctx, chartArea: { left, right, top, bottom }, scales: { y } }) {
    ctx.save();
    ctx.font = '12px system-ui, sans-serif';
    ctx.textAlign = 'right';
    for (const { at, text, color: ink, dash = [] } of lines()) {
      const height = y.getPixelForValue(at);
      if (!(height >= top - 1 && height <= bottom + 1)) continue;
      ctx.strokeStyle = ink;
      ctx.fillStyle = ink;
      ctx.setLineDash(dash);
      ctx.lineWidth = 1.5;
      ctx.beginPath();
      ctx.moveTo(left, height);
      ctx.lineTo(right, height);
      ctx.stroke();
      // Points may lie under the words.
      ctx.setLineDash([]);
      ctx.lineWidth = 4;
      ctx.lineJoin = 'round';
      ctx.strokeStyle = color('card');
      const baseline = height - top > 18 ? height - 5 : height + 14;
      ctx.strokeText(text, right - 4, baseline);
      ctx.fillText(text, right - 4, baseline);
    }
    ctx.restore();
  },
});

/** Shades a band between two values. */
export const band = (range) => ({
  id: 'band',
  beforeDatasetsDraw({ ctx, chartArea: { left, right, top, bottom }, scales: { y } }) {
    const [low, high, ink] = range() ?? [];
    if (ink === undefined) return;
    const clip = (v) => Math.min(Math.max(y.getPixelForValue(v), top), bottom);
    ctx.save();
    ctx.fillStyle = ink;
    ctx.fillRect(left, clip(high), right - left, Math.max(clip(low) - clip(high), 2));
    ctx.restore();
  },
});
