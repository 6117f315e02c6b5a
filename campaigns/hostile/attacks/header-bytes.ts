import type { Attack } from '../attack.js';
import { fieldAt } from '../nifti/fields.js';
import { Judge, READERS } from '../nifti/judge.js';
import { unknowable } from '../nifti/unknowable.js';

const TRIALS = 800;

/** One to three bytes of a valid NIfTI-1 header overwritten. */
export const headerBytes: Attack = {
  name: 'header-bytes',
  async *run({ lab, dice, share }) {
    const judge = await Judge.open(lab);
    for (let i = 0; i < Math.ceil(TRIALS * share); i++) {
      const bytes = Uint8Array.from(judge.bytes);
      const places = Array.from({ length: dice.int(1, 3) }, () => dice.int(0, 347));
      for (const at of places) bytes[at] = dice.int(0, 255);
      const what = places.map((at) => `${fieldAt(at)}, byte ${at} = ${bytes[at]}`).join('; ');
      for (const reader of READERS) yield judge.trial(what, [bytes], reader, () => unknowable(places));
    }
  },
};
