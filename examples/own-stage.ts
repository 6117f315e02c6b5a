/**
 * A stage of one's own between two of ours. This one keeps only what a soft-tissue window shows
 * before the plan's own normalisation sees it: how much does the score move when a workstation has
 * already windowed the scan?
 *
 *     npx tsx examples/own-stage.ts DETECTOR SCAN.nii.gz
 */
import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import {
  aggregate,
  distance,
  embedded,
  encoderOf,
  load,
  loadFeatureDetector,
  observe,
  type Slice,
  type SubjectScore,
  score,
  stage,
} from 'segcanary';

/** Clips every voxel to a display window, in HU. */
const clipToWindow = (level: number, width: number) =>
  stage<Slice, Slice>(
    { name: 'clip-to-window' },
    {
      *transform(slice) {
        const { data } = slice.data;
        for (let i = 0; i < data.length; i++)
          data[i] = Math.min(Math.max(data[i], level - width / 2), level + width / 2);
        yield slice;
      },
    },
  );

const [detectorFolder, scan] = process.argv.slice(2);
const detector = await loadFeatureDetector(detectorFolder);
const encoder = await encoderOf(detector);
const { plan, stepSize, calibration } = detector.description;

async function scoreOf(...own: ReturnType<typeof clipToWindow>[]): Promise<number> {
  let result = Number.NaN;
  await pipeline([
    createReadStream(scan),
    load({ case: scan }),
    ...own,
    ...embedded({ plan, encoder, stepSize }),
    distance({ scorer: detector.scorer }),
    aggregate(),
    score({ calibration }),
    observe<SubjectScore>((s) => {
      result = s.score;
    }).resume(),
  ]);
  return result;
}

console.log(JSON.stringify({ asIs: await scoreOf(), windowed: await scoreOf(clipToWindow(40, 400)) }));
