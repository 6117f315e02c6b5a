import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { circlesOf, importGraph, importsIn, sourcesOf } from './support/imports.js';

// docs/architecture.md says what the layers are for.
const ROOT = fileURLToPath(new URL('..', import.meta.url));
const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');

/** From below to above: each knows those before it. What shares a line may know each other. */
const LAYERS = [
  ['chunks.ts', 'results.ts', 'plan.ts', 'errors.ts', 'limits.ts', 'version.ts'],
  ['maths'],
  ['files'],
  ['formats'],
  ['network'],
  ['detectors'],
  ['simulate'],
  ['explain'],
  ['drift'],
  ['stages'],
  ['pipeline.ts'],
  ['scans'],
  ['evaluate'],
  ['report'],
  ['jobs'],
  ['protocol'],
  ['client'],
  ['server'],
  ['cluster'],
  ['cli'],
  ['index.ts'],
];

/** `maths` of src/maths/round.ts. */
const roomOf = (path: string) => path.split('/')[1];
const layerOf = (path: string) => LAYERS.findIndex((rooms) => rooms.includes(roomOf(path)));

describe('imports', () => {
  const graph = importGraph(ROOT);

  it('are found in every form', () => {
    const text = [
      "import { a, type B } from './a.js';",
      "import type {\n  C,\n} from '../c.js';",
      "export * from './d.js';",
      "export type { E } from './e.js';",
      "import './f.js';",
      "const g = await import('./g.js');",
      "type H = import('./h.js').H;",
      "new Worker(new URL('./i.js', import.meta.url));",
      "new Worker(createRequire(import.meta.url).resolve('#inference-worker'));",
      "import { readFile } from 'node:fs';",
      " * import { notOurs } from 'segcanary';",
    ].join('\n');
    const found = [
      './a.js',
      '../c.js',
      './d.js',
      './e.js',
      './f.js',
      './g.js',
      './h.js',
      './i.js',
      '#inference-worker',
    ];
    expect(importsIn(text).sort()).toEqual(found.sort());
    expect(graph.get('src/index.ts')).toContain('src/errors.ts');
    expect(graph.get('src/network/inference/session.ts')).toContain('src/network/inference/worker.ts');
  });

  it('lead from every layer to those below it alone', () => {
    const homeless = [...graph.keys()].filter((path) => layerOf(path) < 0);
    expect(
      homeless.map((path) => `${path} has no layer: give ${roomOf(path)} a line in LAYERS of test/layout.test.ts.`),
    ).toEqual([]);
    const upward = [...graph].flatMap(([from, imported]) =>
      imported
        .filter((to) => layerOf(to) > layerOf(from))
        .map(
          (to) =>
            `${from} imports ${to}, and ${roomOf(to)} is built upon ${roomOf(from)}: ` +
            `move what both need down to ${roomOf(from)} or below it, or pass it in.`,
        ),
    );
    expect(upward).toEqual([]);
  });

  it('go in no circle', () => {
    const circles = circlesOf(graph).map(
      ([first, ...others]) =>
        `${first} imports ${[...others, first].join(', which imports ')}: ` +
        'put what they share into a file that imports none of them.',
    );
    expect(circles).toEqual([]);
  });

  it('which would be found', () => {
    const graph = new Map([
      ['a', ['b', 'c']],
      ['b', ['c']],
      ['c', ['d']],
      ['d', ['b']],
    ]);
    expect(circlesOf(graph)).toEqual([['b', 'c', 'd']]);
    expect(circlesOf(new Map([...graph, ['d', []]]))).toEqual([]);
  });
});

it('keeps at most nine files directly in src/', () => {
  const files = readdirSync(join(ROOT, 'src'), { withFileTypes: true }).filter((entry) => entry.isFile());
  const names = files.map(({ name }) => name);
  expect(names.length, `src/ holds ${names.join(', ')}: find one of them a folder.`).toBeLessThanOrEqual(9);
});

