import type { Writable } from 'node:stream';
import { type ErrorDescription, isAbort } from '../errors.js';
import type { FileRange } from '../files/file-range.js';
import type { FoundSeries } from '../formats/dicom/found-series.js';
import { refuseChannels } from '../jobs/open-input.js';
import { Outputs, outputOf } from '../jobs/outputs.js';
import { filesOf, type ScanInput } from '../jobs/scan-input.js';
import type { ServerDetector } from '../protocol/detectors.js';
import { failureOf, type ScanFailure, type SubjectScore } from '../results.js';
import type { SegcanaryClient, SendOptions } from './client.js';
import type { ScanBody } from './scan-body.js';
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
  for (const input of inputs) {
    const { case: name, file, series = [] } = input;
    const releases = series.map((one) => one.hold());
    try {
      const mask = options.mask?.(name);
      await outputs.claim(name, outputOf('the uncertainty mask', name, mask, 'mask'));
      refuseChannels(input, detector.channels);
      // Its line says that nothing is known of the quality; a score has no such field.
      const { quality: _, ...score } = await client.score(await bodyOf(input), {
        ...seriesQuery(series),
        detector: detector.name,
        case: name,
        mask,
        explain,
        volume,
        signal,
        judge: detector,
      });
      // What lay beside the series was not sent, and is remarked on all the same.
      yield { ...score, warnings: [...series.flatMap(({ notes }) => notes), ...score.warnings] };
    } catch (error) {
      if (isAbort(error)) throw error;
      await outputs.drop(name);
      if (!(error instanceof ServerError)) yield failureOf(name, error);
      else yield { case: name, error: aboutFile(error, name, file === '-' ? 'stdin' : file) };
    } finally {
      for (const release of releases) release();
    }
  }
}

/** A scan as it is sent: its files, one a channel, or those of its series. */
async function bodyOf(input: ScanInput): Promise<ScanBody> {
  if (!input.series) return filesOf(input).map((path) => (path === '-' ? (input.bytes ?? process.stdin) : path));
  const files: FileRange[] = [];
  for (const one of input.series) files.push(...(await one.files()));
  return { files };
}

/** What the server cannot tell from the files alone: the order of channels, parts, a tilt. */
function seriesQuery(series: readonly FoundSeries[]): Pick<SendOptions, 'series' | 'untilt'> {
  const [first] = series;
  if (!first) return {};
  const part = first.isPartOfFiles ? first.summary.number : undefined;
  return {
    series: series.length === 1 ? part : series.map(({ summary }) => summary.uid).join(),
    untilt: first.isUntilted || undefined,
  };
}

/** The server knows a scan by its case; here it is known by its file. */
function aboutFile({ code, message, subject, option }: ServerError, name: string, file: string): ErrorDescription {
  const helping = option && { option };
  if (subject !== name) return { code, message, subject, ...helping };
  return { code, message: `${file}${message.slice(name.length)}`, subject: file, ...helping };
}
