import { z } from 'zod';
import { explanationBody, type RemoteScore, scoreBody, UNNAMED } from './score.js';
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
 * @param asked its case; null where none was sent
 * @throws WrongAnswer also where it is of another scan, or lacks what was asked for
 */
export function readScoreOf(
  value: unknown,
  asked: { readonly case: string | null; readonly segment: boolean },
): RemoteScore {
  const score = readScore(value);
  refuseOtherCase(score.case, asked.case);
  holding(!asked.segment || score.voxels !== undefined, 'voxels: a segmentation was asked for, and there is none');
  return score;
}

/** How a server calls a DICOM series that nobody named: by its modality and a hash of its UID. */
const OF_A_SERIES = /^[a-z0-9]{1,16}-[0-9a-f]{12}(-\d+)?$/;

/**
 * Refuses an answer to another scan.
 *
 * @param asked null where no case was sent: the server then has its own name for it
 * @throws WrongAnswer
 */
export function refuseOtherCase(found: string, asked: string | null): void {
  const isRight = asked === null ? found === UNNAMED || OF_A_SERIES.test(found) : found === asked;
  holding(isRight, `case: it is of ${JSON.stringify(found)}, and ${JSON.stringify(asked ?? UNNAMED)} was sent`);
}
