/**
 * A chain of one's own, stage by stage, with a look at the embeddings in the middle: one JSON line
 * a patch with the length of its embedding. The compiler checks that neighbours fit.
 *
 *     npx tsx examples/tap-embeddings.ts DETECTOR SCAN.nii.gz
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
  score,
  spool,
  watchIntensities,
} from 'segcanary';

const [detectorFolder, scan] = process.argv.slice(2);
const detector = await loadFeatureDetector(detectorFolder);
const { plan, stepSize, tiles, calibration } = detector.description;
// What a detector judges of the whole scan, beside its patches: the default its intensities.
const watch = watchIntensities(detector.scorer);

const result = await chain(load({ case: scan, reader: plan.imageReader }))
  .to(spool({ plan }))
  .to(normalise({ plan }))
  .to(resample({ plan }))
  .observe((slice) => watch?.look(slice))
  .to(patch({ patchSize: plan.patchSize, stepSize, tiles }))
  .to(encode({ encoder: await encoderOf(detector) }))
  .to(pool())
  .observe(({ index, tile, vector }) =>
    console.log(JSON.stringify({ index, tile, d: vector.length, length: Math.hypot(...vector) })),
  )
  .to(distance({ scorer: detector.scorer }))
  .to(aggregate())
  .to(score({ calibration, detector: detector.id, intensities: watch?.distance }))
  .run(createReadStream(scan), last());

console.log(JSON.stringify(result));
