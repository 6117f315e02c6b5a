import type { DicomHeader, FrameHeader } from './dicom-header.js';
import { isSameOrientation, type Orientation } from './placement.js';
import { sharing } from './sharing.js';
import { sopClassOf } from './sop-classes.js';
import { grouped, splitByDimension } from './split.js';

/** A series, or a part of one, that can make a volume. */
export interface SeriesCandidate {
  /**
   * Series Number, with `.1`, `.2`, … behind it where the series holds several; `?` without one.
   */
  readonly number: string;
  /** Series Instance UID. */
  readonly uid: string;
  readonly modality: string;
  readonly description: string | null;
  readonly kernel: string | null;
  /** Frames. */
  readonly slices: number;
  /**
   * What tells it from others of the series: an image type, an echo, …; null where it is alone.
   */
  readonly part: string | null;
  /** Its objects, with those of their frames that belong to it. */
  readonly headers: readonly DicomHeader[];
}

/** What was found beside the scans. */
export interface SetAside {
  /** In a sentence, after the number: `radiotherapy structure sets`. */
  readonly what: string;
  readonly count: number;
  readonly reason: string;
}

/** Fewer slices than this are a scout or a leftover where there are series of more. */
const FEWEST_SLICES = 3;
/**
 * Groups of a series, and of the frames of an object, at most: projections about an axis have
 * hundreds of directions, and comparing each with all others takes its time.
 */
const MOST_GROUPS = 1024;
/** Words of an Image Type whose images are no scan: PS3.3 C.8.2.1.1.1, and what GE writes. */
const SCOUTS = ['LOCALIZER', 'SCOUT'];
const SCREENS = ['SCREEN SAVE', 'SCREENSHOT', 'DOSE_INFO', 'DOSE REPORT', 'DOSE'];

const FEW = `fewer than ${FEWEST_SLICES} lie in one direction, with one image type and matrix`;

/** Frames that belong together. */
interface Group {
  readonly series: string;
  readonly type: string;
  readonly matrix: string;
  readonly orientation: Orientation | null;
  readonly headers: DicomHeader[];
  frames: number;
}

/**
 * Sorts headers, one after another in any order, into what can be scored and what cannot: by
 * series, image type, matrix and orientation.
 */
export class SeriesGroups {
  readonly #groups = new Map<string, Group[]>();
  readonly #aside = new Map<string, { readonly reason: string; count: number }>();

  add(header: DicomHeader): void {
    const { pixels } = header;
    const { what, isVolume } = sopClassOf(header.sopClass);
    if (!isVolume || pixels === null) {
      this.#setAside(what, 'they are no scans');
      return;
    }
    if (pixels.samplesPerPixel !== 1) {
      this.#setAside('colour images', 'models take one value a voxel');
      return;
    }
    if (header.frames.length === 0) {
      this.#setAside('multi-frame objects', 'they do not say where their frames lie');
      return;
    }
    for (const part of byFrames(header)) this.#addPart(part, pixels.rows, pixels.columns);
  }

  /** Series that can make a volume, in the order of their numbers. */
  get candidates(): readonly SeriesCandidate[] {
    return this.#chosen().map(({ candidate }) => candidate);
  }

