import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { SEAL, sealed } from '../../src/detectors/seal.js';

type Fields = Record<string, unknown>;

/**
 * Changes detector.json, as somebody who knows of its hash would: what else it is checked for is
 * seen.
 */
export async function editDetector(dir: string, change: (json: Fields) => void): Promise<void> {
  const json = await readFields(dir);
  change(json);
  await writeFile(join(dir, 'detector.json'), sealed(json));
}

/** The same as an earlier version would have written it: without a hash of itself. */
export async function unsealDetector(dir: string, change: (json: Fields) => void = () => {}): Promise<void> {
  const { [SEAL]: _, ...json } = await readFields(dir);
  change(json);
  await writeFile(join(dir, 'detector.json'), JSON.stringify(json));
}

const readFields = async (dir: string): Promise<Fields> =>
  JSON.parse(await readFile(join(dir, 'detector.json'), 'utf8'));
