import type { Writable } from 'node:stream';
import type { Scan } from '../chunks.js';
import type { SegmentationPlan } from '../plan.js';

/** The voxel types that are written, and the arrays that hold them. */
export interface WritableVoxels {
  uint8: Uint8Array;
  uint16: Uint16Array;
  int16: Int16Array;
  float32: Float32Array;
}

/**
 * What an image holds that segcanary made. A file says so, so that it is not taken for a scan.
 */
export type ImageContent = 'labels' | 'uncertainty' | 'probabilities' | 'simulated scan';

/** What made an image: a network, or a detector. */
export interface Algorithm {
  readonly name: string;
  /** A hash of what it consists of. */
  readonly version: string;
}

/** What an image of a form that names things says of itself; NIfTI names nothing. */
export interface ImageDescription {
  readonly algorithm: Algorithm;
  /** @default labels are called by their numbers */
  readonly segmentation?: Pick<SegmentationPlan, 'labels' | 'regionsClassOrder' | 'codes'> | undefined;
  /**
   * A segmentation as one bit a voxel and label, or as numbers.
   * @default 'binary', which more archives take
   */
  readonly segmentationType?: 'binary' | 'labelmap' | undefined;
  /** Folder for temporary files. @default the system's */
  readonly tmpdir?: string | undefined;
}

export interface VolumeOptions<T extends keyof WritableVoxels = keyof WritableVoxels> {
  /** The scan on whose grid the voxels lie, and whose header says how a file describes that. */
  readonly scan: Pick<Scan, 'case' | 'shape' | 'affine' | 'header'>;
  readonly dataType: T;
  /** Volumes of a 4-D file, written one after another. @default 1: a 3-D file */
  readonly volumes?: number;
  /** @default the file does not say */
  readonly content?: ImageContent | undefined;
  /** Needed for DICOM. */
  readonly description?: ImageDescription | undefined;
}

/** An image that is written slice by slice and appears whole or not at all. */
export interface VolumeWriter<T extends keyof WritableVoxels = keyof WritableVoxels> {
  /**
   * The next slice, [y, x] in C order, z ascending. Settles when the destination has room again.
   */
  write(voxels: WritableVoxels[T]): Promise<void>;
  /**
   * Ends the file. The destination holds all of it, and a path its final name, when this settles.
   */
  commit(): Promise<void>;
  /** Gives up: a partial file is removed, a Writable destroyed. Does nothing after `commit`. */
  discard(): Promise<void>;
}

/** A form in which images are written. One file each, and one line in `write.ts`. */
export interface ImageForm {
  /** Names of files that get this form. */
  readonly ending: RegExp;
  /** @throws SegcanaryError `usage` for another ending, `io` when the file cannot be written */
  create<T extends keyof WritableVoxels>(to: string | Writable, options: VolumeOptions<T>): Promise<VolumeWriter<T>>;
}
