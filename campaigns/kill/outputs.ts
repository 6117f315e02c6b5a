import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, join, relative } from 'node:path';

/** Hash of every file with a final name, by its path below the folder. */
export type Outputs = Readonly<Record<string, string>>;

/** All but caches, whose entries hold how long a scan took, and which the runs that use them prove. */
export function outputsOf(folder: string): Outputs {
  const files = visibleFiles(folder).filter((path) => !relative(folder, path).startsWith('cache'));
  return Object.fromEntries(files.map((path) => [relative(folder, path), hashOf(path)]));
}

/** Files that people and programs see. */
export const visibleFiles = (folder: string): string[] =>
  filesIn(folder).filter(
    (path) =>
      !relative(folder, path)
        .split('/')
        .some((part) => part.startsWith('.')),
  );

/** What is left of runs that were killed: `.name.pid.random.partial`. */
export const hiddenFiles = (folder: string): string[] =>
  filesIn(folder).filter((path) =>
    relative(folder, path)
      .split('/')
      .some((part) => part.startsWith('.')),
  );

function filesIn(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => join(folder, name))
    .filter((path) => statSync(path).isFile())
    .sort();
}

/** How long a scan took and how much memory the process had are no results. */
function hashOf(path: string): string {
  let bytes: string | Buffer = readFileSync(path);
  if (basename(path) === 'results.json') {
    const { seconds: _, peakMemory: __, ...results } = JSON.parse(bytes.toString()) as Record<string, unknown>;
    bytes = JSON.stringify(results);
  }
  if (basename(path) === 'report.html') bytes = bytes.toString().replace(/A scan took [^<]*/, '');
  return createHash('sha256').update(bytes).digest('hex');
}
