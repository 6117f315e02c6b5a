import { realpathSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** Whether a module is what node was asked to run, and not imported. */
export function isMain(url: string): boolean {
  const asked = process.argv[1];
  return asked !== undefined && realpathSync(asked) === fileURLToPath(url);
}

/** Columns under a head, the first to the left, numbers to the right. */
export function table(head: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const lines = [head, ...rows].map((row) => row.map(String));
  const widths = head.map((_, i) => Math.max(...lines.map((line) => line[i].length)));
  return lines
    .map((line) => line.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]) : cell.padStart(widths[i]))).join('  '))
    .join('\n');
}
