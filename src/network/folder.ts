import { readdir, stat } from 'node:fs/promises';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { SegcanaryError } from '../errors.js';
import { cannotRead } from '../files/atomic.js';
import { isFolder } from '../files/is-folder.js';
import { readWhole } from '../files/open.js';
import type { Plan, SegmentationPlan } from '../plan.js';
import { isCheckpoint, notAModel } from './not-a-model.js';
import { readPlan } from './plans/read.js';
import { readSegmentationPlan, saysLabels } from './plans/segmentation.js';

/**
 * A segmentation model on disk: the exported network and the plan that says how scans are prepared
 * for it.
 */
export interface ModelSource {
  /** Path of the ONNX file. */
  readonly path: string;
  readonly onnx: Uint8Array;
  readonly plan: Plan;
  /** Every file that it was read from. */
  readonly files?: readonly string[];
}

export interface ModelFolderOptions {
  /** The plan file. @default plans.json in the model's folder, or beside or above the ONNX file */
  readonly plans?: string;
  /**
   * Name of the configuration.
   * @default taken from the folder's name (`…__3d_fullres`), else `3d_fullres`
   */
  readonly configuration?: string;
  /**
   * Which fold's network. 0 is also the one network of a folder that has no folds.
   * @default 0
   */
  readonly fold?: number;
  /** Ends the waiting where a file of them is a pipe. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Opens nnU-Net's model folder (`plans.json`, `dataset.json`, `model.onnx`, `fold_K/model.onnx` or
 * `fold_all/model.onnx`) or a single ONNX file with a plan.
 *
 * @throws SegcanaryError `io` for a missing file, `plan-invalid` and `plan-unsupported` from the
 *   plan
 */
export async function openModel(path: string, options: ModelFolderOptions = {}): Promise<ModelSource> {
  const { plan, ...model } = await openNetwork(path, options);
  if (plan !== null) return { ...model, plan };
  throw noPlan(path);
}

const noPlan = (path: string): SegcanaryError =>
  new SegcanaryError(
    'io',
    `no plans.json lies beside the model; name one with \`plans\` (docs/plan-file.md shows a plan for models that are not nnU-Net's).`,
    { option: 'plans', subject: path },
  );

/** The same where a plan is welcome but not needed: `plan` is null where there is none. */
export async function openNetwork(
  path: string,
  options: ModelFolderOptions = {},
): Promise<Omit<ModelSource, 'plan'> & { readonly plan: Plan | null }> {
  const onnxPath = (await isFolder(path)) ? await onnxOfFolder(path, options.fold ?? 0) : await onnxFile(path);
  const files = await planFilesOf(path, onnxPath, options);
  const [onnx, plan] = [await readWhole(onnxPath, options), files && readPlanFiles(files)];
  return { path: onnxPath, onnx, plan, files: [onnxPath, ...(files?.read ?? [])] };
}

/** The networks of several folds, and what turns their logits into a segmentation. */
export interface SegmentationSource {
  /** In the order in which they were asked for. */
  readonly folds: readonly Pick<ModelSource, 'path' | 'onnx'>[];
  readonly plan: Plan;
  readonly segmentation: SegmentationPlan;
  /** Every file that it was read from. */
  readonly files?: readonly string[];
}

/**
 * Opens nnU-Net's model folder for segmenting: `plans.json`, `dataset.json`, and the networks of
 * the folds.
 *
 * @param options.folds which ones; by default every `fold_K/model.onnx`, else `model.onnx`
 * @throws SegcanaryError `io` for a missing file, `plan-invalid` and `plan-unsupported`
 */
export async function openSegmentationModel(path: string, options: FoldsOptions = {}): Promise<SegmentationSource> {
  const { paths, files } = await foldsAndPlan(path, options);
  if (files === null)
    throw new SegcanaryError('io', `no plans.json lies beside the model; segmenting needs nnU-Net's model folder.`, {
      subject: path,
    });
  return { ...(await foldsWithPlan(paths, files, options)), segmentation: segmentationOf(files) };
}

/** The networks of several folds under any plan. */
export interface EvaluationSource extends Omit<SegmentationSource, 'segmentation'> {
  /** null under a plan file that does not say how logits become labels. */
  readonly segmentation: SegmentationPlan | null;
}

/** As `openSegmentationModel`, for any plan: what an evaluation takes. */
export async function openEvaluationModel(path: string, options: FoldsOptions = {}): Promise<EvaluationSource> {
  const { paths, files } = await foldsAndPlan(path, options);
  if (files === null) throw noPlan(path);
  const source = await foldsWithPlan(paths, files, options);
  return { ...source, segmentation: saysLabels(files.plans as object, files.dataset) ? segmentationOf(files) : null };
}

type FoldsOptions = Omit<ModelFolderOptions, 'fold'> & { readonly folds?: readonly number[] | undefined };

async function foldsAndPlan(path: string, options: FoldsOptions) {
  const paths = (await isFolder(path))
    ? await Promise.all((await foldsOf(path, options.folds)).map((fold) => onnxOfFolder(path, fold)))
    : [await onnxFile(path)];
  return { paths, files: await planFilesOf(path, paths[0] as string, options) };
}

async function foldsWithPlan(
  paths: readonly string[],
  files: PlanFiles,
  options: Pick<FoldsOptions, 'signal'>,
): Promise<Omit<SegmentationSource, 'segmentation'>> {
  const plan = readPlanFiles(files);
  return {
    plan,
    files: [...paths, ...files.read],
    folds: await Promise.all(
      paths.map(async (onnxPath) => ({ path: onnxPath, onnx: await readWhole(onnxPath, options) })),
    ),
  };
}

const segmentationOf = ({ plans, dataset, configuration, path }: PlanFiles): SegmentationPlan =>
  readSegmentationPlan(plans as object, dataset, configuration, path);

async function foldsOf(folder: string, wanted: readonly number[] | undefined): Promise<readonly number[]> {
  const folds = wanted ?? (await exportedFolds(folder));
  return folds.length > 0 ? folds : [0];
}

/** A path that is no folder: ONNX, or what people take for a model. */
async function onnxFile(path: string): Promise<string> {
  await stat(path).catch((cause) => {
    throw cannotRead(path, cause);
  });
  if (isCheckpoint(path)) throw await notAModel(path);
  if (basename(path) === 'plans.json')
    throw new SegcanaryError('io', `is the plan of a model; name its folder: ${dirname(resolve(path))}`, {
      subject: path,
    });
  return path;
}

/** Folds that have a network, ascending. */
async function exportedFolds(folder: string): Promise<number[]> {
  const names = await readdir(folder).catch(() => []);
  const folds = names.flatMap((name) => /^fold_(\d+)$/.exec(name)?.[1] ?? []).map(Number);
  const exported: number[] = [];
  for (const fold of folds.sort((a, b) => a - b))
    if (await exists(join(folder, `fold_${fold}`, 'model.onnx'))) exported.push(fold);
  return exported;
}

/** The network of a fold. One that stands alone is of fold 0, or of none. */
async function onnxOfFolder(folder: string, fold: number): Promise<string> {
  const numbered = join(folder, `fold_${fold}`, 'model.onnx');
  if (await exists(numbered)) return numbered;
  const alone = await firstExisting([join(folder, 'model.onnx'), join(folder, 'fold_all', 'model.onnx')]);
  if (alone !== undefined && fold === 0) return alone;
  const others = (await exportedFolds(folder)).map((k) => join(folder, `fold_${k}`, 'model.onnx'));
  const there = alone === undefined ? others : [...others, alone];
  if (there.length === 0) throw await notAModel(folder);
  throw new SegcanaryError(
    'io',
    `has no network of fold ${fold}; there ${there.length === 1 ? 'is' : 'are'} ${there.map((path) => relative(folder, path)).join(', ')}: name a fold that is there, or none.`,
    { subject: folder },
  );
}

/** A plan and what lies beside it, parsed but not checked. */
interface PlanFiles {
  readonly path: string;
  readonly plans: unknown;
  readonly dataset: unknown | undefined;
  readonly configuration: string;
  /** The files themselves. */
  readonly read: readonly string[];
}

const readPlanFiles = ({ plans, dataset, configuration, path }: PlanFiles): Plan =>
  readPlan(plans, dataset, configuration, path);

async function planFilesOf(given: string, onnxPath: string, options: ModelFolderOptions): Promise<PlanFiles | null> {
  const folders = [...new Set([resolve(given), dirname(resolve(onnxPath)), dirname(dirname(resolve(onnxPath)))])];
  const path = options.plans ?? (await firstExisting(folders.map((f) => join(f, 'plans.json'))));
  if (path === undefined) return null;
  const datasetPath = await firstExisting([
    join(dirname(path), 'dataset.json'),
    ...folders.map((f) => join(f, 'dataset.json')),
  ]);
  const dataset = datasetPath === undefined ? undefined : await readJson(datasetPath, options);
  const plans = await readJson(path, options);
  const configuration = options.configuration ?? configurationIn(folders, plans) ?? '3d_fullres';
  const read = datasetPath === undefined ? [path] : [path, datasetPath];
  return { path, plans, dataset, configuration, read };
}

/**
 * The configuration that a folder on the way is named after, as nnU-Net names them:
 * `trainer__plans__3d_lowres`.
 */
function configurationIn(folders: readonly string[], plans: unknown): string | undefined {
  const planned = Object.keys((plans as { configurations?: object } | null)?.configurations ?? {});
  const v1 = (plans as { plans_per_stage?: object } | null)?.plans_per_stage !== undefined;
  for (const folder of folders) {
    // nnU-Net v1 names a folder two levels up: 3d_lowres/Task001_Name/trainer__plans.
    const above = basename(dirname(dirname(folder)));
    if (v1 && /^(2d|3d_lowres|3d_fullres|3d_cascade_fullres)$/.test(above)) return above;
    const parts = basename(folder).split('__');
    const last = parts.at(-1) as string;
    // A name of three parts means a configuration even where the plan lacks it: then it is refused
    // by name, not replaced in silence.
    if (parts.length > 1 && (planned.includes(last) || parts.length === 3)) return last;
  }
  return undefined;
}

async function readJson(path: string, options: Pick<ModelFolderOptions, 'signal'>): Promise<unknown> {
  const text = new TextDecoder().decode(await readWhole(path, options));
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new SegcanaryError('plan-invalid', `is not valid JSON (${(cause as Error).message}).`, {
      subject: path,
      cause,
    });
  }
}

const exists = (path: string): Promise<boolean> =>
  stat(path).then(
    (s) => s.isFile(),
    () => false,
  );

async function firstExisting(paths: readonly string[]): Promise<string | undefined> {
  for (const path of paths) if (await exists(path)) return path;
  return undefined;
}
