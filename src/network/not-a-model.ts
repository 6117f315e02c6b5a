import { readdir, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { SegcanaryError } from '../errors.js';

const SCANS = /\.(nii|nii\.gz|hdr|nrrd|mha|dcm)$/i;
/** What a training leaves, and what makes ONNX of it: nnU-Net v2, version 1. */
const TRAINED = [
  { checkpoint: /^checkpoint_.*\.pth$/, script: 'export_nnunet.py' },
  { checkpoint: /^model_.*checkpoint\.model$/, script: 'export_nnunet_v1.py' },
] as const;
const WANTED =
  'name the folder of a trained configuration, which holds plans.json and fold_0: …/nnUNet_results/Dataset…/nnUNetTrainer__nnUNetPlans__3d_fullres.';

/**
 * The error for a folder without a network, or for a checkpoint: the sentence that helps. It says
 * what lies there instead, and where the model is or how it is made.
 */
export async function notAModel(path: string): Promise<SegcanaryError> {
  return new SegcanaryError('io', await whatInstead(path), { subject: path });
}

/** Whether a file is a checkpoint of a training, which nothing but its framework reads. */
export const isCheckpoint = (path: string): boolean => TRAINED.some((t) => t.checkpoint.test(basename(path)));

async function whatInstead(path: string): Promise<string> {
  const above = [dirname(resolve(path)), dirname(dirname(resolve(path)))];
  for (const folder of above)
    if ((await holds(folder, 'plans.json')) && (await hasNetwork(folder)))
      return `is a part of a model; name ${folder}.`;
  const command = (await exportOf(path)) ?? (await exportOf(above[0]));
  if (command !== null) return `was trained and is not exported yet; inside its nnU-Net environment run: ${command}`;
  for (const folder of above) if (await holds(folder, 'plans.json')) return `is a part of a model; name ${folder}.`;
  const below = await modelsIn(path, 2);
  if (below.length > 0)
    return `holds ${below.length === 1 ? 'a model' : `${below.length} models`}; name ${below.slice(0, 3).join(' or ')}.`;
  const entries = await entriesOf(path);
  if (entries.includes('imagesTr')) return `is a raw data set and no model; ${WANTED}`;
  if (entries.includes('gt_segmentations')) return `is a preprocessed data set and no model; ${WANTED}`;
  if (entries.some((name) => SCANS.test(name))) return `holds scans and no model; ${WANTED}`;
  return `has neither model.onnx nor fold_0/model.onnx; export the network first, inside its nnU-Net environment: ${commandOf('export_nnunet.py', 'MODEL_FOLDER')} (version 1: export_nnunet_v1.py).`;
}

/** The command that exports what was trained in a folder or, where it is one fold, in that fold. */
async function exportOf(folder: string): Promise<string | null> {
  const fold = /^fold_(.+)$/.exec(basename(resolve(folder)))?.[1];
  const inside = (await entriesOf(folder)).filter((name) => /^fold_/.test(name));
  for (const { checkpoint, script } of TRAINED) {
    const trained = async (name: string) => (await entriesOf(name)).some((entry) => checkpoint.test(entry));
    if (fold !== undefined && (await trained(folder)))
      return `${commandOf(script, dirname(resolve(folder)))} --folds ${fold}`;
    for (const name of inside) if (await trained(join(folder, name))) return commandOf(script, folder);
  }
  return null;
}

/** Folders below that have a plan or a network. */
async function modelsIn(folder: string, levels: number): Promise<string[]> {
  const found: string[] = [];
  for (const name of await entriesOf(folder)) {
    const path = join(folder, name);
    if ((await holds(path, 'plans.json')) || (await holds(path, 'model.onnx')) || (await exportOf(path)))
      found.push(path);
    else if (levels > 1) found.push(...(await modelsIn(path, levels - 1)));
  }
  return found;
}

async function hasNetwork(folder: string): Promise<boolean> {
  if (await holds(folder, 'model.onnx')) return true;
  for (const name of await entriesOf(folder))
    if (name.startsWith('fold_') && (await holds(join(folder, name), 'model.onnx'))) return true;
  return false;
}

/** The scripts lie in the package, beside what is compiled. */
function commandOf(script: string, folder: string): string {
  const quoted = (path: string) => (/^[\w./:\\-]+$/.test(path) ? path : `"${path}"`);
  return `python ${quoted(fileURLToPath(new URL(`../../scripts/${script}`, import.meta.url)))} ${quoted(folder)}`;
}

const holds = (folder: string, name: string): Promise<boolean> =>
  stat(join(folder, name)).then(
    (s) => s.isFile(),
    () => false,
  );

/** Names in a folder, sorted; none of what is no folder. */
const entriesOf = async (folder: string): Promise<string[]> => (await readdir(folder).catch(() => [])).sort();
