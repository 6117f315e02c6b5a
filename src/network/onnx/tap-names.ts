import { SegcanaryError } from '../../errors.js';
import { nearestNames } from '../../maths/nearest-names.js';
import type { GraphIndex } from './graph.js';

/** The error for a tap that the model does not have, with the names that look most like it. */
export function tapNotFound(tap: string, index: GraphIndex, name = 'the model'): SegcanaryError {
  const names = index.nodes.flatMap((node, i) =>
    index.dependsOnInput(i) ? node.output.filter((output) => output !== '') : [],
  );
  const nearest = nearestNames(tap, names).map((n) => `"${n}"`);
  return new SegcanaryError(
    'tap-not-found',
    `has no tensor "${tap}"; the nearest names are ${nearest.join(', ')} (segcanary taps lists those worth tapping).`,
    { subject: name },
  );
}
