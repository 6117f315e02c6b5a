import type { ExplainedGroup, SubjectScore } from 'segcanary';

/** A group within so many standard deviations of the training patches has not moved. */
const USUAL = 3;

/**
 * What moved, the farthest first, at most three: `stage-1 (z 12), intensities (z 4)`. A scan that
 * was flagged has at least one, however little it moved.
 */
export function moved({ explanation, verdict }: SubjectScore): string {
  const groups = [...(explanation?.groups ?? [])].sort((a, b) => b.z - a.z);
  const least = verdict === 'out-of-distribution' ? 1 : 0;
  const far = groups.filter(({ z }, i) => i < least || z > USUAL);
  return far.slice(0, 3).map(words).join(', ');
}

const words = ({ name, z }: ExplainedGroup): string => `${name} (z ${z.toFixed(0)})`;
