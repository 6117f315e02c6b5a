import { type Command, Option } from 'commander';
import { DicomWeb } from '../client/dicomweb.js';
import { addressOf } from '../client/peer.js';
import { type PeerAccess, peerUrl } from '../client/peer-access.js';
import { pullStudy } from '../client/pull-study.js';
import { storeObjects } from '../client/store-objects.js';
import { SegcanaryError } from '../errors.js';
import { temporaryFolder } from '../files/temp-folder.js';
import { named } from '../jobs/inputs.js';
import { isFailure } from '../results.js';
import type { LogOptions } from './log.js';
import {
  flagsOf,
  withFoldsOption,
  withFormatOption,
  withPlanOptions,
  withReadingOptions,
  withSegmentationTypeOption,
  withSeriesOptions,
} from './options.js';
import type { GivenScans } from './result-loop.js';
import { type ScoreFlags, scoreAll, scorerHere } from './score.js';
import { type SegmentFlags, segmentAll } from './segment.js';
import { runSession, type Session, warnOf } from './session.js';
import { archiveSecretFrom } from './token.js';
import { fraction } from './values.js';

interface DicomWebFlags
  extends Omit<ScoreFlags, 'input' | 'server'>,
    Omit<SegmentFlags, 'input' | 'model' | 'output'>,
    LogOptions {
  readonly detector: string;
  readonly model?: string;
  readonly output?: string;
  readonly study: string;
  readonly store?: boolean;
  readonly storeTo?: string;
  readonly storeTokenFile?: string;
}

export function dicomwebCommand(program: Command): void {
  const command = program
    .command('dicomweb')
    .description('fetch a study from an archive by DICOMweb, score it, and store what was found beside it')
    .argument('<url>', 'the root of the archive’s DICOMweb service, as https://archive/dicom-web')
    .requiredOption('--study <uid>', 'Study Instance UID')
    .requiredOption('-d, --detector <folder>', 'the detector')
    .option('-m, --model <folder>', 'nnU-Net’s model folder, to segment the scan too');
  withFoldsOption(withPlanOptions(command), 'folds whose logits are averaged (default: all that are exported)')
    .option('--case <name>', 'name of a single scan in the result (default: a hash of its series)')
    .option('-o, --output <folder>', 'write what score, or segment, writes')
    .option('--store', 'send the DICOM objects of the result back to the archive, by STOW-RS')
    .option('--store-to <url>', 'send them to another one')
    .option('--token-file <file>', 'token, or user:password, of the archive (default: SEGCANARY_ARCHIVE, or none)')
    .option('--store-token-file <file>', 'that of the other one (default: SEGCANARY_STORE_ARCHIVE, or none)')
    .option('--fail-on-ood', 'exit with 10 when the scan is out of distribution')
    .option('--explain', 'add what explains the verdict (docs/explaining.md)')
    .option('--tau <dice>', 'the mean Dice that `trust` asks for (docs/quality.md)', fraction, 0.6)
    .addOption(
      new Option('--trust-by <what>', 'which has to reach it: the lower bound, or the estimate')
        .choices(['bound', 'estimate'])
        .default('bound'),
    );
  withSegmentationTypeOption(withFormatOption(command));
  withReadingOptions(withSeriesOptions(command)).action((url: string) => {
    const flags = flagsOf<DicomWebFlags>(command);
    return runSession(flags, (session) => scoreStudy(url, flags, session));
  });
}

async function scoreStudy(url: string, flags: DicomWebFlags, session: Session): Promise<number> {
  const isStored = flags.store === true || flags.storeTo !== undefined;
  if (flags.model !== undefined && flags.output === undefined && !isStored)
    throw new SegcanaryError('usage', '-m makes a segmentation; name a folder for it with -o, or store it (--store).');
  if (flags.series?.length && flags.eachSeries)
    throw new SegcanaryError('usage', '--series names one, and --each-series takes all; leave one of the two out.');
  const { signal } = session;
  const access: PeerAccess = {
    ...(await archiveSecretFrom(flags.tokenFile, 'SEGCANARY_ARCHIVE', signal)),
    stall: flags.limits?.stall,
    signal,
  };
  const web = new DicomWeb({ url, ...access });
  if (!isStored) return scored(web, flags, session);
  const target = flags.storeTo ?? url;
  const address = addressOf(peerUrl(target, ''));
  const targetAccess = flags.storeTo === undefined ? access : await otherAccess(flags.storeTo, url, flags, access);
  const format = flags.output === undefined ? ['dicom'] : [...new Set([...flags.format, 'dicom'])];
  const isPassing = flags.output === undefined;
  const { path: output, remove } =
    flags.output === undefined
      ? await temporaryFolder(flags.tmpdir, 'the objects')
      : { path: flags.output, remove: async () => {} };
  try {
    const done: string[] = [];
    const code = await scored(web, { ...flags, format, output }, session, {
      isPassing,
      onResult: (result) => {
        if (!isFailure(result)) done.push(result.case);
      },
    });
    for (const name of done) {
      const count = await storeObjects(target, output, name, targetAccess);
      session.log.debug(`${count} objects of ${name} are in ${address}.`);
    }
    return code;
  } finally {
    // Objects are of a patient: what nobody asked to keep goes.
    await remove();
  }
}

/** Fetches the study and does with it what `score`, or `segment`, does. */
async function scored(
  web: DicomWeb,
  given: DicomWebFlags,
  session: Session,
  how: Omit<GivenScans, 'inputs'> = {},
): Promise<number> {
  const { model, output } = given;
  const flags = { ...given, input: [], spool: true, tokenFile: undefined };
  // Before anything is fetched: what is wrong with the detector is told at once.
  const scorer = model === undefined ? await scorerHere(flags) : null;
  const pulled = await pullStudy({ ...given, web, signal: session.signal, onWarning: warnOf(session) });
  try {
    const scans = { ...how, inputs: named(pulled.inputs, given.case) };
    if (scorer) return await scoreAll(flags, scorer, session, scans);
    return await segmentAll({ ...flags, model: model ?? '', output: output ?? '' }, session, scans);
  } finally {
    await pulled.remove();
  }
}

/** No secret of one archive is for another; the same one under another path is the same. */
async function otherAccess(
  target: string,
  source: string,
  { storeTokenFile }: DicomWebFlags,
  access: PeerAccess,
): Promise<PeerAccess> {
  const { stall, signal } = access;
  const isSame = peerUrl(target, '').origin === peerUrl(source, '').origin;
  if (isSame && storeTokenFile === undefined) return access;
  return { ...(await archiveSecretFrom(storeTokenFile, 'SEGCANARY_STORE_ARCHIVE', signal)), stall, signal };
}
