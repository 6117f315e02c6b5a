import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, posix, relative, sep } from 'node:path';

/** Files by their path from the root of the repository, each with those that it imports. */
export type ImportGraph = ReadonlyMap<string, readonly string[]>;

/**
 * Static imports and exports (of types too), dynamic imports, `import('…')` in types, and files
 * that are opened by address or by a name of package.json, as a worker is. Biome formats the
 * sources, so that each has one form.
 */
const FORMS = [
  /^(?:import|export)\b[^;'"]*\bfrom '([.#][^']+)'/gm,
  /^import '([.#][^']+)'/gm,
  /\bimport\('([.#][^']+)'\)/g,
  /\bnew URL\('(\.[^']+\.js)', import\.meta\.url\)/g,
  /\bimport\.meta\.resolve\('(#[^']+)'\)/g,
  /\.resolve\('(#[^']+)'\)/g,
];

/** What a text imports of its own package, as it is written there. */
export function importsIn(text: string): string[] {
  return [...new Set(FORMS.flatMap((form) => [...text.matchAll(form)].map(([, name]) => name)))];
}

/** TypeScript files under a folder, without what a generator wrote. */
export function sourcesOf(root: string, folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .map((path) => posix.join(folder, path.split(sep).join('/')))
    .filter((path) => path.endsWith('.ts') && !path.includes('/gen/'))
    .sort();
}

/**
 * Who imports whom under src/.
 *
 * @throws Error where an import leads to no file: the reader would be blind there
 */
export function importGraph(root: string): ImportGraph {
  const { imports: named } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    imports: Record<string, string>;
  };
  const target = (from: string, name: string): string => {
    const built = name.startsWith('#')
      ? named[name]?.replace('./dist/', './src/')
      : posix.join(posix.dirname(from), name);
    const path = built && relative(root, join(root, built)).split(sep).join('/').replace(/\.js$/, '.ts');
    if (path && existsSync(join(root, path))) return path;
    throw new Error(`${from} imports ${name}, and there is no such file.`);
  };
  return new Map(
    sourcesOf(root, 'src').map((from) => [
      from,
      importsIn(readFileSync(join(root, from), 'utf8'))
        .map((name) => target(from, name))
        .filter((to) => to.startsWith('src/') && !to.includes('/gen/')),
    ]),
  );
}

/** Circles: files that each import the next, and the last the first. One for each way back. */
export function circlesOf(graph: ImportGraph): string[][] {
  const circles: string[][] = [];
  const done = new Set<string>();
  const path: string[] = [];
  const visit = (file: string) => {
    const at = path.indexOf(file);
    if (at >= 0) circles.push(path.slice(at));
    if (at >= 0 || done.has(file)) return;
    path.push(file);
    for (const next of graph.get(file) ?? []) visit(next);
    path.pop();
    done.add(file);
  };
  for (const file of graph.keys()) visit(file);
  return circles;
}
