/**
 * A scan on stdin, a verdict on stdout; exit code 10 when the scan is out of distribution.
 *
 *     zcat scan.nii.gz | npx tsx examples/stdin-to-verdict.ts DETECTOR
 */
import { loadDetector, openDetector, scoreScan } from 'segcanary';

const detector = await openDetector(await loadDetector(process.argv[2] ?? 'demo-out/detector'));
const result = await scoreScan(process.stdin, { detector, case: 'stdin' });

console.log(`${result.verdict} (score ${result.score.toFixed(1)}, boundary ${result.boundary?.toFixed(1) ?? 'none'})`);
if (result.verdict === 'out-of-distribution') process.exitCode = 10;
