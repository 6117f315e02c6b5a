import { access, constants } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Command } from 'commander';
import { openDetector } from '../detectors/opened.js';
import { filesOfDetector, loadDetector } from '../detectors/saved.js';
import { SegcanaryError } from '../errors.js';
import { cannotWrite } from '../files/atomic.js';
import { objectOutputs } from '../jobs/dicom-output.js';
import { describeTooFewScans } from '../jobs/false-discoveries.js';
import { resolveInputs } from '../jobs/inputs.js';
import { type Output, Outputs, outputOf, outputToStdout } from '../jobs/outputs.js';
import { maskPath, ResultFolder } from '../jobs/result-folder.js';
import { type ScoreJobOptions, scoreScans } from '../jobs/score.js';
import { type EarlyVerdict, lineOf, type ScanFailure, type SubjectScore } from '../results.js';
import { refuseUncalibrated } from './fail-on-ood.js';
import type { LogOptions } from './log.js';
import { flagsOf, type ScanFlags, withFormatOption, withScanOptions } from './options.js';
import { type GivenScans, reportResults } from './result-loop.js';
import { ScanProgress } from './scan-progress.js';
import { runSession, type Session, warnOf } from './session.js';
import { tokenFrom } from './token.js';
import { level } from './values.js';

export interface ScoreFlags extends ScanFlags, LogOptions {
  readonly detector?: string;
  readonly server?: string;
  readonly tokenFile?: string;
  readonly case?: string;
  readonly output?: string;
  readonly mask?: string;
  readonly failOnOod?: boolean;
  readonly early?: boolean;
  readonly fdr?: number;
  readonly explain?: boolean;
  readonly rememberConstants?: boolean;
  readonly format: readonly string[];
}

export function scoreCommand(program: Command): void {
  const command = program
    .command('score')
    .description('score scans: one JSON object a line')
    .option('-d, --detector <folder>', 'the detector; with --server, the name of one of its own (default: its first)')
    .option('--server <url>', 'send the scans to a `segcanary serve`, as http://127.0.0.1:8470; the output is the same')
    .option('--token-file <file>', 'the token of that server (default: SEGCANARY_TOKEN, or none)')
    .option('--case <name>', 'name of a single scan in the result (default: from its file, or stdin)')
    .option(
      '-o, --output <folder>',
      'write {case}.json, {case}_uncertainty.nii.gz (or DICOM: --format), scores.csv and summary.json',
    )
    .option(
      '--mask <path>',
      'write the uncertainty mask of a single scan, in its own geometry; - is stdout (the result then goes to stderr)',
    )
    .option('--fail-on-ood', 'exit with 10 when a scan is out of distribution')
    .option('--early', 'stop a scan as soon as it is certainly out of distribution (no mask, and its score is null)')
    .option(
      '--fdr <share>',
      'flag scans of the batch so that at most this share of those flagged is expected to be in distribution',
      level,
    )
    .option('--explain', 'add what explains the verdict: largest patches, what moved, intensities (docs/explaining.md)')
    .option('--remember-constants', 'encode patches of a single value, such as air, once; the scores are the same');
  withFormatOption(command);
  withScanOptions(command, 'scans: NIfTI files, DICOM, folders, archives (zip, tar, tar.gz), or - for stdin').action(
    () => {
      const flags = flagsOf<ScoreFlags>(command);
      return runSession(flags, async (session) => {
        if (flags.server === undefined) return scoreAll(flags, await scorerHere(flags), session);
        for (const name of SERVERS_OWN)
          if (command.getOptionValueSourceWithGlobals(name) === 'cli')
            throw new SegcanaryError(
              'usage',
              `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)} is not for scans that a server scores; leave it out.`,
            );
        return scoreAll(flags, await scorerThere(flags, flags.server, session), session);
      });
    },
  );
}

/** Options that are the server's to choose. */
const SERVERS_OWN = ['early', 'format', 'rememberConstants', 'spool', 'tmpdir', 'threads', 'limits'];
/** Seconds to come again while the server's queue is full: it holds some scans of minutes each. */
const PATIENCE = 3600;

/** Where the scans are scored. */
export interface Scorer {
  /** Whether there is a mask of a scan. */
  readonly hasMask: boolean;
  /** Files that are read beside the scans. */
  readonly files: readonly (string | undefined)[];
  /** Calibration scans of the detector. */
  readonly calibrated: number;
  scans(
    options: Pick<ScoreJobOptions, 'inputs' | 'outputs' | 'signal' | 'onProgress' | 'objects'> &
      Record<'mask', ScoreJobOptions['mask']>,
  ): Promise<AsyncIterable<SubjectScore | EarlyVerdict | ScanFailure>>;
}

export async function scorerHere(flags: ScoreFlags): Promise<Scorer> {
  if (flags.detector === undefined)
    throw new SegcanaryError('usage', 'No detector is named; name its folder with -d, or a server with --server.');
  if (flags.tokenFile !== undefined)
    throw new SegcanaryError('usage', '--token-file is for a server; name one with --server, or leave it out.');
  const detector = await loadDetector(flags.detector);
  return {
    hasMask: detector.kind === 'features' && !flags.early,
    files: await filesOfDetector(flags.detector),
    calibrated: detector.description.calibration?.cases.length ?? 0,
    scans: async (options) =>
      scoreScans({ ...flags, ...options, detector: await openDetector(detector, { ...flags, ahead: true }) }),
  };
}

