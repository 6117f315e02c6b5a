import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { learnQuality } from '../../../src/detectors/quality/model.js';
import { loadDetector, saveDetector, writeQuality } from '../../../src/detectors/saved.js';
import { SEAL } from '../../../src/detectors/seal.js';
import { SegcanaryError } from '../../../src/errors.js';
import { simulatedCases } from '../../../test/support/quality.js';
import { detectorParts } from '../../fuzz/targets/detector-parts.js';
import type { Attack, Ring, Trial } from '../attack.js';

/** Changes of each detector at share 1. */
const CHANGES = 800;
const PRINTABLE = Array.from({ length: 95 }, (_, i) => String.fromCharCode(32 + i));

/**
 * One digit, or one character, of detector.json is another: in a detector as it is written, which
 * is refused, and in one without a hash of itself, as earlier versions wrote it, where only what
 * follows from something else can be seen.
 */
export const detectorDigits: Attack = {
  name: 'detector-digits',
  async *run(ring) {
    for (const [i, dir] of (await detectorsOf(ring)).entries()) {
      const path = join(dir, 'detector.json');
      const text = readFileSync(path, 'utf8');
      const right = await rightOf(dir, text);
      const old = unsealed(text);
      const rightOld = await rightOf(dir, old);
      const digits = [...text.matchAll(/\d/g)].map(({ index }) => index);
      for (let change = 0; change < CHANGES * ring.share; change++) {
        const isDigit = change % 2 === 0;
        const at = isDigit ? ring.dice.pick(digits) : ring.dice.int(0, text.length - 1);
        const others = (isDigit ? [...'0123456789'] : PRINTABLE).filter((other) => other !== text[at]);
        const edited = text.slice(0, at) + ring.dice.pick(others) + text.slice(at + 1);
        const what = `detector ${i}, character ${at}: ${JSON.stringify(text.slice(at - 20, at + 5))} to ${edited[at]}`;
        yield { what, ...(await outcomeOf(dir, right, edited)) };
        const oldEdited = unsealed(edited);
        // Where the hash itself was changed there is nothing else to see.
        if (oldEdited !== old) yield { what: `${what}, unsealed`, ...(await outcomeOf(dir, rightOld, oldEdited)) };
      }
      writeFileSync(path, text);
    }
  },
};

/** As an earlier version writes it. */
const unsealed = (text: string): string => text.replace(/,\s*"descriptionSha256": "[^"]*"/, '');

/** The calibrated one of the lab, and one of every kind with all that a calibration may add. */
async function detectorsOf({ lab, folder }: Ring): Promise<string[]> {
  const first = join(folder, 'lab');
  cpSync(lab.detector, first, { recursive: true });
  const dirs = [first];
  const context = { labels: ['x', 'y'], networks: ['0'.repeat(64)], mirrorAxes: [0], alpha: 0.1 };
  for (const [i, parts] of detectorParts([8, 2, 4, 4]).entries()) {
    const dir = join(folder, `kind-${i}`);
    mkdirSync(dir);
    await saveDetector(dir, parts);
    if (i === 0) await writeQuality(await loadDetector(dir), learnQuality(simulatedCases(12, 3, ['a', 'b']), context));
    dirs.push(dir);
  }
  return dirs;
}

type Description = Readonly<Record<string, unknown>>;

async function rightOf(dir: string, text: string): Promise<Description> {
  writeFileSync(join(dir, 'detector.json'), text);
  return (await loadDetector(dir)).description;
}

async function outcomeOf(dir: string, right: Description, edited: string): Promise<Omit<Trial, 'what'>> {
  writeFileSync(join(dir, 'detector.json'), edited);
  try {
    const { description: read } = await loadDetector(dir);
    const [a, b] = [meaningOf(right), meaningOf(read)];
    if (isDeepStrictEqual(a, b)) return { outcome: 'harmless', why: 'means the same' };
    const [field] = differencesOf(a, b, []);
    const reason = SEAL in right ? undefined : REASONS.find(([fields]) => fields.test(field))?.[1];
    return reason
      ? { outcome: 'unknowable', why: `without a hash of itself, ${reason}` }
      : { outcome: 'finding', why: `loads with another ${field}` };
  } catch (error) {
    if (error instanceof SegcanaryError && /^[^\n]+\.$/.test(error.message))
      return { outcome: 'refused', why: error.code };
    return { outcome: 'finding', why: `fails with ${(error as Error).stack}` };
  }
}

const meaningOf = ({ [SEAL]: _, ...rest }: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> =>
  rest;

/** Paths of the fields that differ. */
function differencesOf(a: unknown, b: unknown, at: readonly string[]): string[] {
  if (isDeepStrictEqual(a, b)) return [];
  if (typeof a !== 'object' || typeof b !== 'object' || !a || !b) return [at.join('.')];
  const [one, other] = [a, b] as [Record<string, unknown>, Record<string, unknown>];
  return [...new Set([...Object.keys(one), ...Object.keys(other)])].flatMap((key) =>
    differencesOf(one[key], other[key], [...at, key]),
  );
}

/** What nothing else in the folder says, by its path in detector.json. */
const REASONS: readonly (readonly [RegExp, string])[] = [
  [/^plan\./, 'the plan stands nowhere else'],
  [/^(stepSize|tiles|seed|regions|heads)$/, 'how patches are laid and read stands nowhere else'],
  [/^training(Scans|Voxels|Oriented)\b/, 'the hash of a scan that is elsewhere is any hash'],
  [/^orientations\b/, 'where the training scans lay stands nowhere else'],
  [/^calibration\.cases\./, 'a score that sets no boundary, and its name, stand nowhere else'],
  [/^calibration\.level$/, 'a level that the scans do not support sets no boundary'],
  [/^calibration$/, 'a calibration is there or not'],
  [/^quality\b/, 'what was learned of the Dice stands nowhere else'],
  [/^trainingIntensities\b/, 'it explains verdicts, and none rests on it'],
  [/^channelGroups$/, 'it explains verdicts, and none rests on it'],
  [/^(n|cases|rank|conditionNumber|shrinkage|estimator)$/, 'it says how the fit went, and no verdict rests on it'],
  [/^(createdBy|warnings|tap\.|stages|sourceModels?\b)/, 'it is words for people'],
];
