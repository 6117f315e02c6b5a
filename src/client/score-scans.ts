import type { Writable } from 'node:stream';
import { type ErrorDescription, isAbort } from '../errors.js';
import type { ScanInput } from '../jobs/inputs.js';
import { refuseChannels } from '../jobs/open-input.js';
import { Outputs, outputOf } from '../jobs/outputs.js';
import type { ServerDetector } from '../protocol/detectors.js';
import { failureOf, type ScanFailure, type SubjectScore } from '../results.js';
import type { SegcanaryClient } from './client.js';
import { ServerError } from './server-error.js';

export interface ScoreRemotelyOptions {
  readonly client: SegcanaryClient;
  /** One of `client.detectors()`. */
  readonly detector: Pick<ServerDetector, 'name' | 'channels'> & Partial<Pick<ServerDetector, 'hash' | 'calibration'>>;
  readonly inputs: readonly ScanInput[];
  /** Where the mask of a case goes, if anywhere. */
  readonly mask?: ((name: string) => string | Writable | undefined) | undefined;
  /** What is written, planned before. @default planned scan by scan */
  readonly outputs?: Outputs | undefined;
  readonly explain?: boolean | undefined;
  readonly volume?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * `scoreScans` by a server, one scan after another: the same results and failures.
 *
 * @throws SegcanaryError `aborted` when the signal says so; whatever else goes wrong is a failure
 *   of its scan alone
 */
export async function* scoreScansRemotely(options: ScoreRemotelyOptions): AsyncGenerator<SubjectScore | ScanFailure> {
  const { client, detector, inputs, explain, volume, signal, outputs = new Outputs(options) } = options;
  for (const { case: name, file, moreChannels = [] } of inputs) {
    try {
      const mask = options.mask?.(name);
      await outputs.claim(name, outputOf('the uncertainty mask', name, mask, 'mask'));
      refuseChannels({ case: name, file, moreChannels }, detector.channels);
      const channels = [file, ...moreChannels].map((path) => (path === '-' ? process.stdin : path));
      // Its line says that nothing is known of the quality; a score has no such field.
      const { quality: _, ...score } = await client.score(channels, {
        detector: detector.name,
        case: name,
        mask,
        explain,
        volume,
        signal,
        judge: detector,
      });
      yield score;
    } catch (error) {
      if (isAbort(error)) throw error;
      await outputs.drop(name);
      if (!(error instanceof ServerError)) yield failureOf(name, error);
      else yield { case: name, error: aboutFile(error, name, file === '-' ? 'stdin' : file) };
    }
  }
}

/** The server knows a scan by its case; here it is known by its file. */
function aboutFile({ code, message, subject, option }: ServerError, name: string, file: string): ErrorDescription {
  const helping = option && { option };
  if (subject !== name) return { code, message, subject, ...helping };
  return { code, message: `${file}${message.slice(name.length)}`, subject: file, ...helping };
}