async function scorerThere(
  { detector: name, tokenFile, volume, explain }: ScoreFlags,
  url: string,
  { signal }: Session,
): Promise<Scorer> {
  // Loaded for who has a server alone.
  const { SegcanaryClient } = await import('../client/client.js');
  const { scoreScansRemotely } = await import('../client/score-scans.js');
  const client = new SegcanaryClient({ url, token: await tokenFrom(tokenFile, signal), patience: PATIENCE });
  const detectors = await client.detectors();
  const detector = detectors.find((one) => (name === undefined ? one.default : one.name === name));
  if (!detector) {
    const others = detectors.map((one) => one.name).join(', ') || 'none';
    throw new SegcanaryError(
      'usage',
      `has no ${name === undefined ? 'default detector' : `detector ${name}`}; it has ${others}.`,
      {
        subject: client.url,
      },
    );
  }
  return {
    hasMask: detector.kind === 'features',
    files: [tokenFile],
    calibrated: detector.calibration?.n ?? 0,
    scans: async ({ objects: _, ...options }) => scoreScansRemotely({ ...options, client, detector, volume, explain }),
  };
}

/**
 * Scores scans, those that `-i` names unless others are given.
 *
 * @returns the exit code
 */
export async function scoreAll(
  flags: ScoreFlags,
  scorer: Scorer,
  session: Session,
  given?: GivenScans,
): Promise<number> {
  const inputs =
    given?.inputs ??
    (await resolveInputs(flags.input, flags.case, {
      ...flags,
      signal: session.signal,
      onWarning: warnOf(session),
    }));
  const { mask, output } = flags;
  const stdoutTaken = mask === '-';
  if (mask !== undefined && inputs.length !== 1) {
    throw new SegcanaryError(
      'usage',
      `--mask takes one scan and there are ${inputs.length}; use -o FOLDER for the masks of many.`,
    );
  }
  if (mask !== undefined && !stdoutTaken) await checkMaskPath(mask);
  refuseUncalibrated(flags, scorer.calibrated);
  if (flags.fdr !== undefined) {
    if (scorer.calibrated === 0)
      throw new SegcanaryError(
        'usage',
        'The detector is not calibrated, and --fdr goes by p-values; calibrate it first.',
      );
    if (flags.early)
      throw new SegcanaryError('usage', '--fdr needs whole scores and --early stops before; leave one out.');
    const tooFew = describeTooFewScans(inputs.length, scorer.calibrated, flags.fdr);
    if (tooFew) session.log.warn(tooFew);
  }
  const isDicom = flags.format.includes('dicom');
  if (isDicom && output === undefined)
    throw new SegcanaryError('usage', '--format dicom writes several objects a scan; name a folder for them with -o.');
  if (isDicom && stdoutTaken)
    throw new SegcanaryError(
      'usage',
      '--format dicom makes its map of a mask that is a file, not of --mask -; name one.',
    );
  const isNifti = flags.format.includes('nifti');
  const wantsMask = mask !== undefined || (output !== undefined && isNifti && scorer.hasMask);
  const objects = isDicom && output !== undefined ? { folder: output } : undefined;
  const maskOf = (name: string) => (stdoutTaken ? process.stdout : (mask ?? maskPath(output as string, name)));
  const names = inputs.map((input) => input.case);
  const outputs = await Outputs.plan({ inputs, files: scorer.files }, [
    ...(output === undefined ? [] : ResultFolder.outputs(output, names)),
    ...(objects
      ? names.flatMap((name) =>
          objectOutputs(objects.folder, name, { mask: scorer.hasMask, segmentation: false, score: true }),
        )
      : []),
    ...(wantsMask && !stdoutTaken ? names.flatMap((name) => maskOutput(name, maskOf(name), mask)) : []),
    ...(stdoutTaken ? outputToStdout('the uncertainty mask', 'mask') : outputToStdout('the results', undefined)),
  ]);
  const done = new ScanProgress(session, inputs.length);
  const results = await scorer.scans({
    inputs,
    outputs,
    signal: session.signal,
    mask: wantsMask ? maskOf : undefined,
    objects,
    onProgress: done.onProgress,
  });
  const folder = output === undefined ? null : await ResultFolder.open(output);
  return reportResults(
    {
      results,
      scans: inputs.length,
      done,
      stdoutTaken,
      folder,
      scoreOf: (score) => score,
      lineOf: (score) => lineOf(score, null),
      onResult: given?.onResult,
      failOnOod: flags.failOnOod,
      fdr: flags.fdr,
    },
    session,
  );
}

const maskOutput = (name: string, path: unknown, mask: string | undefined): Output[] =>
  outputOf('the uncertainty mask', name, path, mask === undefined ? 'output' : 'mask');

/** Told before the hour that a scan may take. */
async function checkMaskPath(path: string): Promise<void> {
  if (!/\.nii(\.gz)?$/i.test(path)) {
    throw new SegcanaryError('usage', `--mask ${path}: name a file that ends in .nii or .nii.gz, or - for stdout.`);
  }
  await access(dirname(path), constants.W_OK).catch((cause) => {
    throw cannotWrite(path, cause);
  });
}
