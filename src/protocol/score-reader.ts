import { z } from 'zod';
import { explanationBody, type RemoteScore, scoreBody } from './score.js';
import { checkScore } from './score-checks.js';
import { fitting, holding } from './wrong-answer.js';

const explained = z.looseObject({ explanation: explanationBody.optional() });

/**
 * A score out of an answer.
 *
 * @throws WrongAnswer
 */
export function readScore(value: unknown): RemoteScore {
  fitting(scoreBody, value);
  fitting(explained, value);
  const score = value as RemoteScore;
  checkScore(score);
  return score;
}

/**
 * The score of a scan out of the answer to it.
 *
 * @throws WrongAnswer also where it is of another scan, or lacks what was asked for
 */
export function readScoreOf(value: unknown, asked: { readonly case: string; readonly segment: boolean }): RemoteScore {
  const score = readScore(value);
  holding(
    score.case === asked.case,
    `case: it is of ${JSON.stringify(score.case)}, and ${JSON.stringify(asked.case)} was sent`,
  );
  holding(!asked.segment || score.voxels !== undefined, 'voxels: a segmentation was asked for, and there is none');
  return score;
}
