import type { Writable } from 'node:stream';
import { TempFile } from '../../../files/temp-file.js';
import type { ImageDescription, VolumeOptions, VolumeWriter, WritableVoxels } from '../../volume-writer.js';
import { packed } from './bits.js';
import { copyAttributes } from './copied.js';
import { createObjectFile, refuseMisfit, refuseTooFew, sourceOf, writerOver } from './object-file.js';
import { planesOf } from './planes.js';
import { type SpooledFrame, writeSegmentation } from './segmentation-file.js';
import { binarySegments, labelSegments, type Segment } from './segments.js';

type LabelVoxels = WritableVoxels['uint8' | 'uint16'];

/**
 * Opens `to` for a Segmentation (PS3.3 section A.51): binary, one bit a voxel and segment, or a
 * labelmap. Empty frames are left out. What is written waits in a temporary file, because the
 * header, which says what each frame is, comes before them.
 *
 * @throws SegcanaryError `usage` where the scan came from no DICOM series; `io`, `truncated`,
 *   `scan-unsuitable`, `limit-exceeded`
 */
export async function createSegmentation(
  to: string | Writable,
  { scan, dataType }: Pick<VolumeOptions, 'scan' | 'dataType'>,
  { algorithm, segmentation, segmentationType = 'binary', tmpdir }: ImageDescription,
): Promise<VolumeWriter<'uint8' | 'uint16'>> {
  const source = sourceOf(scan.header, scan.case);
  const grid = planesOf(scan, source);
  const ranks = new Map(grid.planes.map(({ z }, rank) => [z, rank]));
  const copied = await copyAttributes(source);
  const isBinary = segmentationType === 'binary';
  const segmentsOf = isBinary ? binarySegments : labelSegments;
  const named = segmentation && segmentsOf(segmentation, []);
  const file = await createObjectFile(to);
  const spool = TempFile.open(tmpdir, scan.case);
  const frames: SpooledFrame[] = [];
  const present = new Set<number>();
  const members = new Map<number, Uint8Array>();
  let written = 0;

  /** The segments of a slice by what they are called in the spool, each with its labels. */
  const segmentsIn = (labels: ReadonlySet<number>): (readonly [key: number, labels: readonly number[]])[] =>
    named
      ? named
          .filter((segment) => segment.labels.some((label) => labels.has(label)))
          .map((segment) => [segment.number, segment.labels])
      : [...labels].map((label) => [label, [label]]);

  const add = async (voxels: LabelVoxels) => {
    refuseMisfit(file.label, voxels, written, scan.shape);
    const rank = ranks.get(written++) as number;
    const frame = voxels instanceof Uint8Array ? grid.toFrame(voxels) : grid.toFrame(voxels);
    const labels = labelsIn(frame);
    for (const label of labels) present.add(label);
    const segments = segmentsIn(labels);
    if (segments.length === 0) return;
    if (!isBinary) {
      frames.push({ key: 0, rank, at: await spool.append(frame) });
      return;
    }
    for (const [key, all] of segments) {
      const isIn = members.get(key) ?? tableOf(all);
      members.set(key, isIn);
      frames.push({ key, rank, at: await spool.append(packed(frame, isIn)) });
    }
  };

  const finish = async () => {
    refuseTooFew(file.label, written, scan.shape[0]);
    const labels = [...present].sort((a, b) => a - b);
    const segments: readonly Segment[] = named ?? segmentsOf(undefined, labels.length > 0 ? labels : [1]);
    const numberOf = (key: number) => (named || !isBinary ? key : labels.indexOf(key) + 1);
    const numbered = frames.map(({ key, rank, at }) => ({ key: numberOf(key), rank, at }));
    await writeSegmentation({
      file,
      spool,
      frames: numbered,
      segments,
      isBinary,
      grid,
      source,
      copied,
      algorithm,
      dataType,
    });
    await file.commit();
    await spool.close();
  };

  return writerOver(spool, file, { add, finish });
}

/** The labels of a frame, without the background. */
function labelsIn(frame: LabelVoxels): Set<number> {
  const seen = new Uint8Array(65_536);
  for (let i = 0; i < frame.length; i++) seen[frame[i]] = 1;
  const labels = new Set<number>();
  for (let label = 1; label < seen.length; label++) if (seen[label]) labels.add(label);
  return labels;
}

function tableOf(labels: readonly number[]): Uint8Array {
  const isIn = new Uint8Array(65_536);
  for (const label of labels) isIn[label] = 1;
  return isIn;
}
