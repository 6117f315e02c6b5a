import { join } from 'node:path';
import type { Command } from 'commander';
import { openBesideSegmenter } from '../detectors/opened.js';
import { loadDetector } from '../detectors/saved.js';
import { SegcanaryError } from '../errors.js';
import { makeFolder } from '../files/atomic.js';
import { resolveInputs } from '../jobs/inputs.js';
import { ResultFolder } from '../jobs/result-folder.js';
import { segmenterOf, segmentScans } from '../jobs/segment.js';
import { openSegmentationModel } from '../network/folder.js';
import { isFailure, lineOf } from '../results.js';
import { EXIT } from './exit.js';
import type { LogOptions } from './log.js';
import { foldList, fraction, type ScanFlags, withScanOptions } from './options.js';
import { runSession, type Session } from './session.js';
import { printed } from './words.js';

interface SegmentFlags extends ScanFlags, LogOptions {
  readonly model: string;
  readonly plans?: string;
  readonly configuration?: string;
  readonly folds?: readonly number[];
  readonly detector?: string;
  readonly case?: string;
  readonly stepSize?: number;
  readonly tta?: boolean;
  readonly saveProbabilities?: boolean;
  readonly explain?: boolean;
  readonly output: string;
  readonly failOnOod?: boolean;
}

export function segmentCommand(program: Command): void {
  const command = program
    .command('segment')
    .description('segment scans as nnU-Net does, and score them from the same forward pass')
    .requiredOption('-m, --model <folder>', 'nnU-Net’s model folder, with exported networks')
    .option('-p, --plans <file>', 'the plan, where it does not lie beside the model')
    .option(
      '-c, --configuration <name>',
      'configuration of the plan (default: from the folder’s name, else 3d_fullres)',
    )
    .option('--folds <list>', 'folds whose logits are averaged, as 0,1,2 (default: all that are exported)', foldList)
    .option('-d, --detector <folder>', 'score the scans too: a detector that was fitted to one of the folds')
    .option('--case <name>', 'name of a single scan in the result (default: from its file, or stdin)')
    .option('--step-size <fraction>', 'distance between patches as a fraction of the patch (default: 0.5)', fraction)
    .option('--tta', 'average over mirrored passes: up to 8 times the work (off by default, unlike nnU-Net)')
    .requiredOption('-o, --output <path>', 'folder for {case}.nii.gz; - writes the segmentation of one scan to stdout')
    .option('--save-probabilities', 'write {case}_probabilities.nii.gz too: a volume a class, 4-D')
    .option('--explain', 'add what explains the verdict: largest patches, what moved, intensities (docs/explaining.md)')
    .option('--fail-on-ood', 'exit with 10 when a scan is out of distribution');
  withScanOptions(command, 'scans: files or folders, or - for stdin').action(() => {
    const flags = command.optsWithGlobals<SegmentFlags>();
    return runSession(flags, (session) => segmentAll(flags, session));
  });
}

async function segmentAll(flags: SegmentFlags, { log, progress, signal, print }: Session): Promise<number> {
  const detector = flags.detector === undefined ? undefined : await loadDetector(flags.detector);
  if (flags.failOnOod && !detector)
    throw new SegcanaryError('usage', '--fail-on-ood needs a detector; name one with -d.');
  if (flags.explain && !detector) throw new SegcanaryError('usage', '--explain needs a detector; name one with -d.');
  const inputs = await resolveInputs(flags.input, flags.case);
  const toStdout = flags.output === '-';
  if (toStdout && inputs.length !== 1)
    throw new SegcanaryError('usage', `-o - takes one scan and there are ${inputs.length}; name a folder.`);
  if (toStdout && flags.saveProbabilities)
    throw new SegcanaryError('usage', '--save-probabilities needs a folder; name one with -o.');
  const model = await openSegmentationModel(flags.model, flags);
  const segmenter = await segmenterOf({ ...flags, model, detector });
  if (!toStdout) {
    ResultFolder.refuseNames(inputs.map((input) => input.case));
    await makeFolder(flags.output);
  }
  const scores = detector && !toStdout ? await ResultFolder.open(flags.output) : null;
  const pathOf = (name: string) => join(flags.output, `${name}.nii.gz`);
  const report = async (result: object) => {
    if (!toStdout) return print(result);
    progress.clear();
    process.stderr.write(`${JSON.stringify(result)}\n`);
  };
  let done = 0;
  let failed = 0;
  let ood = 0;
  for await (const found of segmentScans({
    ...flags,
    model,
    segmenter,
    detector: detector && (await openBesideSegmenter(detector, flags)),
    inputs,
    signal,
    to: (name) => (toStdout ? process.stdout : pathOf(name)),
    probabilities: (name) => (flags.saveProbabilities ? join(flags.output, `${name}_probabilities.nii.gz`) : undefined),
    mask: (name) => (detector?.kind === 'features' ? scores?.maskPath(name) : undefined),
    onProgress: ({ case: name, patches, total }) =>
      progress.update(`${done + 1}/${inputs.length} ${name}: patch ${patches} of ${total}`),
  })) {
    done++;
    const result = isFailure(found) ? printed(found) : found;
    const line = isFailure(result) ? result : lineOf(result, toStdout ? null : pathOf(result.case));
    if (isFailure(result)) {
      failed++;
      await scores?.add(result);
      log.error(result.error.message);
    } else if (result.score) {
      ood += Number(result.score.verdict === 'out-of-distribution');
      await scores?.add(result.score);
    }
    await report(line);
  }
  progress.clear();
  await scores?.finish();
  if (failed > 0) return inputs.length === 1 ? EXIT.failed : EXIT.someScansFailed;
  return flags.failOnOod && ood > 0 ? EXIT.outOfDistribution : EXIT.done;
}
