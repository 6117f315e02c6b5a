import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { heldOutImages } from '../../../src/jobs/held-out.js';
import { identifyInput, type KnownScan, namesOf, SeenScans } from '../../../src/jobs/identities.js';
import type { ScanInput } from '../../../src/jobs/inputs.js';
import {
  AS_IT_LIES,
  DATA_TYPES,
  type Layout,
  padded,
  pairOf,
  placed,
  type Volume,
} from '../../../test/support/encodings.js';
import { type FakeNifti, fakeNifti } from '../../../test/support/nifti.js';
import type { Dice } from '../../dice.js';
import { plan } from '../../fuzz/targets/detector-parts.js';
import type { Attack, Trial } from '../attack.js';

const SCANS = 200;
const COPIES = 8;

/**
 * One scan stored in many ways is the same one to `fit`, `calibrate` and `evaluate`, whatever its
 * packing, data type, byte order, scaling, version, margin and axes; another scan is not, however
 * little it differs.
 */
export const copies: Attack = {
  name: 'copies',
  async *run({ dice, folder, share }) {
    for (let scan = 0; scan < Math.max(2, SCANS * share); scan++) {
      const volume = someVolume(dice);
      const home = join(folder, String(scan));
      mkdirSync(home);
      const plain = await write(home, 'plain', storedAs(volume, AS_IT_LIES, 'int16'), 'nii');
      const known = (await identifyInput(plain, { plan })) as KnownScan;
      for (let copy = 0; copy < COPIES; copy++) {
        const { input, what } = await someCopy(volume, join(home, String(copy)), dice);
        yield { what: `scan ${scan}: ${what}`, ...(await sameOutcome(known, plain, input)) };
      }
      for (const [what, other] of Object.entries(someOthers(volume, dice))) {
        const type = dice.pick(Object.keys(DATA_TYPES));
        // The same array under another affine is the same scan to a reader that ignores affines.
        const layout = /mirrored|slices/.test(what) ? AS_IT_LIES : someLayout(dice);
        const input = await write(home, what, storedAs(other, layout, type), 'nii');
        const found = (await identifyInput(input, { plan })) as KnownScan;
        const isSame = namesOf(found).some((name) => namesOf(known).includes(name));
        yield {
          what: `scan ${scan}: ${what}`,
          ...(isSame
            ? { outcome: 'finding', why: 'another scan is taken for the same' }
            : { outcome: 'harmless', why: 'another scan is another' }),
        };
      }
    }
  },
};

/** By the very functions that the three commands call. */
async function sameOutcome(known: KnownScan, plain: ScanInput, input: ScanInput): Promise<Omit<Trial, 'what'>> {
  const found = (await identifyInput(input, { plan })) as KnownScan;
  const missed: string[] = [];
  const seen = new SeenScans();
  seen.take(plain, known);
  try {
    seen.take(input, found);
    missed.push('fit counts it twice');
  } catch {}
  const description = {
    plan,
    trainingScans: [known.bytes],
    trainingVoxels: [known.voxels],
    trainingOriented: [known.oriented],
  };
  const refused = (inputs: readonly ScanInput[], of: object) =>
    heldOutImages({ detector: { description: { plan, ...of } }, inputs }, () => {}).then(
      () => false,
      () => true,
    );
  if (!(await refused([input], description))) missed.push('calibrate takes a training scan');
  if (!(await refused([plain, input], {}))) missed.push('calibrate counts it twice');
  if (!namesOf(found).some((name) => namesOf(known).includes(name))) missed.push('evaluate takes it for another');
  return missed.length > 0
    ? { outcome: 'finding', why: missed.join(', ') }
    : { outcome: 'refused', why: 'known as the same scan' };
}

function someVolume(dice: Dice): Volume {
  const shape = [dice.int(3, 7), dice.int(3, 9), dice.int(3, 9)] as const;
  const spacing = [dice.pick([1, 2.5, 5]), dice.pick([0.7, 0.7421875, 1]), dice.pick([0.7, 0.9765625, 1])] as const;
  const values = Array.from({ length: shape[0] * shape[1] * shape[2] }, () => dice.int(0, 255));
  return { shape, spacing, values };
}

