/**
 * Many scans over one shared network: the network is loaded once, and a scan that fails ends
 * nothing but itself.
 *
 *     npx tsx examples/many-scans.ts DETECTOR SCAN.nii.gz…
 */
import { createReadStream } from 'node:fs';
import { loadDetector, openDetector, SegcanaryError, scoreScan } from 'segcanary';

const [detectorFolder, ...scans] = process.argv.slice(2);
const detector = await openDetector(await loadDetector(detectorFolder));

for (const scan of scans) {
  try {
    const { verdict, score, worstPatch } = await scoreScan(createReadStream(scan), { detector, case: scan });
    console.log(`${scan}\t${verdict}\t${score.toFixed(1)}\tlook at voxel ${worstPatch?.centre.join(', ') ?? 'none'}`);
  } catch (error) {
    if (!(error instanceof SegcanaryError)) throw error;
    console.log(`${scan}\t${error.code}\t${error.message}`);
  }
}
