import { type Command, InvalidArgumentError, Option } from 'commander';
import { SegcanaryError } from '../errors.js';
import type { DicomOptions } from '../server/dicom/door.js';
import { isDicomWeb } from '../server/dicom/send-to.js';
import { archiveSecretFrom } from './token.js';
import { wholeNumber } from './values.js';

/** Flags of the door for scanners. */
export interface DoorFlags {
  readonly dicom?: { readonly aet: string; readonly port?: number };
  readonly dicomHost: string;
  readonly allow?: string[];
  readonly by: 'series' | 'study';
  readonly quietSeries: number;
  readonly quietStudy: number;
  readonly quietMost: number;
  readonly associations: number;
  readonly untilt?: boolean;
  readonly sendTo?: string;
  readonly sendTokenFile?: string;
  readonly sendDays: number;
}

export function withDoorOptions(command: Command): Command {
  return command
    .option(
      '--dicom <aet:port>',
      'take scans by C-STORE too, under this AE title (the port may be left out: 11112); needs --data',
      aetPort,
    )
    .option('--dicom-host <address>', 'address that scanners send to; others than loopback need --allow', '127.0.0.1')
    .option('--allow <aet@host...>', 'who may send: AE title and address, or network; * for any')
    .addOption(new Option('--by <what>', 'what is complete at once').choices(['series', 'study']).default('series'))
    .option('--quiet-series <s>', 'seconds without a new file after which a series is complete', wholeNumber, 60)
    .option('--quiet-study <s>', 'the same of a study, with --by study', wholeNumber, 900)
    .option('--quiet-most <s>', 'seconds since its first file after which it is complete anyway', wholeNumber, 5400)
    .option('--associations <n>', 'associations at a time', wholeNumber, 32)
    .option('--untilt', 'take a gantry tilt out of series that come by DICOM, which fail otherwise')
    .option('--send-to <where>', 'where results go: AET@HOST:PORT, or the address of a DICOMweb service')
    .option(
      '--send-token-file <file>',
      'token, or user:password, of that service (default: SEGCANARY_STORE_ARCHIVE, or none)',
    )
    .option('--send-days <n>', 'days for which sending is tried', wholeNumber, 7);
}

const FLAGS = {
  allow: '--allow',
  sendTo: '--send-to',
  sendTokenFile: '--send-token-file',
  untilt: '--untilt',
} as const satisfies Partial<Record<keyof DoorFlags, string>>;

/**
 * The door that flags ask for; undefined where they ask for none.
 *
 * @throws SegcanaryError `usage` for a flag of a door without one, `io`
 */
export async function doorOf(flags: DoorFlags, signal?: AbortSignal): Promise<DicomOptions | undefined> {
  if (!flags.dicom) {
    const without = (Object.keys(FLAGS) as (keyof typeof FLAGS)[]).find((name) => flags[name] !== undefined);
    if (without === undefined) return undefined;
    const flag = FLAGS[without];
    throw new SegcanaryError('usage', `${flag} is for scans that come by DICOM: add --dicom AET.`);
  }
  const { sendTo, sendTokenFile } = flags;
  const isWeb = sendTo !== undefined && isDicomWeb(sendTo);
  if (sendTokenFile !== undefined && !isWeb)
    throw new SegcanaryError(
      'usage',
      '--send-token-file is for a DICOMweb service: leave it out, or name one with --send-to.',
    );
  return {
    ...flags.dicom,
    host: flags.dicomHost,
    allow: flags.allow,
    quiet: { by: flags.by, series: flags.quietSeries, study: flags.quietStudy, most: flags.quietMost },
    associations: flags.associations,
    untilt: flags.untilt,
    sendTo,
    ...(isWeb && { sendAccess: await archiveSecretFrom(sendTokenFile, 'SEGCANARY_STORE_ARCHIVE', signal) }),
    sendDays: flags.sendDays,
  };
}

/** `AET` or `AET:PORT`. */
function aetPort(text: string): NonNullable<DoorFlags['dicom']> {
  const [, aet, digits] = /^([^:]+?)(?::(\d{1,5}))?$/.exec(text) ?? [];
  if (aet === undefined || Number(digits ?? 0) > 65_535)
    throw new InvalidArgumentError('expected AET or AET:PORT, as SEGCANARY:11112.');
  return { aet, ...(digits !== undefined && { port: Number(digits) }) };
}
