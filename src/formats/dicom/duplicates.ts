import { readRange } from '../../files/file-range.js';
import type { DicomHeader } from './dicom-header.js';
import { inflated } from './header-bytes.js';
import { readBeginning } from './part10.js';
import { minus, norm } from './placement.js';
import { inconsistent, type PlacedSlice, sliceName } from './slices.js';

/** mm within which two slices are at one place: positions are written to a thousandth at least. */
const SAME_PLACE = 5e-3;
/** Bytes that are compared at once. */
const PIECE = 1 << 18;

/**
 * Leaves out slices that stand twice at one place with the same stored pixels.
 *
 * @param slices in their order along the normal
 * @returns the others, and how many were left out
 * @throws SegcanaryError `series-inconsistent` when pixels at one place differ, or slices lie
 *   beside each other in one plane; `io`
 */
export async function withoutDuplicates(
  slices: readonly PlacedSlice[],
  name: string,
  signal?: AbortSignal,
): Promise<{ readonly slices: readonly PlacedSlice[]; readonly dropped: number }> {
  const kept: PlacedSlice[] = [];
  for (const slice of slices) {
    const before = kept.at(-1);
    if (before === undefined || slice.along - before.along > SAME_PLACE) {
      kept.push(slice);
      continue;
    }
    signal?.throwIfAborted();
    const apart = norm(minus(slice.position, before.position));
    if (apart > 2 * SAME_PLACE)
      throw inconsistent(
        name,
        `${sliceName(before)} and ${sliceName(slice)} lie in one plane, ${apart.toFixed(2)} mm beside each other, so the series is no single volume; give the slices of one.`,
      );
    if (!(await hasSamePixels(before, slice))) throw inconsistent(name, differ(slices, before, slice));
  }
  return { slices: kept, dropped: slices.length - kept.length };
}

function differ(slices: readonly PlacedSlice[], a: PlacedSlice, b: PlacedSlice): string {
  const places = slices.filter(({ along }, i) => i === 0 || along - slices[i - 1].along > SAME_PLACE).length;
  const many =
    slices.length > places + 1
      ? ` (${slices.length} slices lie at ${places === 1 ? 'one place' : `${places} places`}: several volumes in one series?)`
      : '';
  return `${sliceName(a)} and ${sliceName(b)} lie at one place, ${a.position.join(', ')}, and have different pixels${many}; remove the one that does not belong there.`;
}

/** Whether two slices have the same stored bytes, which mean the same. */
async function hasSamePixels(a: PlacedSlice, b: PlacedSlice): Promise<boolean> {
  const [p, q] = [a.header.pixels, b.header.pixels];
  if (p === null || q === null) return false;
  const same = [
    p.transferSyntax === q.transferSyntax,
    p.bitsAllocated === q.bitsAllocated,
    p.bitsStored === q.bitsStored,
    p.isSigned === q.isSigned,
    p.photometric === q.photometric,
    // Frames of a file are not told apart here: what repeats within one is several volumes.
    p.frames === 1 && q.frames === 1,
    a.frame.slope === b.frame.slope,
    a.frame.intercept === b.frame.intercept,
  ];
  return same.every(Boolean) && (await isEqual(pixelBytes(a.header), pixelBytes(b.header)));
}

/** The value of Pixel Data, and where that is encapsulated what follows it too. */
async function* pixelBytes({ file, pixels }: DicomHeader): AsyncGenerator<Buffer> {
  if (pixels === null) return;
  const { valueOffset, valueLength } = pixels;
  if (pixels.transferSyntax === '1.2.840.10008.1.2.1.99') {
    yield* deflatedPixelBytes(file, valueOffset, valueLength);
    return;
  }
  const end = valueLength === null ? file.length : Math.min(file.length, valueOffset + valueLength);
  for (let at = valueOffset; at < end; at += PIECE) yield await readRange(file, at, Math.min(PIECE, end - at));
}

/** Deflated data begins behind the file meta information, whose length stands in it. */
async function* deflatedPixelBytes(file: DicomHeader['file'], offset: number, length: number | null) {
  const start = await dataSetStart(file);
  let at = start;
  const end = length === null ? Number.POSITIVE_INFINITY : offset + length;
  for await (const piece of inflated(file, start)) {
    const from = Math.max(0, offset - at);
    const to = Math.min(piece.length, end - at);
    if (to > from) yield piece.subarray(from, to);
    at += piece.length;
    if (at >= end) return;
  }
}

async function dataSetStart(file: DicomHeader['file']): Promise<number> {
  const beginning = await readBeginning(file);
  beginning?.bytes.close();
  return beginning?.at ?? 0;
}

/** Whether two streams hold the same bytes, whatever their pieces. */
async function isEqual(a: AsyncGenerator<Buffer>, b: AsyncGenerator<Buffer>): Promise<boolean> {
  let [left, right] = [Buffer.alloc(0), Buffer.alloc(0)] as Buffer[];
  try {
    for (;;) {
      if (left.length === 0) left = (await a.next()).value ?? left;
      if (right.length === 0) right = (await b.next()).value ?? right;
      if (left.length === 0 || right.length === 0) return left.length === right.length;
      const length = Math.min(left.length, right.length);
      if (!left.subarray(0, length).equals(right.subarray(0, length))) return false;
      left = left.subarray(length);
      right = right.subarray(length);
    }
  } finally {
    await a.return(undefined);
    await b.return(undefined);
  }
}
