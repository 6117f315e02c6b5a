import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DESCRIPTION_SCHEMAS } from '../../src/detectors/description.js';
import { loadDetector } from '../../src/detectors/saved.js';
import type { Random } from '../random.js';
import { mutateBytes, mutateJson } from './mutate.js';
import { type Target, Wrong } from './target.js';

/** A detector as `fit` and `calibrate` leave it, made once by the command line. */
export interface Folder {
  readonly description: Record<string, unknown>;
  readonly files: Readonly<Record<string, Buffer>>;
}

export function readFolder(path: string): Folder {
  const description = JSON.parse(readFileSync(join(path, 'detector.json'), 'utf8')) as Record<string, unknown>;
  const names = ['encoder.onnx', 'statistics.safetensors'];
  return { description, files: Object.fromEntries(names.map((name) => [name, readFileSync(join(path, name))])) };
}

/** Writes a damaged copy. Half of the time the hashes are put right, so that the damage gets past them. */
export function writeDetectorCase({ description, files }: Folder, to: string, random: Random): void {
  const changed: Record<string, Uint8Array> = { ...files };
  if (random.oneIn(2)) changed['statistics.safetensors'] = mutateSafetensors(files['statistics.safetensors']!, random);
  if (random.oneIn(6)) changed['encoder.onnx'] = mutateBytes(files['encoder.onnx']!, random, 2);
  let json = random.oneIn(3) ? description : mutateJson(description, random);
  if (json !== null && typeof json === 'object' && !random.oneIn(4)) {
    json = {
      ...json,
      encoderSha256: sha256(changed['encoder.onnx']!),
      statisticsSha256: sha256(changed['statistics.safetensors']!),
    };
  }
  const text = Buffer.from(JSON.stringify(json) ?? '');
  writeFileSync(join(to, 'detector.json'), random.oneIn(8) ? mutateBytes(text, random) : text);
  for (const [name, bytes] of Object.entries(changed)) writeFileSync(join(to, name), bytes);
}

/** The header's numbers, or any byte. */
function mutateSafetensors(bytes: Buffer, random: Random): Uint8Array {
  if (random.oneIn(3)) return mutateBytes(bytes, random);
  const length = Number(bytes.readBigUInt64LE(0));
  const header = JSON.parse(bytes.subarray(8, 8 + length).toString()) as unknown;
  const text = Buffer.from(JSON.stringify(mutateJson(header, random)) ?? '');
  const size = Buffer.alloc(8);
  size.writeBigUInt64LE(BigInt(random.oneIn(6) ? random.pick([0, 1, 2 ** 31, 2 ** 40]) : text.length));
  return Buffer.concat([size, text, bytes.subarray(8 + length)]);
}

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** @param folder of a detector on features */
export function detectorTarget(folder: string): Target {
  const original = readFolder(folder);
  // The encoder of a real network is megabytes; its bytes are the target `onnx`.
  const small: Folder = { ...original, files: { ...original.files, 'encoder.onnx': Buffer.from('encoder') } };
  const to = mkdtempSync(join(tmpdir(), 'segcanary-fuzz-'));
  return {
    name: 'detector',
    share: 0.1,
    limit: 5000,
    async run(random) {
      writeDetectorCase(small, to, random);
      const detector = await loadDetector(to);
      if (!DESCRIPTION_SCHEMAS[detector.kind].safeParse(detector.description).success)
        throw new Wrong('a description that its schema refuses');
      if (detector.kind !== 'features') return;
      const { d } = detector.scorer;
      if (d > 1e6) throw new Wrong(`a scorer of ${d} features`);
      const distance = detector.scorer.distance(new Float32Array(d).fill(0.1));
      if (distance < 0) throw new Wrong(`a distance of ${distance}`);
    },
  };
}
