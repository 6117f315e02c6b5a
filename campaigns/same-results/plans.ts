import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeScan } from '../../test/support/scans.js';
import { CACHED, type Step } from './checkouts.js';

const ONE = ['-q', '--threads', '1'];
const SHAPE = [20, 44, 44] as const;

/**
 * A detector and segmentations for each plan of the fixtures: both versions of nnU-Net, axes that
 * are turned, several channels, several folds, regions, z-score over a mask.
 *
 * @param fixtures test/fixtures/segment of a checkout
 */
export async function planSteps(fixtures: string, folder: string): Promise<Step[]> {
  const names = readdirSync(fixtures).filter((name) => !name.includes('.'));
  const steps: Step[] = [];
  for (const name of names) {
    const model = modelIn(join(fixtures, name));
    const channels = channelsOf(model);
    const scans = async (group: string, first: number, count: number) => {
      const at = join(folder, 'plans', name, group);
      mkdirSync(at, { recursive: true });
      for (let i = 0; i < count * channels.length; i++) {
        const [scan, channel] = [Math.floor(i / channels.length), i % channels.length];
        const modality = channels[channel] === 'CT' ? 'ct' : 'mr';
        const path = join(at, `s${first + scan}_000${channel}.nii.gz`);
        await writeScan({ path, seed: first + scan + 50 * channel, shape: SHAPE, modality });
      }
      return at;
    };
    const train = await scans('train', 0, 3);
    const fresh = await scans('fresh', 20, 2);
    const kept = `plans/${name}`;
    const detector = `../../before/${kept}/detector`;
    steps.push(
      {
        artefact: `${name}: fit`,
        args: ['fit', ...ONE, '-m', model, '-i', train, '-o', 'detector', ...CACHED],
        keep: kept,
      },
      {
        artefact: `${name}: segment -d`,
        args: ['segment', ...ONE, '-m', model, '-d', detector, '-i', fresh, '-o', 'out', '--explain', '--tta'],
      },
    );
    if (name === 'two-folds') {
      const cohort = join(folder, 'plans', name, 'cohort.csv');
      const image = (group: string, i: number) => join(folder, 'plans', name, group, `s${i}_0000.nii.gz`);
      writeFileSync(
        cohort,
        [
          'case,image,label,split,group,shift,dataset',
          ...[0, 1].map((i) => `t${i},${image('train', i)},,train,id,,w`),
          `v2,${image('train', 2)},,val,id,,w`,
          `s20,${image('fresh', 20)},,test,id,,w`,
          `s21,${image('fresh', 21)},,test,ood,texture,w\n`,
        ].join('\n'),
      );
      const passes = ['--folds', '0,1', '--passes', 'mirrors,dropout', '--tap', 'stages', '--resamples', '20'];
      steps.push({
        artefact: `${name}: evaluate`,
        args: ['evaluate', cohort, ...ONE, '-m', model, '-o', 'out', ...passes, ...CACHED],
      });
    }
  }
  return steps;
}

/** nnU-Net v2 has its plan in a folder below, v1 in the folder itself. */
function modelIn(folder: string): string {
  if (existsSync(join(folder, 'plans.json'))) return folder;
  return join(folder, readdirSync(folder)[0]);
}

function channelsOf(model: string): string[] {
  const dataset = JSON.parse(readFileSync(join(model, 'dataset.json'), 'utf8')) as Record<string, object>;
  return Object.values(dataset.channel_names ?? dataset.modality) as string[];
}
