import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { openModel, openSegmentationModel } from '../../src/network/folder.js';

const PHANTOM = join(import.meta.dirname, '../../examples/phantom/model');
const root = mkdtempSync(join(tmpdir(), 'segcanary-folder-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

/** A folder with files of these names, which are empty but for the plan. */
function folderOf(name: string, ...files: string[]): string {
  const folder = join(root, name);
  for (const file of files) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    if (/(plans|dataset)\.json$/.test(file)) cpSync(join(PHANTOM, file.split('/').at(-1)!), join(folder, file));
    else writeFileSync(join(folder, file), '');
  }
  return folder;
}

const messageOf = async (path: string, options = {}): Promise<string> => {
  const message = (error: { code: string; message: string }) => `${error.code} ${error.message}`;
  const one = await openModel(path, options).then(() => 'opened', message);
  const { fold } = options as { fold?: number };
  const many = await openSegmentationModel(path, fold === undefined ? {} : { folds: [fold] }).then(
    () => 'opened',
    message,
  );
  expect(many).toBe(one);
  return one;
};

describe('a path that is no model', () => {
  const plan = ['plans.json', 'dataset.json'] as const;
  const trained = folderOf('results/trainer', ...plan, 'fold_0/checkpoint_final.pth', 'fold_1/checkpoint_final.pth');
  const exported = folderOf('other/exported', ...plan, 'fold_0/model.onnx', 'fold_1/checkpoint_final.pth');
  folderOf('other/exported', 'fold_0/validation/case.nii.gz');
  const v1 = folderOf('v1/trainer', 'plans.pkl', 'fold_0/model_final_checkpoint.model');

  it.each([
    [
      'a raw data set',
      folderOf('raw', 'dataset.json', 'imagesTr/a_0000.nii.gz'),
      /is a raw data set and no model; name the folder/,
    ],
    ['its images', join(root, 'raw', 'imagesTr'), /holds scans and no model; name the folder/],
    [
      'a preprocessed data set',
      folderOf('pre', 'dataset.json', 'gt_segmentations/a.nii.gz'),
      /is a preprocessed data set/,
    ],
    [
      'a folder below',
      join(exported, 'fold_0', 'validation'),
      new RegExp(`is a part of a model; name ${exported}\\.$`),
    ],
    ['a fold that is not exported', join(exported, 'fold_1'), new RegExp(`is a part of a model; name ${exported}\\.$`)],
    ['the folder above', join(root, 'other'), new RegExp(`holds a model; name ${exported}\\.$`)],
    ['a checkpoint folder', trained, new RegExp(`run: python \\S+export_nnunet\\.py ${trained}$`)],
    [
      'one of its folds',
      join(trained, 'fold_1'),
      new RegExp(`run: python \\S+export_nnunet\\.py ${trained} --folds 1$`),
    ],
    ['a checkpoint', join(trained, 'fold_1', 'checkpoint_final.pth'), /export_nnunet\.py \S+ --folds 1$/],
    ['the folder above that', join(root, 'results'), new RegExp(`holds a model; name ${trained}\\.$`)],
    ['a checkpoint folder of nnU-Net v1', v1, new RegExp(`run: python \\S+export_nnunet_v1\\.py ${v1}$`)],
    ['a plan', join(exported, 'plans.json'), new RegExp(`is the plan of a model; name its folder: ${exported}$`)],
    ['something else', folderOf('something', 'else.txt'), /has neither model\.onnx nor fold_0\/model\.onnx; export/],
    ['nothing', join(root, 'nothing'), /cannot read .*nothing/],
  ])('gets the sentence that helps: %s', async (_, path, sentence) => {
    expect(await messageOf(path)).toMatch(sentence);
  });

  it('knows which folds there are', async () => {
    expect(await messageOf(PHANTOM, { fold: 3 })).toMatch(
      /has no network of fold 3; there is model\.onnx: name a fold/,
    );
    expect(await messageOf(exported, { fold: 1 })).toMatch(/has no network of fold 1; there is fold_0\/model\.onnx/);
    const all = folderOf('all', ...plan, 'fold_all/model.onnx', 'fold_2/model.onnx');
    expect(await messageOf(all, { fold: 3 })).toMatch(/there are fold_2\/model\.onnx, fold_all\/model\.onnx/);
    // The one network of a folder without folds is what fold 0 means, and what none means.
    expect(await messageOf(PHANTOM, { fold: 0 })).toBe('opened');
    expect(await messageOf(PHANTOM)).toBe('opened');
    expect(await messageOf(exported)).toBe('opened');
  });
});
