import type { ExplainedGroup, ExplainedIntensities, Explanation, SubjectScore } from '../results.js';

/**
 * Why the verdict is what it is, in a sentence or two for people: the score, its boundary and,
 * where the scan is flagged, what is farthest from training.
 */
export function reasonOf(score: SubjectScore, explanation: Explanation | null | undefined): string {
  const { verdict, boundary } = score;
  const value = rounded(score.score);
  if (verdict === 'uncalibrated' || boundary === null)
    return `Its score is ${value}; the detector is not calibrated, so that nobody knows whether this is much.`;
  if (verdict === 'in-distribution')
    return `Its score of ${value} is not above the boundary of ${rounded(boundary)}: it looks like the scans of training.`;
  const cause = explanation && (intensities(explanation.intensities) ?? features(explanation.groups ?? []));
  return `Its score of ${value} is above the boundary of ${rounded(boundary)}.${cause ? ` ${cause}` : ''}`;
}

/** A channel whose intensities no training scan has had. */
function intensities(channels: readonly ExplainedIntensities[]): string | null {
  const excess = ({ distance, trainingDistances }: ExplainedIntensities) =>
    distance === null || trainingDistances === null ? 0 : distance / trainingDistances.max;
  const [most] = channels.toSorted((a, b) => excess(b) - excess(a));
  if (most === undefined || !(excess(most) > 1) || most.distance === null || most.trainingDistances === null)
    return null;
  const unit = most.unit === null ? '' : ` ${most.unit}`;
  return `The intensities of ${most.channel} lie ${rounded(most.distance)}${unit} from those of the training scans; none of these lies farther than ${rounded(most.trainingDistances.max)}${unit}.`;
}

function features(groups: readonly ExplainedGroup[]): string | null {
  const [most] = groups.toSorted((a, b) => b.z - a.z);
  if (most === undefined || !(most.z > 0)) return null;
  return `What has moved most is ${most.name}, by ${rounded(most.z)} standard deviations of the training patches.`;
}

const rounded = (value: number): string => String(Number(value.toPrecision(3)));
