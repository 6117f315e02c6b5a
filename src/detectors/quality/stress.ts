import { sha256 } from '../../files/hash.js';
import { type Bound, partOf } from './bound.js';
import { familiesOf, learn, type QualityCase, type QualityPass, withoutFamily } from './learn.js';

/** One pass that stands for its family of shifts. */
interface Drawn {
  readonly family: string;
  readonly patient: QualityCase;
  readonly pass: QualityPass;
}

/**
 * Draws a bound for scans of a family of shifts that is exchangeable with the simulated ones:
 * families are the units, one pass stands for each (Dunn et al. 1809.07441; Lee et al. 2306.06342),
 * and its model has seen neither its family nor its patient, as it will not have seen those of a
 * scan to come. By the jackknife+, so the level is 1 - 2 alpha at worst.
 */
export function drawStressBound(cases: readonly QualityCase[], alpha: number): Bound {
  const parts = drawnFrom(cases).map(({ family, patient, pass }) =>
    partOf(learn(withoutFamily(cases, family).filter((c) => c.case !== patient.case)), [pass]),
  );
  return { kind: 'jackknife+', alpha, parts };
}

/**
 * By a hash of the names, which is as good as chance; a patient stands once while others are left.
 */
function drawnFrom(cases: readonly QualityCase[]): Drawn[] {
  const used = new Set<string>();
  return familiesOf(cases).map((family) => {
    const all = cases.flatMap((patient) =>
      patient.passes.filter((pass) => pass.family === family).map((pass): Drawn => ({ family, patient, pass })),
    );
    const fresh = all.filter(({ patient }) => !used.has(patient.case));
    const drawn = shuffled(fresh.length > 0 ? fresh : all, ({ patient }) => `${family}/${patient.case}`)[0];
    used.add(drawn.patient.case);
    return drawn;
  });
}

/** In an order that is as good as chance and the same every time. */
export const shuffled = <T>(values: readonly T[], name: (value: T) => string): T[] =>
  values
    .map((value) => ({ value, key: sha256(name(value)) }))
    .sort((a, b) => (a.key < b.key ? -1 : 1))
    .map(({ value }) => value);