  /** What was set aside, and why. No name or number of a patient is in it. */
  get setAside(): readonly SetAside[] {
    const chosen = new Set(this.#chosen().map(({ group }) => group));
    const aside = new Map([...this.#aside].map(([what, { count, reason }]) => [what, { what, count, reason }]));
    for (const group of [...this.#groups.values()].flat()) {
      if (chosen.has(group)) continue;
      const [what, reason] = whyNot(group);
      const before = aside.get(what)?.count ?? 0;
      aside.set(what, { what, count: before + group.frames, reason });
    }
    return [...aside.values()];
  }

  #setAside(what: string, reason: string): void {
    const entry = this.#aside.get(what) ?? { reason, count: 0 };
    entry.count++;
    this.#aside.set(what, entry);
  }

  #addPart(header: DicomHeader, rows: number, columns: number): void {
    const type = typeOf(header);
    const [first] = header.frames;
    if (SCREENS.some((word) => type.includes(word))) {
      this.#setAside('pictures of a screen', 'their image type says that they are no scans');
      return;
    }
    const groups = this.#groups.get(header.series) ?? [];
    this.#groups.set(header.series, groups);
    const matrix = `${rows} x ${columns}`;
    // Values beyond the third are the maker's own; a scout is one wherever it is said.
    const scout = type.slice(3).find((word) => SCOUTS.includes(word));
    const key = [...type.slice(0, 3), ...(scout === undefined ? [] : [scout])].join('\\');
    const found = groups.find(
      (group) => group.type === key && group.matrix === matrix && isSame(group.orientation, first.orientation),
    );
    if (found === undefined && groups.length === MOST_GROUPS) {
      this.#setAside('slices by themselves', FEW);
      return;
    }
    if (found === undefined) {
      const { orientation } = first;
      groups.push({
        series: header.series,
        type: key,
        matrix,
        orientation,
        headers: [header],
        frames: header.frames.length,
      });
      return;
    }
    found.headers.push(sharing(header, found.headers[0]));
    found.frames += header.frames.length;
  }

  /**
   * Groups that are candidates: those of enough slices, and only where there are none all others.
   */
  #chosen(): readonly { readonly group: Group; readonly candidate: SeriesCandidate }[] {
    const all = [...this.#groups.values()].flat().filter((group) => !isScout(group));
    const placed = all.filter(({ orientation }) => orientation !== null);
    const large = placed.filter(({ frames }) => frames >= FEWEST_SLICES);
    const groups = large.length > 0 ? large : placed.length > 0 ? placed : all;
    const bySeries = grouped(groups, ({ series }) => series);
    const found = [...bySeries.values()].flatMap((parts) => {
      const split = parts.flatMap((group) =>
        splitByDimension(group.headers).map(({ headers, part }) => ({
          group,
          headers,
          part: partOf(group, parts, part),
        })),
      );
      // By what they are, and not by which file came first.
      split.sort((a, b) => (a.part ?? '').localeCompare(b.part ?? '', 'en', { numeric: true }));
      return split.map(({ group, headers, part }, i) => ({
        group,
        candidate: candidateOf(headers, split.length === 1 ? null : i + 1, part),
      }));
    });
    return found.sort((a, b) => order(a.candidate, b.candidate));
  }
}

/** Frames of an object by their image type and orientation: most have one of each. */
function byFrames(header: DicomHeader): readonly DicomHeader[] {
  const parts: FrameHeader[][] = [];
  for (const frame of header.frames) {
    const part = parts.find(
      ([first]) =>
        isSame(first.orientation, frame.orientation) &&
        (first.dimensions?.type ?? '') === (frame.dimensions?.type ?? ''),
    );
    if (part !== undefined) part.push(frame);
    else if (parts.length < MOST_GROUPS) parts.push([frame]);
    // What lies in a thousand directions is refused, whatever it is put to.
    else parts[0].push(frame);
  }
  return parts.length === 1 ? [header] : parts.map((frames) => ({ ...header, frames }));
}

/** Image Type, of a multi-frame object Frame Type. */
const typeOf = ({ imageType, frames }: DicomHeader): readonly string[] =>
  frames[0].dimensions?.type?.split('\\').map((word) => word.trim()) ?? imageType;

const isSame = (a: Orientation | null, b: Orientation | null): boolean =>
  a === null || b === null ? a === b : isSameOrientation(a, b);

const isScout = ({ type }: Group): boolean => SCOUTS.some((word) => type.split('\\').includes(word));

function whyNot(group: Group): readonly [what: string, reason: string] {
  if (isScout(group)) return ['localizers', 'their image type says that they are no scans'];
  if (group.orientation === null) return ['slices without a place', 'they do not say which way they lie'];
  return ['slices by themselves', FEW];
}

function candidateOf(headers: readonly DicomHeader[], index: number | null, part: string | null): SeriesCandidate {
  const [first] = headers;
  const number = first.seriesNumber === null ? '?' : `${first.seriesNumber}`;
  return {
    number: index === null ? number : `${number}.${index}`,
    uid: first.series,
    modality: first.modality,
    description: first.seriesDescription,
    kernel: first.kernel,
    slices: headers.reduce((sum, { frames }) => sum + frames.length, 0),
    part,
    headers,
  };
}

/** In what a part of a series differs from the other parts. */
function partOf(group: Group, groups: readonly Group[], part: string | null): string | null {
  const others = groups.filter((other) => other !== group);
  const { type, matrix, orientation } = group;
  const words = [
    ...(others.some((other) => other.type !== type) ? [`image type ${type}`] : []),
    ...(others.some((other) => other.matrix !== matrix) ? [`${matrix} pixels`] : []),
    ...(others.some((other) => other.type === type && other.matrix === matrix)
      ? [`rows along ${direction(orientation, 0)}`, `columns along ${direction(orientation, 3)}`]
      : []),
    ...(part === null ? [] : [part]),
  ];
  return words.length === 0 ? null : words.join(', ');
}

const direction = (orientation: Orientation | null, from: 0 | 3): string =>
  orientation
    ?.slice(from, from + 3)
    .map((v) => Number(v.toFixed(2)) + 0)
    .join(', ') ?? 'nothing';

/** By number, those without one last; then by UID, and by part in the order that they came. */
function order(a: SeriesCandidate, b: SeriesCandidate): number {
  const [m, n] = [a, b].map(({ headers }) => headers[0].seriesNumber ?? Number.POSITIVE_INFINITY);
  if (m !== n) return m < n ? -1 : 1;
  return a.uid < b.uid ? -1 : a.uid > b.uid ? 1 : 0;
}
