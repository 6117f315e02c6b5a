import { SegcanaryError } from '../../errors.js';
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

/**
 * The three names that share most with the one asked for: the Dice coefficient over pairs of
 * neighbouring letters, which likes `/encoder/stages.4/…/convs.1/conv/Conv_output_0` where
 * somebody wrote PyTorch's `encoder.stages.4.0.convs.1.conv`.
 */
function nearestNames(wanted: string, names: readonly string[], count = 3): string[] {
  const target = pairs(wanted);
  return names
    .map((name) => {
      const own = pairs(name);
      let shared = 0;
      for (const [pair, n] of own) shared += Math.min(n, target.get(pair) ?? 0);
      return { name, likeness: shared / (wanted.length + name.length) };
    })
    .sort((a, b) => b.likeness - a.likeness)
    .slice(0, count)
    .map(({ name }) => name);
}

function pairs(name: string): Map<string, number> {
  const out = new Map<string, number>();
  const letters = name.toLowerCase().replace(/[^a-z0-9]+/g, '.');
  for (let i = 0; i + 1 < letters.length; i++) {
    const pair = letters.slice(i, i + 2);
    out.set(pair, (out.get(pair) ?? 0) + 1);
  }
  return out;
}
