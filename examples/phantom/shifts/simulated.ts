import { type CtSlice, SHIFTS, SliceShifter, type SliceShifterOptions } from 'segcanary';
import type { Phantom } from '../phantom.js';
import { clamp } from '../shapes.js';
import type { Shift } from './shift.js';

/**
 * The shifts of `segcanary simulate` on phantoms, rounded and clipped to what a 12-bit scanner
 * stores.
 */
export const SIMULATED: readonly Shift[] = SHIFTS.map(
  (shift): Shift => ({
    name: shift.name,
    grades: shift.grades,
    apply(phantom, grade, seed) {
      const of = { shift, grade, seed };
      const truth = { ...of, of: 'truth' } as const;
      return {
        ...phantom,
        volume: Int16Array.from(changed(phantom.volume, phantom, of), (hu) => clamp(Math.round(hu), -1024, 3071)),
        label: Uint8Array.from(changed(phantom.label, phantom, truth)),
        lung: Uint8Array.from(changed(phantom.lung, phantom, truth)),
      };
    },
  }),
);

function changed(data: ArrayLike<number>, scan: Phantom, options: SliceShifterOptions): Float32Array {
  const out = Float32Array.from(data);
  const size = scan.shape[1] * scan.shape[2];
  const shifter = new SliceShifter(options);
  const keep = (slices: readonly CtSlice[]) => {
    for (const slice of slices) out.set(slice.data, slice.z * size);
  };
  for (let z = 0; z < scan.shape[0]; z++) keep(shifter.push({ z, scan, data: out.slice(z * size, (z + 1) * size) }));
  keep(shifter.flush());
  return out;
}
