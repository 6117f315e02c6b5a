import type { Command } from 'commander';
import { SegcanaryError } from '../errors.js';
import { openSegmentationModel } from '../network/folder.js';
import { createServer } from '../server/app.js';
import { type DoorFlags, doorOf, withDoorOptions } from './door-options.js';
import { EXIT } from './exit.js';
import type { LogOptions } from './log.js';
import {
  flagsOf,
  type PlanFlags,
  type ReadingFlags,
  withFoldsOption,
  withPlanOptions,
  withReadingOptions,
} from './options.js';
import { runSession, type Session } from './session.js';
import { tokenFrom } from './token.js';
import { fraction, wholeNumber } from './values.js';

interface ServeFlags extends ReadingFlags, PlanFlags, LogOptions, DoorFlags {
  readonly detector: [string, ...string[]];
  readonly model?: string;
  readonly folds?: number[];
  readonly host: string;
  readonly port: number;
  readonly data?: string;
  readonly queue: number;
  readonly tokenFile?: string;
  readonly keepFlagged?: boolean;
  readonly keepDays?: number;
  readonly keepScans?: number;
  readonly driftLevel: number;
  readonly siteNames?: boolean;
}

export function serveCommand(program: Command): void {
  const command = program
    .command('serve')
    .description('score scans over HTTP, remember the results, watch for drift, show a page')
    .requiredOption('-d, --detector <folder...>', 'detectors, each a folder or NAME=FOLDER; the first is the default')
    .option('-m, --model <folder>', 'nnU-Net model folder, to segment scans where a client asks for it');
  withFoldsOption(withPlanOptions(command), 'folds whose networks are averaged (default: all)')
    .option('--host <address>', 'address to listen on; others than loopback need a token', '127.0.0.1')
    .option('--port <n>', '0 takes a free one', wholeNumber, 8470)
    .option('--data <folder>', 'where records live on (default: they go with the process)')
    .option('--queue <n>', 'scans that may wait', wholeNumber, 16)
    .option('--token-file <file>', 'the token that clients send (default: SEGCANARY_TOKEN, or none)')
    .option('--keep-flagged', 'keep image, uncertainty map and segmentation of scans that are out of distribution')
    .option('--keep-days <n>', 'forget scans after so many days', wholeNumber)
    .option('--keep-scans <n>', 'forget all but the last so many', wholeNumber)
    .option('--site-names', 'call sites of DICOM scans by the institution in their headers, and not by a hash of it')
    .option('--drift-level <p>', 'probability of a false alarm of drift, ever', fraction, 0.01);
  withReadingOptions(withDoorOptions(command)).action(async () => {
    const flags = flagsOf<ServeFlags>(command);
    let stopped = false;
    await runSession(flags, async (session) => {
      const code = await serve(flags, session);
      stopped = true;
      return code;
    });
    // A server that was asked to stop, and did, has done its work.
    if (stopped) process.exitCode = EXIT.done;
  });
}

async function serve(flags: ServeFlags, { log, signal, say }: Session): Promise<number> {
  const { host, port } = flags;
  if (port > 65_535) throw new SegcanaryError('usage', `--port ${port}: ports end at 65535.`);
  const token = await tokenFrom(flags.tokenFile, signal);
  const model = flags.model === undefined ? undefined : await openSegmentationModel(flags.model, { ...flags, signal });
  const door = await doorOf(flags, signal);
  const server = await createServer({
    ...flags,
    dicom: door,
    detectors: flags.detector,
    model,
    token,
    retention: { days: flags.keepDays, scans: flags.keepScans },
    logger: log,
  });
  if (server.interrupted > 0)
    log.warn(`${server.interrupted} scans were left unfinished by a process that ended; their records say so.`);
  try {
    const { url, dicom } = await server.listen({ host, port });
    await say(url);
    if (dicom !== null) log.info(`Taking DICOM associations as ${dicom}.`);
    log.info(`Listening on ${url}${token === null ? ', for this machine alone: there is no token' : ''}.`);
    await new Promise<void>((resolve) => {
      if (signal.aborted) resolve();
      signal.addEventListener('abort', () => resolve(), { once: true });
    });
    log.info('Stopping: scans that were accepted are finished first; ask again to leave at once.');
  } finally {
    await server.close();
  }
  return EXIT.done;
}
