import { link, mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { describeContent, putDescription } from '../../src/formats/nifti/content.js';
import { type Output, Outputs, outputOf, outputOfAll, refuseReplacing } from '../../src/jobs/outputs.js';
import { temporaryFolder } from '../support/folder.js';
import { fakeNifti } from '../support/nifti.js';

/** An image that says whose it is. */
function ours(): Buffer {
  const bytes = fakeNifti();
  putDescription(bytes, 1, describeContent('uncertainty'));
  return bytes;
}

const mask = (name: string, path: string): Output[] => outputOf('the mask', name, path);

async function folderOf(...names: string[]): Promise<string> {
  const folder = await temporaryFolder();
  for (const name of names) {
    await mkdir(join(folder, name, '..'), { recursive: true });
    await writeFile(join(folder, name), name);
  }
  return folder;
}

describe('an input is found out', () => {
  const cases: [string, (folder: string) => Promise<string>][] = [
    ['by its own path', async (folder) => join(folder, 's/a.nii')],
    ['by another spelling of it', async (folder) => `${folder}/s/../s/./a.nii`],
    [
      'through a folder that is a link',
      async (folder) => {
        await symlink(join(folder, 's'), join(folder, 'o'));
        return join(folder, 'o', 'a.nii');
      },
    ],
    [
      'through a link to it',
      async (folder) => {
        await symlink(join(folder, 's/a.nii'), join(folder, 'x.nii'));
        return join(folder, 'x.nii');
      },
    ],
    [
      'through another name of it',
      async (folder) => {
        await link(join(folder, 's/a.nii'), join(folder, 'x.nii'));
        return join(folder, 'x.nii');
      },
    ],
  ];
  it.each(cases)('%s', async (_, place) => {
    const folder = await folderOf('s/a.nii', 's/b.nii');
    const inputs = ['b', 'a'].map((name) => ({ file: join(folder, `s/${name}.nii`) }));
    await expect(Outputs.plan({ inputs }, mask('a', await place(folder)))).rejects.toMatchObject({ code: 'usage' });
  });

  it('as a further channel, the other half of a pair, and a file that is no scan', async () => {
    const folder = await folderOf('a_0000.nii', 'a_0001.nii', 'p.hdr', 'p.img.gz', 'detector.json');
    const at = (name: string) => join(folder, name);
    const reads = {
      inputs: [{ file: at('a_0000.nii'), moreChannels: [at('a_0001.nii')] }, { file: at('p.hdr') }],
      files: [undefined, at('detector.json')],
    };
    for (const name of ['a_0001.nii', 'p.img.gz', 'p.hdr', 'detector.json'])
      await expect(Outputs.plan(reads, mask('a', at(name))), name).rejects.toMatchObject({ code: 'usage' });
    await Outputs.plan(reads, mask('a', at('a.nii')));
  });

  it('before a folder is made, and in one that is not there yet', async () => {
    const folder = await folderOf('a.nii');
    const outputs = [
      ...mask('x', join(folder, 'new/deep/x_uncertainty.nii')),
      ...outputOf('the labels', 'x_uncertainty', `${folder}/new/../new/deep/x_uncertainty.nii`),
    ];
    await expect(Outputs.plan({ inputs: [] }, outputs)).rejects.toThrow('would be both the mask of x and the labels');
    expect(await readdir(folder)).toEqual(['a.nii']);
  });
});

it('asks the file system whether two names are one, and leaves nothing there', async () => {
  const folder = await folderOf();
  const isOne = await writeFile(join(folder, 'X'), '').then(() =>
    readFile(join(folder, 'x')).then(
      () => true,
      () => false,
    ),
  );
  await rm(join(folder, 'X'));
  const planned = Outputs.plan({ inputs: [] }, [
    ...mask('x', join(folder, 'x.nii')),
    ...mask('X', join(folder, 'X.nii')),
  ]);
  if (isOne) await expect(planned).rejects.toThrow('is the same file here');
  else await planned;
  expect(await readdir(folder)).toEqual([]);
});

describe('a case', () => {
  it('whose name cannot be written fails alone', async () => {
    const folder = await folderOf('d.nii/inside');
    const long = 'n'.repeat(250);
    const outputs = await Outputs.plan({ inputs: [] }, [
      ...mask('a', join(folder, 'a.nii')),
      ...mask(long, join(folder, `${long}.nii.gz`)),
      ...mask('d', join(folder, 'd.nii')),
    ]);
    await outputs.claim('a', []);
    await expect(outputs.claim(long, [])).rejects.toMatchObject({ code: 'io', message: /has 255 at most/ });
    await expect(outputs.claim('d', [])).rejects.toMatchObject({ code: 'io', message: /there is a folder where/ });
    const ofAll = Outputs.plan({ inputs: [] }, [outputOfAll('the summary', join(folder, 'd.nii'))]);
    await expect(ofAll).rejects.toMatchObject({ code: 'io' });
  });

  it('that is not planned is planned when its turn comes, and not twice', async () => {
    const folder = await folderOf('s/a.nii', 's/b.nii');
    const inputs = ['a', 'b'].map((name) => ({ file: join(folder, `s/${name}.nii`) }));
    const outputs = new Outputs({ inputs });
    await expect(outputs.claim('a', mask('a', join(folder, 's/b.nii')))).rejects.toMatchObject({ code: 'usage' });
    await outputs.claim('b', mask('b', join(folder, 'o.nii')));
    await expect(outputs.claim('b', mask('b', join(folder, 'o.nii')))).rejects.toMatchObject({ code: 'usage' });
    await expect(outputs.claim('c', mask('c', join(folder, 'o.nii')))).rejects.toMatchObject({ code: 'usage' });
    // Streams are nobody's files.
    await outputs.claim('d', outputOf('the mask', 'd', process.stdout));
  });

  it('that fails leaves none of its outputs, and touches nothing else', async () => {
    const folder = await folderOf('o/a.json', 'o/scan.nii', 'o/half.nii.gz');
    const at = (name: string) => join(folder, 'o', name);
    for (const name of ['a.nii', 'a_probabilities.nii', 'b.nii', 'l.nii']) await writeFile(at(name), ours());
    await writeFile(at('a.nii.gz'), gzipSync(ours()));
    await writeFile(at('scan.nii'), fakeNifti());
    await mkdir(at('f.nii'));
    const outputs = await Outputs.plan({ inputs: [] }, [
      ...mask('a', at('a.nii')),
      ...mask('a', at('a.nii.gz')),
      ...mask('a', at('a.json')),
      ...mask('a', at('scan.nii')),
      ...mask('a', at('half.nii.gz')),
      ...mask('a', at('f.nii')),
      ...mask('a', at('gone.nii')),
      ...mask('b', at('b.nii')),
      outputOfAll('the summary', at('l.nii')),
    ]);
    await outputs.drop('a');
    await outputs.drop('nobody');
    // What segcanary did not make may be somebody's scan.
    const stay = ['a.json', 'a_probabilities.nii', 'b.nii', 'f.nii', 'half.nii.gz', 'l.nii', 'scan.nii'];
    expect((await readdir(join(folder, 'o'))).sort()).toEqual(stay);
    expect(await readFile(at('scan.nii'))).toEqual(fakeNifti());
  });

  it('that was refused because its output is an input keeps that', async () => {
    const folder = await folderOf('a.nii');
    const outputs = new Outputs({ inputs: [{ file: join(folder, 'a.nii') }] });
    await expect(outputs.claim('a', mask('a', join(folder, 'a.nii')))).rejects.toMatchObject({ code: 'usage' });
    await outputs.drop('a');
    expect(await readdir(folder)).toEqual(['a.nii']);
  });
});

it('a folder that is replaced holds nothing that is read, nor the cache', async () => {
  const folder = await folderOf('d/encoder.onnx', 'm/encoder.onnx', 'd.cache/x', 'data/network_0.onnx');
  const at = (name: string) => join(folder, name);
  await symlink(at('d'), at('link'));
  await symlink(at('data/network_0.onnx'), at('d/network_0.onnx'));
  const refused = (reads: string[], cache?: string, target = at('d')) =>
    refuseReplacing(target, { inputs: [], files: reads }, cache);
  const usage = { code: 'usage', option: 'output' };
  await expect(refused([at('d/encoder.onnx')])).rejects.toMatchObject(usage);
  await expect(refused([at('link/encoder.onnx')])).rejects.toMatchObject(usage);
  await expect(refused([at('d/network_0.onnx')])).rejects.toMatchObject(usage);
  await expect(refused([at('d/encoder.onnx')], undefined, at('link'))).rejects.toMatchObject(usage);
  await expect(refused([], at('d'))).rejects.toMatchObject(usage);
  await expect(refused([], at('d/cache/of/it'))).rejects.toMatchObject(usage);
  await refused([at('m/encoder.onnx'), at('data/network_0.onnx')], at('d.cache'));
  await refused([at('m/encoder.onnx')], undefined, at('not/there'));
});
