/**
 * Whether the conformal boundary keeps its promise: false alarms over 1,000 random splits of
 * in-distribution scores into calibration and test, beside the same by simulation.
 *
 *     npx tsx examples/conformal-validity.ts SCORES [DETECTOR] [--svg FILE]
 *
 * SCORES is a JSON array of numbers, the JSON lines of `segcanary score`, or the results.json of
 * `segcanary evaluate`, of which the in-distribution scans of val and test are taken, under
 * DETECTOR. A table as Markdown is printed; FILE gets a picture of it.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { type ConformalValidity, conformalValidity, type Evaluation, simulatedValidity } from 'segcanary';

const args = process.argv.slice(2);
const at = args.indexOf('--svg');
const [, svg] = at < 0 ? [] : args.splice(at, 2);
const [path = 'scores.json', detector] = args;
const scores = scoresIn(readFileSync(path, 'utf8'));

const rows = [19, 50, 100].flatMap((n) => {
  const onData = conformalValidity(scores, { n });
  const simulated = simulatedValidity(onData?.tested ?? 100, { n });
  return [...(onData ? [{ ...onData, on: `${scores.length} scans` }] : []), { ...simulated, on: 'simulated' }];
});

console.log(
  '| n | scores | tested | promised at most | expected | false alarms (95 % interval) | middle 95 % of splits |',
);
console.log('|---|---|---|---|---|---|---|');
for (const { n, on, tested, promised, expected, rate, interval, spread } of rows)
  console.log(
    `| ${n} | ${on} | ${tested} | ${digits(promised)} | ${digits(expected)} | ${digits(rate)} (${digits(interval.low)} to ${digits(interval.high)}) | ${digits(spread.low)} to ${digits(spread.high)} |`,
  );
if (svg !== undefined) writeFileSync(svg, picture(rows));

function scoresIn(text: string): number[] {
  const parsed = text.trimStart().startsWith('[') || text.includes('"methods"') ? JSON.parse(text) : null;
  if (Array.isArray(parsed)) return parsed;
  if (parsed === null)
    return text
      .trim()
      .split('\n')
      .flatMap((line) => JSON.parse(line).score ?? []);
  const { methods } = parsed as Evaluation;
  const found = methods.find(({ name }) => name === detector);
  if (!found) throw new Error(`${path}: name one of ${methods.map(({ name }) => name).join(', ')}.`);
  return found.cases.filter(({ group }) => group === 'id').map(({ score }) => score);
}

/** A line a row: the spread of the splits, the interval of the mean, a tick at what to expect. */
function picture(shown: readonly (ConformalValidity & { readonly on: string })[]): string {
  const most = Math.max(...shown.map(({ spread, promised }) => Math.max(spread.high, promised)));
  const x = (rate: number) => (170 + (410 * rate) / most).toFixed(1);
  const line = (y: number, low: number, high: number, width: number, ink: string) =>
    `<line x1="${x(low)}" x2="${x(high)}" y1="${y}" y2="${y}" stroke="${ink}" stroke-width="${width}"/>`;
  const marks = shown.map(({ n, on, spread, interval, expected }, i) => {
    const y = 24 + 26 * i;
    return `<text x="8" y="${y + 4}">n = ${n}, ${on}</text>${line(y, spread.low, spread.high, 2, '#8b95a0')}${line(y, interval.low, interval.high, 8, '#1f6fb4')}<line x1="${x(expected)}" x2="${x(expected)}" y1="${y - 9}" y2="${y + 9}" stroke="#c2410c" stroke-width="2"/>`;
  });
  const height = 24 + 26 * shown.length + 30;
  const axis = [0, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3]
    .filter((rate) => rate <= most)
    .map((rate) => `<text x="${x(rate)}" y="${height - 8}" text-anchor="middle">${rate}</text>`);
  return `<svg xmlns="http://www.w3.org/2000/svg" width="600" height="${height}" font-family="sans-serif" font-size="12"><rect width="600" height="${height}" fill="#fff"/><title>False alarms: middle 95 % of the splits (grey), their mean (blue), what the ranks say (orange)</title>${marks.join('')}${axis.join('')}</svg>\n`;
}

function digits(value: number): string {
  return value.toFixed(3).replace(/^(-?)0\./, '$1.');
}
