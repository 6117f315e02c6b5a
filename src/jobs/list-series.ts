import type { Triple } from '../chunks.js';
import { type ErrorDescription, isAbort, SegcanaryError } from '../errors.js';
import { readHeader } from '../formats/open.js';
import { failureOf, type Warning } from '../results.js';
import { findInputs, type ResolveOptions } from './inputs.js';
import type { ScanInput } from './scan-input.js';

/** What is known of a scan that a path names, before a voxel of it is read. */
export interface ListedSeries {
  readonly case: string;
  /** The file, or the folder or archive of a series. */
  readonly path: string;
  /** Series Instance UID; null of what is no DICOM, and of what could not be read. */
  readonly series: string | null;
  /** What `series` takes; with `.1`, `.2`, … behind it where the series holds several volumes. */
  readonly number: string | null;
  readonly description: string | null;
  readonly modality: string | null;
  readonly kernel: string | null;
  /** What tells it from others of its series: an image type, an echo, … */
  readonly part: string | null;
  /** Slices that were found; null of what is no DICOM. */
  readonly slices: number | null;
  /** Voxels along [z, y, x]; null where the slices make no volume. */
  readonly shape: Triple | null;
  /** mm along [z, y, x]. */
  readonly spacing: Triple | null;
  /** What was set aside, and what is probably wrong. */
  readonly warnings: readonly Warning[];
  /** Why it cannot be scored. */
  readonly error: ErrorDescription | null;
}

/**
 * Every series that paths name, with the name that its case gets, whether its slices make a volume,
 * and what lay beside it. Pixels are read only where two slices lie at one place.
 *
 * @throws SegcanaryError as `resolveInputs`, `aborted`
 */
export async function* listSeries(
  paths: readonly string[],
  options: Omit<ResolveOptions, 'series' | 'eachSeries'> = {},
): AsyncGenerator<ListedSeries> {
  for (const input of await findInputs(paths, { ...options, eachSeries: true })) {
    const [series] = input.series ?? [];
    const { uid = null, number = null, ...summary } = series?.summary ?? {};
    const { description = null, modality = null, kernel = null, part = null, slices = null } = summary;
    const listed = {
      case: input.case,
      path: input.file,
      series: uid,
      number,
      description,
      modality,
      kernel,
      part,
      slices,
      shape: null,
      spacing: null,
      warnings: series?.notes ?? [],
      error: input.error ? failureOf(input.case, input.error).error : null,
    };
    if (input.error) {
      yield listed;
      continue;
    }
    try {
      const { shape, spacing, warnings } = await (series ? series.volume(options.signal) : gridOf(input, options));
      yield { ...listed, shape, spacing, warnings: [...listed.warnings, ...warnings] };
    } catch (error) {
      if (isAbort(error)) throw error;
      yield { ...listed, error: failureOf(input.case, error).error };
    }
  }
}

/**
 * What the header of a scan that is no DICOM says; whether its voxels are whole is told by whoever
 * scores it.
 *
 * @throws SegcanaryError `io` where there is nothing, and what is wrong with the header
 */
async function gridOf({ file, bytes }: ScanInput, { signal }: Pick<ResolveOptions, 'signal'>) {
  if (file === '-') {
    bytes?.destroy();
    throw new SegcanaryError('scan-unsuitable', 'carries no DICOM: neither a zip, a tar, a tar.gz nor a single file.', {
      subject: 'stdin',
    });
  }
  return { ...(await readHeader(file, { signal })), warnings: [] };
}
