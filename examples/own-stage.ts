/**
 * A stage of one's own between two of ours. This one keeps only what a soft-tissue window shows
 * before the plan's own normalisation sees it: how much does the score move when a workstation has
 * already windowed the scan?
 *
 *     npx tsx examples/own-stage.ts DETECTOR SCAN.nii.gz
 */
import { createReadStream } from 'node:fs';
import {
  aggregate,
  chain,
  distance,
  encode,
  encoderOf,
  last,
  load,
  loadFeatureDetector,
  normalise,
  patch,
  pool,
  resample,
  type Slice,
  score,
  spool,
  stage,
  watchIntensities,
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
const { plan, stepSize, tiles, calibration } = detector.description;

/** The score with a stage between loading and everything else, or without one. */
async function scoreOf(own: ReturnType<typeof clipToWindow> | null): Promise<number> {
  const watch = watchIntensities(detector.scorer);
  const result = await chain(load({ case: scan, reader: plan.imageReader }))
    .optionally(own)
    .to(spool({ plan }))
    .to(normalise({ plan }))
    .to(resample({ plan }))
    .observe((slice) => watch?.look(slice))
    .to(patch({ patchSize: plan.patchSize, stepSize, tiles }))
    .to(encode({ encoder }))
    .to(pool())
    .to(distance({ scorer: detector.scorer }))
    .to(aggregate())
    .to(score({ calibration, intensities: watch?.distance }))
    .run(createReadStream(scan), last());
  return result?.score ?? Number.NaN;
}

console.log(JSON.stringify({ asIs: await scoreOf(null), windowed: await scoreOf(clipToWindow(40, 400)) }));
