import type { Writable } from 'node:stream';
import type { SourceHeader } from '../../../chunks.js';
import { SegcanaryError } from '../../../errors.js';
import { type AtomicFile, cannotWrite, createAtomicFile } from '../../../files/atomic.js';
import type { TempFile } from '../../../files/temp-file.js';
import type { VolumeWriter, WritableVoxels } from '../../volume-writer.js';
import { type DicomSource, isDicomSource } from '../dicom-source.js';

/** Where the bytes of an object go, one piece after another. */
export interface ObjectFile {
  /** Name in messages. */
  readonly label: string;
  write(bytes: Uint8Array): Promise<void>;
  /** Ends it: a path has its name when this settles. */
  commit(): Promise<void>;
  /** Gives up; does nothing after `commit`. */
  discard(): Promise<void>;
}

/**
 * Opens `to` for an object: a path, under which it appears whole or not at all, or a Writable,
 * which is ended.
 *
 * @throws SegcanaryError `io`
 */
export async function createObjectFile(to: string | Writable): Promise<ObjectFile> {
  const label = typeof to === 'string' ? to : 'the DICOM output';
  const file: AtomicFile | null = typeof to === 'string' ? await createAtomicFile(to) : null;
  const stream = file ? file.stream : (to as Writable);
  let settled = false;
  const discard = async () => {
    if (settled) return;
    settled = true;
    await (file ? file.discard() : stream.destroy());
  };
  const orDiscard = async (work: () => Promise<void>) => {
    try {
      await work();
    } catch (error) {
      await discard();
      throw file ? cannotWrite(label, error) : error;
    }
  };
  return {
    label,
    write: (bytes) =>
      orDiscard(
        () =>
          new Promise<void>((resolve, reject) => stream.write(bytes, (error) => (error ? reject(error) : resolve()))),
      ),
    commit: () =>
      orDiscard(async () => {
        if (file) await file.commit();
        else await new Promise<void>((resolve) => stream.end(resolve));
        settled = true;
      }),
    discard,
  };
}

/** Refuses a slice that does not fit. */
export function refuseMisfit(
  label: string,
  voxels: WritableVoxels[keyof WritableVoxels],
  z: number,
  [depth, height, width]: readonly [number, number, number],
): void {
  if (voxels.length === height * width && z < depth) return;
  throw new SegcanaryError(
    'scan-unsuitable',
    `slice ${z} of ${voxels.length} voxels does not fit a volume of ${width} x ${height} x ${depth}.`,
    { subject: label },
  );
}

/** Refuses to end before all slices are there. */
export function refuseTooFew(label: string, written: number, depth: number): void {
  if (written !== depth)
    throw new SegcanaryError('truncated', `only ${written} of ${depth} slices were written.`, { subject: label });
}

/** Longest value of an element whose length takes four bytes. */
const LONGEST = 0xfffffffe;

/** Refuses pixels that no element could hold. */
export function refuseTooLong(label: string, bytes: number): void {
  if (bytes > LONGEST)
    throw new SegcanaryError(
      'limit-exceeded',
      `its pixels would take ${bytes} bytes and DICOM has room for ${LONGEST}; write it as NIfTI.`,
      { subject: label, option: 'format' },
    );
}

/**
 * The series that a scan came from.
 *
 * @throws SegcanaryError `usage` where it came from none
 */
export function sourceOf(header: SourceHeader, name: string): DicomSource {
  if (isDicomSource(header)) return header;
  throw new SegcanaryError(
    'usage',
    'is NIfTI, which knows no patient and no series, and a DICOM object needs both; give the DICOM series, or leave `format` out.',
    { subject: name, option: 'format' },
  );
}

/** An image that is spooled slice by slice, since what describes its frames comes before them. */
export function writerOver<T extends keyof WritableVoxels>(
  spool: TempFile,
  file: ObjectFile,
  { add, finish }: { readonly add: (voxels: WritableVoxels[T]) => Promise<void>; readonly finish: () => Promise<void> },
): VolumeWriter<T> {
  const discard = async () => {
    await spool.close();
    await file.discard();
  };
  const orDiscard = async (work: () => Promise<void>) => {
    try {
      await work();
    } catch (error) {
      await discard();
      throw error;
    }
  };
  return { write: (voxels) => orDiscard(() => add(voxels)), commit: () => orDiscard(finish), discard };
}
