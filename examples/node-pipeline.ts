/**
 * Stages are Node's own Transforms: `pipeline` of node:stream joins them to anything else that
 * reads or writes. Here a Transform that knows nothing of segcanary makes lines of JSON.
 *
 *     cat scan.nii.gz | npx tsx examples/node-pipeline.ts DETECTOR > embeddings.ndjson
 */
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import {
  type Embedding,
  encode,
  encoderOf,
  load,
  loadFeatureDetector,
  normalise,
  patch,
  pool,
  resample,
  spool,
} from 'segcanary';

const detector = await loadFeatureDetector(process.argv[2] ?? 'demo-out/detector');
const { plan, stepSize, tiles } = detector.description;

const toLines = new Transform({
  writableObjectMode: true,
  transform({ index, tile, vector }: Embedding, _encoding, done) {
    done(null, `${JSON.stringify({ index, tile, vector: [...vector] })}\n`);
  },
});

await pipeline(
  process.stdin,
  load({ case: 'stdin', reader: plan.imageReader }),
  spool({ plan }),
  normalise({ plan }),
  resample({ plan }),
  patch({ patchSize: plan.patchSize, stepSize, tiles }),
  encode({ encoder: await encoderOf(detector) }),
  pool(),
  toLines,
  process.stdout,
);
