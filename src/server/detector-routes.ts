import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { SegcanaryError } from '../errors.js';
import { detectorList, driftBody, driftQuery, nameParams } from '../protocol/detectors.js';
import { errorBody } from '../protocol/error-schema.js';
import type { DriftMonitor } from './drift.js';
import { type ServedDetector, servedAs } from './served.js';

export interface DetectorRoutesOptions {
  readonly detectors: ReadonlyMap<string, ServedDetector>;
  readonly drift: DriftMonitor;
}

/** Which detectors there are, and how their streams of scores drift. */
export async function detectorRoutes(
  base: FastifyInstance,
  { detectors, drift }: DetectorRoutesOptions,
): Promise<void> {
  const app = base.withTypeProvider<ZodTypeProvider>();
  app.get(
    '/v1/detectors',
    { schema: { summary: 'Detectors', tags: ['detectors'], response: { 200: detectorList, 401: errorBody } } },
    async () => [...detectors.values()].map((served, i) => described(served, i === 0)),
  );
  app.get(
    '/v1/detectors/:name/drift',
    {
      schema: {
        summary: 'The drift test of a detector, over all its scans or those of a site or scanner',
        tags: ['detectors'],
        params: nameParams,
        querystring: driftQuery,
        response: { 200: driftBody, 400: errorBody, 401: errorBody, 404: errorBody },
      },
    },
    async ({ params, query }) => {
      const served = servedAs(params.name, detectors);
      const { description } = served.detector;
      const { site = null, scanner = null } = query;
      if (site !== null && scanner !== null)
        throw new SegcanaryError('usage', 'Drift is watched by site and by scanner; name one of them.');
      const { points, ...state } = drift.state(served, { site, scanner });
      return {
        detector: served.name,
        site,
        scanner,
        sites: drift.sources(served, 'site'),
        scanners: drift.sources(served, 'scanner'),
        ...state,
        points: [...points],
        calibration: description.calibration?.cases.map(({ score }) => score) ?? [],
      };
    },
  );
}

function described({ name, detector, segmenting }: ServedDetector, first: boolean) {
  const { kind, description, id } = detector;
  const { calibration } = description;
  return {
    name,
    default: first,
    hash: id,
    kind,
    method: detector.method.name,
    tap: description.kind === 'features' ? description.tap.name : null,
    channels: description.plan.channels.map((channel) => channel.name),
    segments: segmenting !== null,
    calibration: calibration && {
      n: calibration.cases.length,
      min: calibration.min,
      max: calibration.max,
      boundary: calibration.boundary,
    },
    warnings: [...description.warnings],
  };
}
