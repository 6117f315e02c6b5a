import { access, constants } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Command } from 'commander';
import { refuseEarly } from '../detectors/early.js';
import { openDetector } from '../detectors/opened.js';
import { loadDetector } from '../detectors/saved.js';
import { SegcanaryError } from '../errors.js';
import { cannotWrite } from '../files.js';
import { isFailure } from '../jobs/failure.js';
import { resolveInputs } from '../jobs/inputs.js';
import { ResultFolder } from '../jobs/results.js';
import { scoreScans } from '../jobs/score.js';
import { EXIT } from './exit.js';
import type { LogOptions } from './log.js';
import { type ScanFlags, withScanOptions } from './options.js';
import { runSession } from './session.js';

interface ScoreFlags extends ScanFlags, LogOptions {
  readonly detector: string;
  readonly case?: string;
  readonly output?: string;
  readonly mask?: string;
  readonly failOnOod?: boolean;
  readonly early?: boolean;
  readonly explain?: boolean;
  readonly rememberConstants?: boolean;
}

export function scoreCommand(program: Command): void {
  const command = program
    .command('score')
    .description('score scans: one JSON object a line')
    .requiredOption('-d, --detector <folder>', 'the detector')
    .option('--case <name>', 'name of a single scan in the result (default: from its file, or stdin)')
    .option('-o, --output <folder>', 'write {case}.json, {case}_uncertainty.nii.gz, scores.csv and summary.json')
    .option(
      '--mask <path>',
      'write the uncertainty mask of a single scan, in its own geometry; - is stdout (the result then goes to stderr)',
    )
    .option('--fail-on-ood', 'exit with 10 when a scan is out of distribution')
    .option('--early', 'stop a scan as soon as it is certainly out of distribution (no mask, and its score is null)')
    .option('--explain', 'add what explains the verdict: largest patches, what moved, intensities (docs/explaining.md)')
    .option('--remember-constants', 'encode patches of a single value, such as air, once; the scores are the same');
  withScanOptions(command, 'scans: files or folders, or - for stdin').action(() => {
    const flags = command.optsWithGlobals<ScoreFlags>();
    return runSession(flags, (session) => scoreAll(flags, session));
  });
}

async function scoreAll(
  flags: ScoreFlags,
  { log, progress, signal, print }: Parameters<Parameters<typeof runSession>[1]>[0],
): Promise<number> {
  const detector = await loadDetector(flags.detector);
  const inputs = await resolveInputs(flags.input, flags.case);
  for (const [option, given] of [
    ['--mask', flags.mask !== undefined],
    ['--explain', flags.explain],
  ])
    if (flags.early && given)
      throw new SegcanaryError(
        'usage',
        `${option} needs every patch and --early stops before the last; leave one of them out.`,
      );
  // What no scan can mend is told before the first.
  if (flags.early) refuseEarly(detector);
  if (flags.mask !== undefined && inputs.length !== 1) {
    throw new SegcanaryError(
      'usage',
      `--mask takes one scan and there are ${inputs.length}; use -o FOLDER for the masks of many.`,
    );
  }
  if (flags.mask !== undefined && flags.mask !== '-') await checkMaskPath(flags.mask);
  if (flags.output !== undefined) ResultFolder.refuseNames(inputs.map((input) => input.case));
  const folder = flags.output === undefined ? null : await ResultFolder.open(flags.output);
  const masksToStdout = flags.mask === '-';
  const report = async (result: object) => {
    if (!masksToStdout) return print(result);
    progress.clear();
    process.stderr.write(`${JSON.stringify(result)}\n`);
  };
  let done = 0;
  let failed = 0;
  let ood = 0;
  const folderMask = (name: string) =>
    detector.kind === 'features' && !flags.early ? folder?.maskPath(name) : undefined;
  const maskOf = (name: string) => (masksToStdout ? process.stdout : (flags.mask ?? folderMask(name)));
  for await (const result of scoreScans({
    ...flags,
    detector: await openDetector(detector, flags),
    inputs,
    signal,
    mask: maskOf,
    onProgress: ({ case: name, patches, total }) =>
      progress.update(`${done + 1}/${inputs.length} ${name}: patch ${patches} of ${total}`),
  })) {
    done++;
    await folder?.add(result);
    await report(result);
    if (isFailure(result)) {
      failed++;
      log.error(result.error.message);
    } else {
      ood += Number(result.verdict === 'out-of-distribution');
    }
  }
  progress.clear();
  await folder?.finish();
  if (failed > 0) return inputs.length === 1 ? EXIT.failed : EXIT.someScansFailed;
  return flags.failOnOod && ood > 0 ? EXIT.outOfDistribution : EXIT.done;
}

/** Told before the hour that a scan may take. */
async function checkMaskPath(path: string): Promise<void> {
  if (!/\.nii(\.gz)?$/i.test(path)) {
    throw new SegcanaryError('usage', `--mask ${path}: name a file that ends in .nii or .nii.gz, or - for stdout.`);
  }
  await access(dirname(path), constants.W_OK).catch((cause) => {
    throw cannotWrite(path, cause);
  });
}
