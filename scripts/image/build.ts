import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, statSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { type BuildStage, type Instruction, readDockerfile } from './dockerfile.js';

/** The last stage as it stands: its folder is what the base image would be covered with. */
export interface Image {
  readonly root: string;
  readonly workdir: string;
  readonly env: Readonly<Record<string, string>>;
  readonly user: string;
  /** Absolute paths in the image that belong to the user. */
  readonly owned: readonly string[];
  /** The last of each: ENTRYPOINT, CMD, HEALTHCHECK, … */
  readonly settings: ReadonlyMap<string, Instruction>;
}

/**
 * Runs the steps of a Dockerfile in folders of their own, a stage each, as an engine would over its
 * base: COPY from the context that .dockerignore leaves, or from an earlier stage; RUN in the
 * working folder, without the environment of whoever called. The base image is not there: Node is
 * this machine's.
 *
 * @param context the checkout
 * @param scratch an empty folder
 * @throws Error for a step that fails, and for what could reach outside of the folder
 */
export function buildImage(context: string, scratch: string, log: (line: string) => void): Image {
  const allowed = allowedPaths(readFileSync(join(context, '.dockerignore'), 'utf8'));
  const built = new Map<string, string>();
  let image: Image | null = null;
  for (const stage of readDockerfile(readFileSync(join(context, 'Dockerfile'), 'utf8'))) {
    if (stage.base !== `node:${process.versions.node.split('.')[0]}-bookworm-slim`)
      throw new Error(`Dockerfile: its base is ${stage.base}, and this is Node ${process.version}.`);
    log(`FROM ${stage.base} AS ${stage.name}`);
    const root = join(scratch, stage.name);
    mkdirSync(root);
    image = runStage(stage, { root, context, allowed, built, log });
    built.set(stage.name, root);
  }
  if (!image) throw new Error('Dockerfile: it has no FROM.');
  return image;
}

interface StageContext {
  readonly root: string;
  readonly context: string;
  readonly allowed: readonly string[];
  readonly built: ReadonlyMap<string, string>;
  readonly log: (line: string) => void;
}

function runStage({ instructions }: BuildStage, at: StageContext): Image {
  const { root, log } = at;
  let workdir = '/';
  let user = 'root';
  const env: Record<string, string> = {};
  const owned: string[] = [];
  const settings = new Map<string, Instruction>();
  for (const instruction of instructions) {
    const { name, flags, rest } = instruction;
    if (name === 'WORKDIR') {
      workdir = resolve(workdir, rest);
      mkdirSync(join(root, workdir), { recursive: true });
    } else if (name === 'ENV') {
      const [, key, value] = /^(\w+)=(\S+)$/.exec(rest) ?? [];
      if (!key || !value) throw new Error(`Dockerfile: ENV ${rest} is not NAME=value.`);
      env[key] = value;
    } else if (name === 'USER') user = rest;
    else if (name === 'COPY') {
      const target = copy(instruction, workdir, at);
      if (flags.chown !== undefined) owned.push(target);
    } else if (name === 'RUN') {
      if (/(^|[\s'"=])\/\w/.test(rest))
        throw new Error(`Dockerfile: RUN ${rest} names a path outside the working folder.`);
      const started = performance.now();
      const { PATH, HOME } = process.env;
      execFileSync('/bin/sh', ['-c', rest], {
        cwd: join(root, workdir),
        env: { PATH, HOME, ...env },
        stdio: ['ignore', 'ignore', 'inherit'],
      });
      log(`  RUN ${rest} (${((performance.now() - started) / 1000).toFixed(1)} s)`);
    } else settings.set(name, instruction);
  }
  return { root, workdir, env, user, owned, settings };
}

/** Copies as COPY does; where to, as a path in the image. */
function copy({ flags, rest }: Instruction, workdir: string, { root, context, allowed, built }: StageContext): string {
  const words = rest.split(/\s+/);
  const to = words.at(-1)!;
  const sources = words.slice(0, -1);
  const target = resolve(workdir, to);
  for (const source of sources) {
    if (flags.from === undefined && !allowed.includes(source))
      throw new Error(`Dockerfile: COPY ${source} is left out by .dockerignore.`);
    const from = flags.from === undefined ? join(context, source) : join(stageOf(flags.from, built), source);
    // A file goes into a folder that is there or ends in a slash; of a folder, what is in it.
    const into = statSync(from).isFile() && /\/$/.test(to) ? join(target, basename(source)) : target;
    cpSync(from, join(root, into), { recursive: true, verbatimSymlinks: true });
  }
  return target;
}

function stageOf(name: string, built: ReadonlyMap<string, string>): string {
  const root = built.get(name);
  if (root !== undefined) return root;
  throw new Error(`Dockerfile: there is no stage ${name} before this one.`);
}

/** What a .dockerignore of the form `*` and exceptions lets pass. */
function allowedPaths(text: string): string[] {
  const [first, ...others] = text.split('\n').filter((line) => line.trim() !== '' && !line.startsWith('#'));
  const allowed = others.map((line) => /^!([\w.-]+)$/.exec(line.trim())?.[1] ?? '');
  if (first?.trim() !== '*' || allowed.includes(''))
    throw new Error('.dockerignore: it has to begin with * and to name what passes, one a line, as !name.');
  return allowed;
}
