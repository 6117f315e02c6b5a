import { describe, expect, it } from 'vitest';
import { additiveAt, fitAdditive } from '../../../src/detectors/quality/additive.js';
import { qualityFixture, uniform } from '../../support/quality.js';

const { patient, family, x, weight, y, ridge, at, chosen, second } = qualityFixture.additive;
const rows = patient.map((p, i) => ({ patient: p, family: family[i], x: x[i], weight: weight[i], y: y[i] }));

describe('fitAdditive', () => {
  it('chooses the ridge that leaving patients and families out does with scipy’s nnls, and fits as it', () => {
    const model = fitAdditive(rows);
    expect(model.ridge).toBe(ridge);
    expect(at.map((place) => additiveAt(model, place))).toEqual(chosen.map((value) => expect.closeTo(value, 8)));
  });

  it('fits by a ridge that is given', () => {
    const model = fitAdditive(rows, 0.003);
    expect(at.map((place) => additiveAt(model, place))).toEqual(second.map((value) => expect.closeTo(value, 8)));
  });

  it('never falls in any signal', () => {
    const model = fitAdditive(rows);
    const random = uniform(1);
    for (let i = 0; i < 200; i++) {
      const place = [0, 1, 2].map(() => 8 * random() - 4);
      const better = place.map((value, k) => (k === i % 3 ? value + random() : value));
      expect(additiveAt(model, better)).toBeGreaterThanOrEqual(additiveAt(model, place) - 1e-12);
    }
  });

  it('leaves signals out that never vary', () => {
    const flat = rows.map((row) => ({ ...row, x: [row.x[0], 5, Number.MIN_VALUE] }));
    expect(new Set(fitAdditive(flat).hinges.map(({ signal }) => signal))).toEqual(new Set([0]));
  });

  it('fits one patient too', () => {
    const model = fitAdditive(rows.slice(0, 4));
    expect(Number.isFinite(additiveAt(model, [0, 0, 0]))).toBe(true);
  });
});