describe('comments', () => {
  const lines = commentLines();

  it('have at most 100 columns', () => {
    const wide = lines.filter(({ line }) => line.length > 100);
    expect(wide.map(({ at, line }) => `${at} has ${line.length} columns: wrap it.`)).toEqual([]);
  });

  it('begin with what they are about', () => {
    const hanging = lines.filter(({ line, begins }) => begins && /^\W*Of (?!course)/.test(line));
    expect(hanging.map(({ at }) => `${at} begins with "Of": write a sentence that stands by itself.`)).toEqual([]);
  });
});

it('docs/architecture.md names files that exist', () => {
  const named = [...read('docs/architecture.md').matchAll(/`([a-z][a-z\d_./-]*(?:\.(?:ts|py)|\/))`/g)].map(
    ([, path]) => path,
  );
  const lost = named.filter((path) => !existsSync(join(ROOT, path)) && !existsSync(join(ROOT, 'src', path)));
  expect(named.length).toBeGreaterThan(50);
  expect([...new Set(lost)].map((path) => `${path} is named in docs/architecture.md and does not exist.`)).toEqual([]);
});

describe('stages', () => {
  it('are Transforms that stage.ts alone constructs', () => {
    const makers = sourcesOf(ROOT, 'src').filter((path) =>
      /\bnew Transform\(|\bclass \w+(<[^>]*>)? extends Transform\b/.test(read(path)),
    );
    const others = makers.filter((path) => path !== 'src/stages/stage.ts');
    expect(others.map((path) => `${path} constructs a Transform: call stage() of src/stages/stage.ts.`)).toEqual([]);
    expect(makers).toEqual(['src/stages/stage.ts']);
  });

  it('have a test of their name', () => {
    const stages = readdirSync(join(ROOT, 'src/stages'))
      .filter((name) => name.endsWith('.ts'))
      .map((name) => `src/stages/${name}`)
      .filter((path) => exportsStage(read(path)));
    expect(stages).toContain('src/stages/load.ts');
    const untested = stages
      .map((path) => ({ path, test: `test/stages/${basename(path, '.ts')}.test.ts` }))
      .filter(({ test }) => !existsSync(join(ROOT, test)));
    expect(untested.map(({ path, test }) => `${path} has no test of its name: write ${test}.`)).toEqual([]);
  });
});

/** Whether one of a file's exported functions gives back a Stage. */
function exportsStage(text: string): boolean {
  const functions = text.split(/^export function /m).slice(1);
  return functions.some((rest) => /\): Stage<.*> \{$/m.test(rest.split(/^\}/m)[0]));
}

/** Lines of comments in everything that is written here, and whether one begins its comment. */
function commentLines(): { readonly at: string; readonly line: string; readonly begins: boolean }[] {
  const slashes = /^\s*(\/\/|\/\*|\*)/;
  const hash = /^\s*#/;
  const MARKS: Readonly<Record<string, RegExp>> = {
    ts: slashes,
    mjs: slashes,
    js: slashes,
    css: /^\s*(\/\*|\*\s)/,
    html: /^\s*<!--/,
    py: hash,
    sh: hash,
  };
  return ['src', 'test', 'examples', 'bench', 'campaigns', 'scripts', 'assets'].flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
      .filter((path) => !/[\\/](gen|\.venv|__pycache__|node_modules)[\\/]/.test(path))
      .map((path) => ({ path: join(folder, path), mark: MARKS[path.split('.').at(-1) ?? ''] }))
      .flatMap(({ path, mark }) => {
        if (!mark) return [];
        const lines = read(path).split('\n');
        const isComment = (i: number) => i >= 0 && mark.test(lines[i]);
        const begins = (i: number) => !isComment(i - 1) || /^\s*\/\*\*?$/.test(lines[i - 1]);
        return lines.flatMap((line, i) => (isComment(i) ? [{ at: `${path}:${i + 1}`, line, begins: begins(i) }] : []));
      }),
  );
}
