import type { Shift } from './shift.js';

/** Slices in the wrong order: two stacks joined wrongly, or head and feet exchanged. */
export const flippedZ: Shift = {
  name: 'flipped-z',
  grades: ['the upper third in reverse order', 'the upper two thirds in reverse order', 'head and feet exchanged'],
  apply(phantom, severity) {
    const [slices, height, width] = phantom.shape;
    const size = height * width;
    const first = Math.round((slices * (3 - severity)) / 3);
    const turn = <T extends Int16Array | Uint8Array>(data: T): T => {
      const out = data.slice() as T;
      for (let z = first; z < slices; z++) {
        const from = slices - 1 - (z - first);
        out.set(data.subarray(from * size, (from + 1) * size), z * size);
      }
      return out;
    };
    return { ...phantom, volume: turn(phantom.volume), label: turn(phantom.label), lung: turn(phantom.lung) };
  },
};
