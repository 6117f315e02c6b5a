import type { ExplainedGroup, SubjectScore } from 'segcanary';

/** A group within so many standard deviations of the training patches has not moved. */
const USUAL = 3;

/** What moved, the farthest first, at most three: `stage-1 (z 12), intensities (z 4)`. */
export function moved({ explanation }: SubjectScore): string {
  const groups = [...(explanation?.groups ?? [])].filter(({ z }) => z > USUAL).sort((a, b) => b.z - a.z);
  return groups.slice(0, 3).map(words).join(', ');
}

const words = ({ name, z }: ExplainedGroup): string => `${name} (z ${z.toFixed(0)})`;
