import { readFile, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { SegcanaryError } from '../errors.js';
import { type Plan, readPlan } from './plans.js';

/** A segmentation model on disk: the exported network and the plan that says how scans are prepared for it. */
export interface ModelSource {
  /** Path of the ONNX file. */
  readonly path: string;
  readonly onnx: Uint8Array;
  readonly plan: Plan;
}

export interface ModelFolderOptions {
  /** The plan file. @default plans.json in the model's folder, or beside or above the ONNX file */
  readonly plans?: string;
  /** Name of the configuration. @default taken from the folder's name (`…__3d_fullres`), else `3d_fullres` */
  readonly configuration?: string;
  /** Which fold's network, where the folder has one a fold. @default 0 */
  readonly fold?: number;
}

/**
 * Opens nnU-Net's model folder (`plans.json`, `dataset.json`, `model.onnx` or `fold_K/model.onnx`) or a single ONNX file with a plan.
 *
 * @throws SegcanaryError `io` for a missing file, `plan-invalid` and `plan-unsupported` from the plan
 */
export async function openModel(path: string, options: ModelFolderOptions = {}): Promise<ModelSource> {
  const onnxPath = (await isFolder(path)) ? await onnxOfFolder(path, options.fold ?? 0) : path;
  const plan = await planOf(path, onnxPath, options);
  return { path: onnxPath, onnx: await read(onnxPath, 'the model'), plan };
}

async function onnxOfFolder(folder: string, fold: number): Promise<string> {
  const candidates = [join(folder, `fold_${fold}`, 'model.onnx'), join(folder, 'model.onnx')];
  for (const candidate of candidates) if (await exists(candidate)) return candidate;
  throw new SegcanaryError(
    'io',
    `${folder}: has neither model.onnx nor fold_${fold}/model.onnx; export the network first (scripts/export_nnunet.py does it inside an nnU-Net environment).`,
  );
}

async function planOf(given: string, onnxPath: string, options: ModelFolderOptions): Promise<Plan> {
  const folders = [...new Set([resolve(given), dirname(resolve(onnxPath)), dirname(dirname(resolve(onnxPath)))])];
  const plansPath = options.plans ?? (await firstExisting(folders.map((f) => join(f, 'plans.json'))));
  if (plansPath === undefined) {
    throw new SegcanaryError(
      'io',
      `${given}: no plans.json lies beside the model; name one with -p (docs/plan-file.md shows a plan for models that are not nnU-Net's).`,
    );
  }
  const datasetPath = await firstExisting([
    join(dirname(plansPath), 'dataset.json'),
    ...folders.map((f) => join(f, 'dataset.json')),
  ]);
  const dataset = datasetPath === undefined ? undefined : await readJson(datasetPath);
  const named = /__([^_].*)$/
    .exec(basename(resolve(given)))?.[1]
    ?.split('__')
    .at(-1);
  return readPlan(await readJson(plansPath), dataset, options.configuration ?? named ?? '3d_fullres', plansPath);
}

async function readJson(path: string): Promise<unknown> {
  const text = new TextDecoder().decode(await read(path, 'the plan'));
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new SegcanaryError('plan-invalid', `${path}: is not valid JSON (${(cause as Error).message}).`, { cause });
  }
}

async function read(path: string, what: string): Promise<Uint8Array> {
  try {
    return await readFile(path);
  } catch (cause) {
    throw new SegcanaryError('io', `${path}: cannot read ${what} (${(cause as NodeJS.ErrnoException).code}).`, {
      cause,
    });
  }
}

const exists = (path: string): Promise<boolean> =>
  stat(path).then(
    (s) => s.isFile(),
    () => false,
  );

const isFolder = (path: string): Promise<boolean> =>
  stat(path).then(
    (s) => s.isDirectory(),
    () => false,
  );

async function firstExisting(paths: readonly string[]): Promise<string | undefined> {
  for (const path of paths) if (await exists(path)) return path;
  return undefined;
}
