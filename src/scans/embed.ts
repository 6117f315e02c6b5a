import type { Embedding } from '../chunks.js';
import type { ScanSource } from '../formats/scan-source.js';
import { type EmbeddingOptions, embedded } from '../pipeline.js';
import { drain } from '../stages/collectors.js';
import { reporter } from '../stages/progress.js';
import { runScan, type ScanOptions } from './run.js';

/**
 * Embeds one scan: `onEmbedding` sees every patch's embedding, in order.
 *
 * @throws SegcanaryError whatever is wrong with the scan, `aborted` when the signal says so
 */
export async function embedScan(
  source: ScanSource,
  options: ScanOptions & EmbeddingOptions & { readonly onEmbedding: (embedding: Embedding) => void | Promise<void> },
): Promise<void> {
  const embeddings = embedded(options).observe(reporter(options)).observe(options.onEmbedding);
  await runScan(source, options, embeddings, drain);
}
