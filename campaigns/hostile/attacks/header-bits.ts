import type { Attack } from '../attack.js';
import { fieldAt } from '../nifti/fields.js';
import { Judge, READERS } from '../nifti/judge.js';
import { unknowable } from '../nifti/unknowable.js';

const BITS = 348 * 8;

/**
 * Every single bit of a valid NIfTI-1 header the other way round, read by the rules of either
 * reader of nnU-Net's: 2,784 headers twice.
 */
export const headerBits: Attack = {
  name: 'header-bits',
  async *run({ lab, dice, share }) {
    const judge = await Judge.open(lab);
    for (let bit = 0; bit < BITS; bit++) {
      if (share < 1 && !dice.chance(share)) continue;
      const at = bit >> 3;
      const bytes = Uint8Array.from(judge.bytes);
      bytes[at] ^= 1 << (bit & 7);
      for (const reader of READERS)
        yield judge.trial(`${fieldAt(at)}, byte ${at} bit ${bit & 7}`, [bytes], reader, () => unknowable([at]));
    }
  },
};
