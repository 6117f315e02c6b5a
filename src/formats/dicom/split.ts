import type { DicomHeader, FrameDimensions, FrameHeader } from './dicom-header.js';

/** A part of a group whose frames lie at places of their own. */
export interface SplitPart {
  readonly headers: readonly DicomHeader[];
  /** By what it was told from the others, as `echo time 30 ms`; null where it is the whole. */
  readonly part: string | null;
}

type Key = (header: DicomHeader, frame: FrameHeader) => string | null;

const numbered =
  (name: string, of: (dimensions: FrameDimensions) => number | string | null, unit = ''): Key =>
  (_, { dimensions }) => {
    const value = dimensions === undefined ? null : of(dimensions);
    return value === null ? null : `${name} ${value}${unit}`;
  };

const STACK = numbered('stack', ({ stack }) => stack);

/** By what several volumes of a series are told apart, the likeliest first. */
const KEYS: readonly Key[] = [
  numbered('temporal position', ({ temporal }) => temporal),
  numbered('echo time', ({ echoTime }) => echoTime, ' ms'),
  numbered('b-value', ({ bValue }) => bValue, ' s/mm2'),
  numbered('trigger time', ({ triggerTime }) => triggerTime, ' ms'),
  numbered('acquisition', ({ acquisition }) => acquisition),
  ({ imageType }, { dimensions }) => `image type ${dimensions?.type ?? imageType.join('\\')}`,
];

/** Dimension indices that are tried: PS3.3 C.7.6.17 sets no bound, objects have 2 to 6. */
const MOST_DIMENSIONS = 16;

/**
 * Splits frames of which several lie at one place by what tells these apart: a time, an echo, a
 * b-value, a dimension of a multi-frame object. What nothing tells apart stays together. Stacks are
 * volumes of their own wherever they lie: PS3.3 C.7.6.16.2.2.4.
 */
export function splitByDimension(headers: readonly DicomHeader[]): readonly SplitPart[] {
  const stacks = splitBy(headers, STACK);
  if (isSplit(stacks) && !stacks.some((part) => hasRepeats(part.headers))) return stacks;
  const whole = [{ headers, part: null }];
  if (!hasRepeats(headers)) return whole;
  const most = Math.min(MOST_DIMENSIONS, headers[0].frames[0].dimensions?.indices.length ?? 0);
  const indices = Array.from({ length: most }, (_, i) =>
    numbered(`dimension ${i + 1} index`, ({ indices }) => indices[i] ?? null),
  );
  for (const key of [...KEYS, ...indices]) {
    const parts = splitBy(headers, key);
    if (isSplit(parts) && !parts.some((part) => hasRepeats(part.headers))) return parts;
  }
  return whole;
}

/** Whether parts are volumes, and not a volume and a few slices that were taken twice. */
function isSplit(parts: readonly SplitPart[]): boolean {
  const sizes = parts.map(({ headers }) => headers.reduce((sum, { frames }) => sum + frames.length, 0));
  return parts.length > 1 && 2 * Math.min(...sizes) >= Math.max(...sizes);
}

function splitBy(headers: readonly DicomHeader[], key: Key): readonly SplitPart[] {
  const parts = new Map<string | null, DicomHeader[]>();
  for (const header of headers) {
    for (const [value, frames] of grouped(header.frames, (frame) => key(header, frame))) {
      const part = parts.get(value) ?? [];
      parts.set(value, part);
      part.push(frames.length === header.frames.length ? header : { ...header, frames });
    }
  }
  return [...parts].map(([part, headers]) => ({ headers, part }));
}

/** Whether two frames lie at one place, to a hundredth of a millimetre. */
function hasRepeats(headers: readonly DicomHeader[]): boolean {
  const seen = new Set<string>();
  for (const { frames } of headers) {
    for (const { position } of frames) {
      if (position === null) continue;
      const place = position.map((mm) => Math.round(100 * mm)).join();
      if (seen.has(place)) return true;
      seen.add(place);
    }
  }
  return false;
}

/** Items by what they have in common, in the order that they came. */
export function grouped<T, K>(items: Iterable<T>, key: (item: T) => K): Map<K, T[]> {
  const groups = new Map<K, T[]>();
  for (const item of items) {
    const group = groups.get(key(item));
    if (group === undefined) groups.set(key(item), [item]);
    else group.push(item);
  }
  return groups;
}
