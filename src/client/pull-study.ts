import { SegcanaryError } from '../errors.js';
import type { FileRange } from '../files/file-range.js';
import { SpooledFile } from '../files/spooled-file.js';
import { MemberSink } from '../formats/archives/member-sink.js';
import type { DicomHeader } from '../formats/dicom/dicom-header.js';
import { heldPlace } from '../formats/dicom/file-place.js';
import { isDamaged, readHeaders } from '../formats/dicom/find.js';
import { sopClassOf } from '../formats/dicom/sop-classes.js';
import { caseKey } from '../jobs/case-key.js';
import { dicomInputs, type SeriesOptions } from '../jobs/dicom-inputs.js';
import type { ScanInput } from '../jobs/scan-input.js';
import { limitsOf, type ScanLimits } from '../limits.js';
import type { WarningListener } from '../results.js';
import { chooseArchived } from './archived-choice.js';
import type { ArchivedObjects, ArchivedSeries, DicomWeb } from './dicomweb.js';

export interface PullOptions extends SeriesOptions {
  readonly web: DicomWeb;
  /** Study Instance UID. */
  readonly study: string;
  /** Where the temporary file lies. @default os.tmpdir() */
  readonly tmpdir?: string | undefined;
  readonly limits?: Partial<ScanLimits> | undefined;
  readonly onWarning?: WarningListener | undefined;
}

/** Scans that lie in one temporary file, as `scoreScans` and `segmentScans` take them. */
export interface PulledStudy {
  readonly inputs: readonly ScanInput[];
  /** Removes the temporary file; at the end of the process it goes by itself. */
  remove(): Promise<void>;
}

/** What a study is called in messages: its UID is not for logs. */
const NAME = 'the study';

/**
 * Fetches a series of a study, or each that can be scored, from an archive: looked for by QIDO-RS,
 * fetched by WADO-RS to one temporary file.
 *
 * @throws PeerError, also where fewer objects come than the archive says that there are;
 *   SegcanaryError `usage` where several series can be scored and none is named, or the named one
 *   is not there; `scan-unsuitable`, `limit-exceeded`, `truncated`, `timed-out`, `io`, `aborted`
 */
export async function pullStudy(options: PullOptions): Promise<PulledStudy> {
  const { web, study, series: wanted, eachSeries, onWarning } = options;
  const limits = limitsOf(options.limits);
  const all = await web.series(study);
  if (all.length === 0)
    throw new SegcanaryError('usage', 'is not in the archive, or has no series; check its UID.', { subject: NAME });
  const fetched = (objects: ArchivedObjects, prefix: string) => fetchInto(web, objects, prefix, options, limits);
  const look = (series: ArchivedSeries) => lookAt(web, study, series, fetched);
  const chosen = await chooseArchived(all, { wanted, each: eachSeries, name: NAME, look });
  const files: FileRange[] = [];
  const spools: SpooledFile[] = [];
  const remove = async () => {
    for (const spool of spools) await spool.remove();
  };
  try {
    for (const [i, one] of chosen.entries()) {
      const isTwice = chosen.some((other) => other !== one && other.number === one.number);
      const prefix = `series ${one.number ?? '?'}${isTwice ? ` (${i + 1})` : ''}`;
      const { spool, ranges } = await fetched({ study, series: one.series }, prefix);
      spools.push(spool);
      refuseFewer(one, ranges.length);
      files.push(...ranges);
    }
    const place = heldPlace(NAME, files);
    const key = options.key ?? (await caseKey(onWarning));
    const inputs = await dicomInputs(place, { ...options, key });
    const [only] = inputs;
    // A choice that is missing is no failure of the scan: it is told at once.
    if (inputs.length === 1 && only.error?.code === 'usage') throw only.error;
    return { inputs, remove };
  } catch (error) {
    await remove();
    throw error;
  }
}

/** Objects as parts of a temporary file of their own. */
async function fetchInto(
  web: DicomWeb,
  objects: ArchivedObjects,
  prefix: string,
  { tmpdir, signal }: PullOptions,
  limits: ScanLimits,
): Promise<{ readonly spool: SpooledFile; readonly ranges: readonly FileRange[] }> {
  const spool = await SpooledFile.create(tmpdir, NAME);
  try {
    const sink = new MemberSink(spool, NAME, limits, signal);
    let count = 0;
    await web.retrieve(objects, async (bytes) => {
      sink.count();
      // Nothing of what came is packed.
      await sink.add(`${prefix}/${++count}`, bytes, () => Number.POSITIVE_INFINITY);
    });
    await spool.finish();
    return { spool, ranges: sink.files };
  } catch (error) {
    await spool.remove();
    throw error;
  }
}

/** The header of the first object of a series. */
async function lookAt(
  web: DicomWeb,
  study: string,
  { series }: ArchivedSeries,
  fetched: (objects: ArchivedObjects, prefix: string) => ReturnType<typeof fetchInto>,
): Promise<DicomHeader | null> {
  const [first] = await web.instances({ study, series }, 1);
  // A map of five hundred frames need not come to be passed over.
  if (first === undefined || (first.sopClass !== null && !sopClassOf(first.sopClass).isVolume)) return null;
  const { instance } = first;
  const { spool, ranges } = await fetched({ study, series, instance }, 'first');
  try {
    for await (const found of readHeaders(ranges)) return isDamaged(found) ? null : found;
    return null;
  } finally {
    await spool.remove();
  }
}

/** An archive that gives a part of a series gives another scan. */
function refuseFewer({ number, instances }: ArchivedSeries, found: number): void {
  if (instances === null || found >= instances) return;
  throw new SegcanaryError(
    'peer-failed',
    `the archive gave ${found} of the ${instances} objects of series ${number ?? '?'}; ask for it again.`,
    { subject: NAME },
  );
}
