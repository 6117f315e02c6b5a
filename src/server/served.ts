import { resolve } from 'node:path';
import { type OpenDetector, openDetector } from '../detectors/opened.js';
import { loadDetector } from '../detectors/saved.js';
import { SegcanaryError } from '../errors.js';
import { segmenterOf } from '../jobs/segment.js';
import type { SegmentationSource } from '../network/folder.js';
import type { WithInference } from '../network/inference/options.js';
import type { Segmenter } from '../network/segmenter.js';
import { HttpError } from './http-error.js';

/** A detector under the name that clients call it by, open. */
export interface ServedDetector {
  readonly name: string;
  readonly detector: OpenDetector;
  /** The network with the detector's tap; null where the server was given no model. */
  readonly segmenting: { readonly model: SegmentationSource; readonly segmenter: Segmenter } | null;
}

export interface ServedOptions extends WithInference {
  /** Folders, or `name=folder`. The first is the default. */
  readonly detectors: readonly string[];
  readonly model?: SegmentationSource | undefined;
}

/**
 * Opens the detectors of a server.
 *
 * @throws SegcanaryError `usage` for two of one name, or one of another model than the server's; as
 *   `loadDetector`, `openDetector`, `segmenterOf`
 */
export async function openServed({ detectors, model, inference }: ServedOptions): Promise<Map<string, ServedDetector>> {
  const byName = new Map<string, ServedDetector>();
  for (const text of detectors) {
    const { name, folder } = named(text);
    if (byName.has(name))
      throw new SegcanaryError(
        'usage',
        `Two detectors would be named ${name}; give one another name in \`detectors\`, as NAME=FOLDER.`,
        { option: 'detectors' },
      );
    const detector = await loadDetector(folder);
    byName.set(name, {
      name,
      detector: await openDetector(detector, { inference }),
      segmenting: model ? { model, segmenter: await segmenterOf({ model, detector, inference }) } : null,
    });
  }
  return byName;
}

/**
 * The detector of a name, or the first.
 *
 * @throws HttpError `not-found`
 */
export function servedAs(name: string | undefined, detectors: ReadonlyMap<string, ServedDetector>): ServedDetector {
  const found = name === undefined ? [...detectors.values()][0] : detectors.get(name);
  if (!found)
    throw new HttpError(
      404,
      'not-found',
      `There is no detector ${name}; there are ${[...detectors.keys()].join(', ')}.`,
    );
  return found;
}

/** Names are parts of addresses and of metrics. */
const pattern = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

function named(text: string): { name: string; folder: string } {
  const equals = text.indexOf('=');
  const given = equals > 0 && pattern.test(text.slice(0, equals));
  const folder = given ? text.slice(equals + 1) : text;
  const name = given ? text.slice(0, equals) : (resolve(folder).split(/[/\\]/).at(-1) ?? '');
  if (!pattern.test(name))
    throw new SegcanaryError(
      'usage',
      `a detector's name has letters, digits, dots, dashes and underscores, 64 at most; give it one in \`detectors\`, as NAME=FOLDER.`,
      { subject: text, option: 'detectors' },
    );
  return { name, folder };
}
