/**
 * A pipeline of one's own, stage by stage, with a look at the embeddings in the middle: one JSON
 * line a patch with the length of its embedding.
 *
 *     npx tsx examples/tap-embeddings.ts DETECTOR SCAN.nii.gz
 */
import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import {
  aggregate,
  distance,
  type Embedding,
  encode,
  encoderOf,
  load,
  loadFeatureDetector,
  normalise,
  observe,
  patch,
  pool,
  resample,
  type SubjectScore,
  score,
  spool,
} from 'segcanary';

const [detectorFolder, scan] = process.argv.slice(2);
const detector = await loadFeatureDetector(detectorFolder);
const { plan, stepSize, calibration } = detector.description;

await pipeline(
  createReadStream(scan),
  load({ case: scan }),
  spool({ plan }),
  normalise({ plan }),
  resample({ plan }),
  patch({ patchSize: plan.patchSize, stepSize }),
  encode({ encoder: await encoderOf(detector) }),
  pool(),
  observe<Embedding>(({ index, tile, vector }) => {
    console.log(JSON.stringify({ index, tile, d: vector.length, length: Math.hypot(...vector) }));
  }),
  distance({ scorer: detector.scorer }),
  aggregate(),
  score({ calibration, detector: detector.id }),
  // Nobody reads behind the last stage, so it is told to flow.
  observe<SubjectScore>((result) => console.log(JSON.stringify(result))).resume(),
);
