/**
 * What arrow keys move in a view, as steps right, towards the nose, up. A scan is seen from the
 * feet and from the left: left on the screen is the patient's right.
 */
const KEYS = {
  axial: {
    ArrowLeft: [1, 0, 0],
    ArrowRight: [-1, 0, 0],
    ArrowUp: [0, 1, 0],
    ArrowDown: [0, -1, 0],
    PageUp: [0, 0, 1],
    PageDown: [0, 0, -1],
  },
  coronal: {
    ArrowLeft: [1, 0, 0],
    ArrowRight: [-1, 0, 0],
    ArrowUp: [0, 0, 1],
    ArrowDown: [0, 0, -1],
    PageUp: [0, 1, 0],
    PageDown: [0, -1, 0],
  },
  sagittal: {
    ArrowLeft: [0, 1, 0],
    ArrowRight: [0, -1, 0],
    ArrowUp: [0, 0, 1],
    ArrowDown: [0, 0, -1],
    PageUp: [1, 0, 0],
    PageDown: [-1, 0, 0],
  },
};
KEYS.multi = KEYS.axial;

/** The step that a key makes in a view, [x, y, z]; undefined of any other key. */
export const stepOf = (view, key) => KEYS[view][key];
