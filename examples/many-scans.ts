/**
 * Many scans over one shared encoder: the network is loaded once, and a scan that fails ends nothing but itself.
 *
 *     npx tsx examples/many-scans.ts DETECTOR SCAN.nii.gz…
 */
import { createReadStream } from 'node:fs';
import { encoderOf, loadDetector, SegcanaryError, scoreScan } from 'segcanary';

const [detectorFolder, ...scans] = process.argv.slice(2);
const detector = await loadDetector(detectorFolder);
const encoder = await encoderOf(detector);

for (const scan of scans) {
  try {
    const { verdict, score, worstPatch } = await scoreScan(createReadStream(scan), { detector, encoder, case: scan });
    console.log(`${scan}\t${verdict}\t${score.toFixed(1)}\tlook at voxel ${worstPatch.centre.join(', ')}`);
  } catch (error) {
    if (!(error instanceof SegcanaryError)) throw error;
    console.log(`${scan}\t${error.code}\t${error.message}`);
  }
}
