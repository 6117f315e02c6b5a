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
  if (isSplit(stacks, stacks.length) && !stacks.some((part) => hasRepeats(part.headers))) return stacks;
  const whole = [{ headers, part: null }];
  const repeats = mostAtOnePlace(headers);
  if (repeats < 2) return whole;
  const most = Math.min(MOST_DIMENSIONS, headers[0].frames[0].dimensions?.indices.length ?? 0);
  const indices = Array.from({ length: most }, (_, i) =>
    numbered(`dimension ${i + 1} index`, ({ indices }) => indices[i] ?? null),
  );
  for (const key of [...KEYS, ...indices]) {
    const parts = splitBy(headers, key);
    if (isSplit(parts, repeats) && !parts.some((part) => hasRepeats(part.headers))) return parts;
  }
  return whole;
}

/** Fewer slices than this are no volume, unless there are as many parts as slices at one place. */
const FEWEST_SLICES = 3;

/**
 * Whether parts are volumes: neither a volume and a few slices that were taken twice, nor slices
 * one by one, as by an index or a time that every slice has of its own.
 */
function isSplit(parts: readonly SplitPart[], repeats: number): boolean {
  const sizes = parts.map(({ headers }) => headers.reduce((sum, { frames }) => sum + frames.length, 0));
  const smallest = Math.min(...sizes);
  if (parts.length < 2 || 2 * smallest < Math.max(...sizes)) return false;
  return smallest >= FEWEST_SLICES || parts.length <= repeats;
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

const hasRepeats = (headers: readonly DicomHeader[]): boolean => mostAtOnePlace(headers) > 1;

/** Frames that lie at one place, to a hundredth of a millimetre: of the place that has the most. */
function mostAtOnePlace(headers: readonly DicomHeader[]): number {
  const seen = new Map<string, number>();
  let most = 0;
  for (const { frames } of headers) {
    for (const { position } of frames) {
      if (position === null) continue;
      const place = position.map((mm) => Math.round(100 * mm)).join();
      const count = (seen.get(place) ?? 0) + 1;
      seen.set(place, count);
      most = Math.max(most, count);
    }
  }
  return most;
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
