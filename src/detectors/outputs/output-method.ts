import type { Passes } from '../../model/sampler.js';

/** What the slices of a network's outputs are. */
export interface OutputContext {
  /** Logits of a voxel: classes, or regions. */
  readonly classes: number;
  readonly regions: boolean;
}

/** Reads one scan's aggregated logits, slice by slice. */
export interface OutputMeter {
  /** @param passes logits [class, y, x] of each pass, in C order; not to be written to */
  push(passes: readonly Float32Array[]): void;
  /** The subject score: higher is more suspicious. */
  value(): number;
}

/**
 * A method that judges a scan by what the network says, patches aggregated with the Gaussian as for a segmentation, on the network's grid. One file each in
 * `outputs/`, and one line in `outputs/registry.ts`.
 */
export interface OutputMethod {
  readonly name: string;
  readonly title: string;
  readonly formula: string;
  readonly source: string;
  /** Which passes it needs. */
  readonly passes: Passes;
  meter(context: OutputContext): OutputMeter;
}
