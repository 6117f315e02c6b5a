import type { FastifyReply } from 'fastify';
import { MixedBody } from '../protocol/mixed-writer.js';
import type { PostQuery, ScorePart } from '../protocol/score.js';
import { lineOf } from '../results.js';
import type { AcceptedScan, ScanAnswer } from './accepted-scan.js';
import { errorAnswer } from './http-error.js';
import type { OpenScan } from './judge.js';

/** The result as `segcanary score` prints it, byte for byte. */
export async function answerLine(
  reply: FastifyReply,
  scan: AcceptedScan,
  open: OpenScan,
  query: PostQuery,
): Promise<FastifyReply> {
  const answer = await scan.run(open);
  return reply.type('application/json').send(`${JSON.stringify(lineFor(query, answer))}\n`);
}

/**
 * The images as they are made, and the result behind them.
 *
 * @param patience seconds that the client may take nothing
 */
export async function answerImages(
  reply: FastifyReply,
  scan: AcceptedScan,
  open: OpenScan,
  query: PostQuery,
  patience: number,
): Promise<FastifyReply> {
  const out = new MixedBody<ScorePart>(patience);
  const name = scan.case;
  const mask =
    query.mask === '1' ? out.part('uncertainty', 'application/gzip', `${name}_uncertainty.nii.gz`) : undefined;
  const judged = scan.run(open, mask);
  const write = async () => {
    try {
      const answer = await judged;
      const { segmentation } = answer;
      if (segmentation)
        await out.stream('segmentation', 'application/gzip', `${name}.nii.gz`, segmentation.createReadStream());
      await out.json('result', lineFor(query, answer));
    } catch (error) {
      if (out.body.destroyed) return;
      await out.json('result', errorAnswer(error).body);
    }
  };
  // Until the first byte the answer may still be an error with a status of its own.
  await Promise.race([out.begun, judged]);
  write().catch((error: unknown) => out.body.destroy(error as Error));
  return reply.type(out.contentType).send(out.body);
}

/** The line, with what explains it where that was asked for: a part of the score. */
function lineFor({ explain }: PostQuery, { result, explanation }: ScanAnswer): object {
  if (explain !== '1' || explanation === null) return lineOf(result, null);
  if (!('voxels' in result)) return lineOf({ ...result, explanation }, null);
  return lineOf({ ...result, score: result.score && { ...result.score, explanation } }, null);
}
