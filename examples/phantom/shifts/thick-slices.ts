import type { Shift } from './shift.js';

/** Slices two, three or four times as thick: averaged over as many, and as many fewer. */
export const thickSlices: Shift = {
  name: 'thick-slices',
  grades: ['slices 2 times as thick', 'slices 3 times as thick', 'slices 4 times as thick'],
  apply(phantom, severity) {
    const factor = severity + 1;
    const [slices, height, width] = phantom.shape;
    const size = height * width;
    const depth = Math.floor(slices / factor);
    const volume = new Int16Array(depth * size);
    const label = new Uint8Array(depth * size);
    const lung = new Uint8Array(depth * size);
    for (let z = 0; z < depth; z++) {
      for (let i = 0; i < size; i++) {
        let [hu, marked, aired] = [0, 0, 0];
        for (let k = 0; k < factor; k++) {
          const at = (z * factor + k) * size + i;
          hu += phantom.volume[at];
          marked += phantom.label[at];
          aired += phantom.lung[at];
        }
        volume[z * size + i] = Math.round(hu / factor);
        label[z * size + i] = Number(2 * marked >= factor);
        lung[z * size + i] = Number(2 * aired >= factor);
      }
    }
    const [dz, dy, dx] = phantom.spacing;
    return { ...phantom, shape: [depth, height, width], spacing: [dz * factor, dy, dx], volume, label, lung };
  },
};
