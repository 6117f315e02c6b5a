import type { Tally } from './campaign.js';

const columns = ['target', 'cases', 'right', 'refused', 'findings', 'slowest ms', 'peak RSS MiB', 'grew MiB'];

/** The counts as a Markdown table, a row a target, and how often each code came up. */
export function tableOf(tallies: readonly Tally[]): string {
  const refused = ({ refused }: Tally) => [...refused.values()].reduce((a, b) => a + b, 0);
  const sum = (of: (tally: Tally) => number) => tallies.reduce((total, tally) => total + of(tally), 0);
  const max = (of: (tally: Tally) => number) => Math.max(0, ...tallies.map(of));
  const rows = [
    ...tallies.map((t) => [t.target, t.cases, t.right, refused(t), t.findings.length, t.slowest, t.peak, t.growth]),
    [
      'all',
      sum((t) => t.cases),
      sum((t) => t.right),
      sum(refused),
      sum((t) => t.findings.length),
      max((t) => t.slowest),
      max((t) => t.peak),
      sum((t) => t.growth),
    ],
  ].map((row) => row.map((cell) => (typeof cell === 'number' ? String(Math.round(cell)) : cell)));
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  const codes = tallies.map(({ target, refused }) => {
    const counts = [...refused].sort(([, a], [, b]) => b - a).map(([code, n]) => `${code} ${n}`);
    return `${target}: ${counts.join(', ') || 'no refusals'}`;
  });
  return [
    line(columns),
    line(columns.map(() => '---')),
    ...rows.map(line),
    '',
    'Tagged errors by code:',
    ...codes,
  ].join('\n');
}
