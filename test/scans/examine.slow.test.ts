import { afterAll, describe, expect, it } from 'vitest';
import { closeInference } from '../../src/network/inference/session.js';
import { examine } from '../support/examined.js';

afterAll(closeInference);

describe('examineScan', () => {
  it('keeps passes apart: the plain ones as before, others by their sets, dropout by its seed', async () => {
    const plain = await examine();
    const options = { mirrorAxes: [1, 2], dropout: 3, seed: 5 };
    const several = await examine(options);
    for (const [name, score] of Object.entries(plain.outputs))
      expect(several.outputs[name].mean).toBeCloseTo(score.mean!, 6);
    const more = ['mc-dropout', 'pairwise-dice-dropout', 'pairwise-dice-mirrors'];
    for (const name of more) {
      expect(several.outputs[name].mean).toBeGreaterThan(0);
      expect(several.outputs[name].mean).toBeLessThan(1);
    }
    expect((await examine(options)).outputs).toEqual(several.outputs);
    const { 'mc-dropout': dropped, ...rest } = (await examine({ ...options, seed: 6 })).outputs;
    expect(dropped).not.toEqual(several.outputs['mc-dropout']);
    expect(rest['pairwise-dice-mirrors']).toEqual(several.outputs['pairwise-dice-mirrors']);
  });
});