function someLayout(dice: Dice): Layout {
  const axes = [0, 1, 2].map((axis) => ({ axis, key: dice.float() })).sort((a, b) => a.key - b.key);
  return {
    axes: axes.map(({ axis }) => axis) as unknown as Layout['axes'],
    flipped: [dice.chance(0.5), dice.chance(0.5), dice.chance(0.5)],
  };
}

function storedAs(volume: Volume, layout: Layout, type: string): FakeNifti {
  const { fake, values } = placed(volume, layout);
  return { ...fake, ...DATA_TYPES[type](values) };
}

async function someCopy(volume: Volume, home: string, dice: Dice): Promise<{ input: ScanInput; what: string }> {
  mkdirSync(home);
  const layout = dice.chance(0.6) ? someLayout(dice) : AS_IT_LIES;
  const type = dice.pick(Object.keys(DATA_TYPES));
  const least = volume.values.reduce((a, b) => Math.min(a, b));
  const margin = dice.chance(0.4) ? dice.int(1, 3) : 0;
  const form = dice.pick(['nii', 'nii.gz', 'NIfTI-2', 'pair', 'microns', 'far', 'extension'] as const);
  const input = await write(home, 'copy', storedAs(padded(volume, margin, least), layout, type), form);
  const axes = `${layout.axes}${layout.flipped.some(Boolean) ? ' mirrored' : ''}`;
  return { input, what: `${form}, ${type}, margin ${margin}, axes ${axes}` };
}

type Form = 'nii' | 'nii.gz' | 'NIfTI-2' | 'pair' | 'microns' | 'far' | 'extension';

async function write(home: string, name: string, fake: FakeNifti, form: Form): Promise<ScanInput> {
  const files = Object.entries(filesOf(fake, form));
  for (const [ending, bytes] of files) writeFileSync(join(home, `${name}${ending}`), bytes);
  return { case: name, file: join(home, `${name}${files[0]![0]}`) };
}

function filesOf(fake: FakeNifti, form: Form): Readonly<Record<string, Uint8Array>> {
  switch (form) {
    case 'nii':
      return { '.nii': fakeNifti(fake) };
    case 'nii.gz':
      return { '.nii.gz': gzipSync(fakeNifti(fake)) };
    case 'NIfTI-2':
      return { '.nii': fakeNifti({ ...fake, version: 2 }) };
    case 'pair':
      return pairOf(fake);
    case 'microns': {
      const thousandfold = (values: readonly number[] = []) => values.map((value) => 1000 * value);
      const [qfac, ...pixdim] = fake.pixdim ?? [];
      return {
        '.nii': fakeNifti({
          ...fake,
          units: 3,
          pixdim: [qfac, ...thousandfold(pixdim)],
          srow: thousandfold(fake.srow),
        }),
      };
    }
    case 'far': {
      // The same scan on a table that was moved.
      const srow = (fake.srow ?? []).map((value, i) => (i % 4 === 3 ? value + 100 : value));
      return { '.nii': fakeNifti({ ...fake, srow }) };
    }
    case 'extension':
      return { '.nii': fakeNifti({ ...fake, voxelOffset: 416 }) };
  }
}

/** Scans that are not this one. */
function someOthers(volume: Volume, dice: Dice): Readonly<Record<string, Volume>> {
  const { shape, spacing, values } = volume;
  const at = dice.int(0, values.length - 1);
  const [depth, height, width] = shape;
  const row = (i: number) => Math.floor(i / width) * width;
  return {
    'a voxel more': { ...volume, values: values.map((value, i) => (i === at ? value ^ (1 << dice.int(0, 7)) : value)) },
    'mirrored and its affine not': {
      ...volume,
      values: values.map((_, i) => values[row(i) + width - 1 - (i - row(i))]),
    },
    'its slices the other way': {
      ...volume,
      values: values.map(
        (_, i) => values[(depth - 1 - Math.floor(i / (height * width))) * height * width + (i % (height * width))],
      ),
    },
    'other voxel sizes': { ...volume, spacing: [spacing[0] + 0.01, spacing[1], spacing[2]] },
    'cut by a slice': { ...volume, shape: [depth - 1, height, width], values: values.slice(height * width) },
  };
}
