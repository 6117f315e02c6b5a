import ndarray from 'ndarray';
import type { Grid, Slice } from '../../chunks.js';
import { SegcanaryError } from '../../errors.js';
import { beyond, limitsOf, type ScanLimits } from '../../limits.js';
import type { Warning } from '../../results.js';
import type { SliceReading, SliceSource } from '../scan-source.js';
import { storedGrid } from '../stored-grid.js';
import type { DicomSource, SourceFrame } from './dicom-source.js';
import { FrameReader } from './frame-reader.js';
import { flipPlane, type Layout, layOut } from './layout.js';
import type { SeriesVolume, VolumeSlice } from './series-volume.js';
import { untiltRows } from './untilt.js';

/**
 * A DICOM series as the slices of a scan. Files are read in the order of the slices, one at a time,
 * and one frame ahead of the slice that is being worked on; what is held are two planes, and of a
 * file of many frames where they lie.
 */
export class DicomSeries implements SliceSource {
  readonly volume: SeriesVolume;

  constructor(volume: SeriesVolume) {
    this.volume = volume;
  }

  /**
   * Slices, z ascending, [1, y, x], float32 after slope and intercept. Axes are laid out as
   * `layOut` says, and rows shifted where a tilt is taken out.
   *
   * @throws SegcanaryError `limit-exceeded` before anything is read, then whatever is wrong with a
   *   frame: `dicom-unsupported`, `dicom-invalid`, `truncated`, `non-finite`, `timed-out`, `io`
   */
  async *slices(reading: SliceReading): AsyncGenerator<Slice, void, undefined> {
    const { volume } = this;
    const limits = limitsOf(reading.limits);
    refuseHuge(volume, reading.name, limits);
    for (const warning of [...volume.warnings, ...warningsOfPixels(volume)]) reading.onWarning?.(warning, reading.case);
    const layout = layOut(volume.affine, volume.shape, reading.orientations);
    const grid = gridOf(volume, layout, reading.case);
    const reader = new FrameReader(limits);
    const [depth, rows, columns] = volume.shape;
    /** The plane of slice z, whose frame is at the other end where z is flipped. */
    const plane = async (z: number): Promise<Float32Array> => {
      const at = layout.flipped[0] ? depth - 1 - z : z;
      const values = untilted(await reader.read(sized(volume, at), z), volume, at);
      flipPlane(values, columns, layout.flipped[1], layout.flipped[2]);
      return values;
    };
    const wanted = Array.from({ length: depth }, (_, z) => z).filter((z) => reading.only?.has(z) ?? true);
    if (wanted.length === 0) return;
    let next = plane(wanted[0]);
    try {
      for (const [i, z] of wanted.entries()) {
        const values = await next;
        if (i + 1 < wanted.length) {
          next = plane(wanted[i + 1]);
          // Heard of where it is awaited, and nowhere if nobody asks for that slice.
          next.catch(() => {});
        }
        yield { grid, z, data: ndarray(values, [1, rows, columns]) };
      }
    } finally {
      // What was begun ahead reads from a file that is about to be closed.
      await next.catch(() => {});
      await reader.close();
    }
  }
}

/** Before anything is allocated, or read. */
function refuseHuge({ shape, slices }: SeriesVolume, name: string, limits: ScanLimits): void {
  const [depth, height, width] = shape;
  const bits = slices.reduce((most, { header }) => Math.max(most, header.pixels?.bitsAllocated ?? 0), 0);
  const found = { slices: depth, sliceVoxels: height * width, bytes: (depth * height * width * bits) / 8 };
  for (const limit of ['slices', 'sliceVoxels', 'bytes'] as const)
    if (found[limit] > limits[limit]) throw beyond(limit, limits[limit], name, found[limit]);
}

function warningsOfPixels({ slices }: SeriesVolume): Warning[] {
  const inverse = slices.filter(({ header }) => header.pixels?.photometric === 'MONOCHROME1').length;
  if (inverse === 0) return [];
  return [
    {
      code: 'monochrome1',
      message: `${inverse} of ${slices.length} slices are to be shown inverted (MONOCHROME1): their values are taken as they are stored, as dcm2niix and pydicom take them and SimpleITK does not; make sure that the training scans were read so too.`,
    },
  ];
}

/** A slice of the volume, whose frame has the volume's matrix. */
function sized({ slices, name }: SeriesVolume, at: number): VolumeSlice {
  const [{ header: first }, { header }] = [slices[0], slices[at]];
  const [one, other] = [first.pixels, header.pixels];
  if (one?.rows === other?.rows && one?.columns === other?.columns) return slices[at];
  throw new SegcanaryError(
    'series-inconsistent',
    `${header.file.name} has ${other?.rows} x ${other?.columns} voxels, and ${first.file.name} ${one?.rows} x ${one?.columns}; give slices of one matrix.`,
    { subject: name },
  );
}

/**
 * The plane with its rows shifted against a tilt. What it does not reach is padding, or as low as
 * air.
 */
function untilted(plane: Float32Array, { untilt, shape }: SeriesVolume, at: number): Float32Array {
  if (untilt === null) return plane;
  const columns = shape[2];
  const { padding, rows: outRows } = untilt;
  const fill = padding ?? plane.reduce((least, value) => Math.min(least, value));
  return untiltRows(plane, {
    rows: plane.length / columns,
    columns,
    shift: untilt.shifts[at],
    outRows,
    fill,
    padding,
  });
}

function gridOf(volume: SeriesVolume, { affine, flipped }: Layout, caseName: string): Grid {
  const { shape, spacing } = volume;
  const header = sourceOf(volume, flipped);
  return storedGrid({ case: caseName, shape, spacing, channels: 1, affine, placed: true, header });
}

/** What is kept of the series for whoever writes a result that refers to it. */
function sourceOf(volume: SeriesVolume, flipped: Layout['flipped']): DicomSource {
  const { slices, orientation, pixelSpacing, untilt } = volume;
  const { study, series, frameOfReference, modality, pixels } = slices[0].header;
  const frames = slices.map(({ header, frame, position }): SourceFrame => {
    const { file, sopClass, sopInstance } = header;
    return { file, sopClass, sopInstance, frame: header.frames.length > 1 ? frame.index + 1 : null, position };
  });
  return {
    format: 'dicom',
    study,
    series,
    frameOfReference,
    modality,
    frames: flipped[0] ? frames.reverse() : frames,
    orientation,
    pixelSpacing,
    rows: pixels?.rows ?? volume.shape[1],
    columns: pixels?.columns ?? volume.shape[2],
    flipped: [flipped[1], flipped[2]],
    isUntilted: untilt !== null,
  };
}
