import type { PatchPlace } from '../chunks.js';
import { patchCount } from '../maths/window/tiling.js';

/** How far one scan has come. */
export interface Progress {
  readonly case: string;
  readonly patches: number;
  readonly total: number;
}

export type ProgressListener = (progress: Progress) => void;

/** For `observe`: tells of every patch that has come so far. */
export function reporter({ onProgress }: { readonly onProgress?: ProgressListener | undefined }) {
  return (chunk: PatchPlace): void =>
    onProgress?.({ case: chunk.grid.scan.case, patches: chunk.index + 1, total: patchCount(chunk.tiling) });
}
