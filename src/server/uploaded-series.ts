import { SegcanaryError } from '../errors.js';
import type { FileRange } from '../files/file-range.js';
import { SpooledFile } from '../files/spooled-file.js';
import type { ArchiveKind } from '../formats/archives/identify.js';
import { MemberSink } from '../formats/archives/member-sink.js';
import { unpackArchive } from '../formats/archives/unpack.js';
import { chooseSeries } from '../formats/dicom/choose.js';
import type { DicomHeader } from '../formats/dicom/dicom-header.js';
import { heldPlace } from '../formats/dicom/file-place.js';
import { isDamaged, readHeaders } from '../formats/dicom/find.js';
import { FoundSeries } from '../formats/dicom/found-series.js';
import { type OriginOptions, originOf, type ScanOrigin } from '../formats/dicom/origin.js';
import type { SliceSource } from '../formats/scan-source.js';
import { caseOf, notesOf, seriesOf } from '../jobs/dicom-inputs.js';
import { runScan } from '../scans/run.js';
import { chain } from '../stages/chain.js';
import { drain } from '../stages/collectors.js';
import { saveScan } from '../stages/save.js';
import { type BodyFile, lookedAt } from './bodies.js';
import type { BodyOptions } from './body-bytes.js';
import { beginsAsDicom } from './body-kind.js';
import type { ScanFiles } from './images.js';
import type { OpenScan } from './judge.js';

/** What a server makes of DICOM: names, and where a scan comes from. */
export interface DicomNaming extends OriginOptions {
  /** What cases and sites are hashed with. */
  readonly key: Uint8Array;
}

export interface SeriesOptions extends BodyOptions, DicomNaming {
  /** Channels that the network takes, by name. */
  readonly channels: readonly string[];
  readonly files: ScanFiles;
  /** Number or UID of the series; of several channels one each, apart by commas. */
  readonly series: string | undefined;
  readonly untilt: boolean;
  /** Axis codes of the detector's training scans: an image that is kept lies as it was scored. */
  readonly orientations: readonly string[] | undefined;
}

/** A scan that was found in what was sent. */
export interface UploadedSeries extends ScanOrigin {
  readonly open: OpenScan;
  /** Writes its first channel as NIfTI, to be looked at. */
  writeImage(to: string): Promise<void>;
  /** What it is called where its sender gives it no name. */
  readonly case: string;
}

/**
 * Writes DICOM files to one temporary file as they come, and gives them as parts of it. They are
 * known by their number: what they are called may be the name of a patient.
 *
 * @throws SegcanaryError `dicom-invalid` as soon as one that is said to be DICOM is none;
 *   `limit-exceeded`, `io`, `aborted`; what the bodies throw
 */
export async function storedFiles(
  first: BodyFile,
  rest: AsyncIterable<BodyFile>,
  { files, name, limits, signal }: SeriesOptions,
): Promise<readonly FileRange[]> {
  const spool = await SpooledFile.create(files.folder, name);
  files.onDiscard(() => spool.remove());
  const sink = new MemberSink(spool, name, limits, signal);
  let count = 0;
  const add = async ({ bytes, isSaidDicom }: BodyFile) => {
    sink.count();
    const file = `file ${++count}`;
    const looked = await lookedAt(bytes);
    if (isSaidDicom && !beginsAsDicom(looked.head))
      throw new SegcanaryError('dicom-invalid', `${file} is no DICOM file; leave it out.`, { subject: name });
    await sink.add(file, looked.bytes, () => Number.POSITIVE_INFINITY);
  };
  await add(first);
  for await (const file of rest) await add(file);
  await spool.finish();
  return sink.files;
}

/**
 * Unpacks an archive, as `storedFiles`.
 *
 * @throws SegcanaryError as `unpackArchive`
 */
export async function storedMembers(
  bytes: AsyncIterable<Uint8Array>,
  kind: ArchiveKind,
  { files, name, limits, signal }: SeriesOptions,
): Promise<readonly FileRange[]> {
  const archive = await unpackArchive(bytes, { kind, name, tmpdir: files.folder, limits, signal });
  files.onDiscard(() => archive.remove());
  return archive.files.map((file, i) => ({ ...file, name: `file ${i + 1}` }));
}

/**
 * The scan among DICOM files: the only series that can be scored, or the one that is named. Its
 * geometry is checked here, before it takes a turn.
 *
 * @throws SegcanaryError `usage` where several can be scored and none is named; `scan-unsuitable`,
 *   `series-inconsistent`, `dicom-invalid`, `dicom-unsupported`, `truncated`
 */
export async function seriesAmong(
  files: readonly FileRange[],
  { name, series, untilt, key, siteNames, channels, signal, limits, orientations }: SeriesOptions,
): Promise<UploadedSeries> {
  const place = heldPlace(name, files);
  const headers: DicomHeader[] = [];
  for await (const found of readHeaders(files, signal)) {
    if (isDamaged(found)) throw found.error;
    headers.push(found);
  }
  const { candidates, setAside } = await seriesOf({ uid: '', names: [], headers, damaged: [] }, place);
  const chosen = (series?.split(',') ?? [undefined]).map((wanted) =>
    chooseSeries(candidates, wanted, { name, setAside, canTakeEach: false }),
  );
  const notes = notesOf(setAside);
  const parts = chosen.map((candidate) => new FoundSeries({ name, place, candidate, notes, untilt }));
  if (parts.length !== channels.length)
    throw new SegcanaryError(
      'scan-unsuitable',
      `is ${parts.length} series and the model takes ${channels.length} channels (${channels.join(', ')}); name one series a channel in \`series\`, in that order, apart by commas.`,
      { subject: name, option: 'series' },
    );
  const [volume] = await Promise.all(parts.map((part) => part.volume(signal)));
  return {
    open: async () => (parts.length === 1 ? parts[0] : parts.map((part) => ({ file: part.name, bytes: part }))),
    writeImage: (to) => writeImageOf(parts[0], to, { case: name, file: name, limits, orientations, signal }),
    case: caseOf(chosen[0], { key: Buffer.from(key).toString('hex') }),
    ...originOf(volume.slices[0].header, key, { siteNames }),
  };
}

/** Writes a series as the image of a scan that is kept: NIfTI, as the detector's axes run. */
export const writeImageOf = (series: SliceSource, to: string, reading: Parameters<typeof runScan>[1]): Promise<void> =>
  runScan(series, reading, chain(saveScan({ to })), drain);
