import { type FileRange, readRange } from '../../../files/file-range.js';

/** Bytes that are read where they are wanted: those of a file, or of one that was inflated. */
export interface ByteSource {
  /** Bytes in all. */
  readonly length: number;
  /** Bytes from `at` on: `length` of them, or as many as there are. */
  read(at: number, length: number): Promise<Buffer>;
  /** Gives back what is held of it. */
  close(): Promise<void>;
}

/** The bytes of a file as they are. */
export const plainBytes = (file: FileRange): ByteSource => ({
  length: file.length,
  read: (at, length) => readRange(file, at, length),
  close: async () => {},
});
