/**
 * The three names that share most with the one asked for: the Dice coefficient over pairs of
 * neighbouring letters, which likes `/encoder/stages.4/…/convs.1/conv/Conv_output_0` where
 * somebody wrote PyTorch's `encoder.stages.4.0.convs.1.conv`.
 */
export function nearestNames(wanted: string, names: readonly string[], count = 3): string[] {
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
