import type { ScoredCase } from './scored-case.js';

/** The results for the terminal, coloured where that is wanted. */
export function table(cases: readonly ScoredCase[]): string {
  const head = ['case', 'shift', 'Dice', 'score', 'p-value', 'verdict'];
  const rows = cases.map(({ name, grade, dice, result }) => [
    name,
    grade,
    dice.toFixed(2),
    result.score.toFixed(1),
    result.pValue?.toFixed(3) ?? '',
    result.verdict,
  ]);
  const widths = head.map((title, c) => Math.max(title.length, ...rows.map((row) => row[c].length)));
  const line = (row: readonly string[]) =>
    row.map((cell, c) => (c >= 2 && c <= 4 ? cell.padStart(widths[c]) : cell.padEnd(widths[c]))).join('  ');
  const coloured = process.stdout.isTTY === true && !process.env.NO_COLOR;
  const paint = (text: string, verdict: string) =>
    coloured && verdict === 'out-of-distribution' ? `\x1b[33m${text}\x1b[0m` : text;
  return [line(head), widths.map((w) => '-'.repeat(w)).join('  '), ...rows.map((row) => paint(line(row), row[5]))].join(
    '\n',
  );
}
