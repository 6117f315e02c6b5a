import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { refuseUnlessOnFeatures } from '../detectors/opened.js';
import { SegcanaryError } from '../errors.js';
import { SeriesChoiceError } from '../formats/dicom/choose.js';
import type { ScanLimits } from '../limits.js';
import { errorBody } from '../protocol/error-schema.js';
import { record } from '../protocol/record.js';
import { type PostQuery, postQuery, scoreBody, UNNAMED } from '../protocol/score.js';
import type { AcceptedScan } from './accepted-scan.js';
import { HttpError } from './http-error.js';
import type { OpenScan } from './judge.js';
import { viewOf } from './record-view.js';
import { answerImages, answerLine } from './scan-answer.js';
import { type ServedDetector, servedAs } from './served.js';
import type { ScanService } from './service.js';
import type { ScanStore } from './store.js';
import { FILE_TYPES, RELATED_TYPE, refuseUpload, storedScan, type UploadOptions } from './upload.js';
import type { DicomNaming } from './uploaded-series.js';

export interface ScanRoutesOptions {
  readonly service: ScanService;
  readonly detectors: ReadonlyMap<string, ServedDetector>;
  readonly store: ScanStore;
  readonly limits: ScanLimits;
  /** How DICOM series and their sites are named. */
  readonly naming: DicomNaming;
}

/** Sending scans. */
export async function scanRoutes(
  base: FastifyInstance,
  { service, detectors, store, limits, naming }: ScanRoutesOptions,
): Promise<void> {
  const app = base.withTypeProvider<ZodTypeProvider>();

  app.post(
    '/v1/scans',
    {
      schema: {
        summary: 'Scores a scan',
        description:
          'The body is the scan, .nii or .nii.gz; of several channels, a form with one file each. DICOM: a file of many frames, a zip or tar of files, or the files of a series as parts of a multipart/related body (DICOMweb’s) or of a form; bytes tell which it is. With `Prefer: respond-async` the answer comes at once, and the result under its Location.',
        tags: ['scans'],
        consumes: [...FILE_TYPES, RELATED_TYPE, 'multipart/form-data'],
        querystring: postQuery,
        response: {
          200: scoreBody,
          202: record,
          400: errorBody,
          401: errorBody,
          404: errorBody,
          408: errorBody,
          413: errorBody,
          415: errorBody,
          422: errorBody,
          429: errorBody,
          503: errorBody,
        },
      },
    },
    async (request, reply) => {
      const { query } = request;
      const served = servedAs(query.detector, detectors);
      refuseImpossible(query, served);
      if (request.headers['content-type'] === undefined)
        throw new HttpError(
          415,
          'unsupported-media-type',
          'The body has no content type; send application/gzip, application/octet-stream, application/zip, multipart/related of DICOM files or multipart/form-data.',
        );
      const { plan, orientations } = served.detector.description;
      const channels = plan.channels.map(({ name }) => name);
      refuseUpload(request, limits, channels.length);
      const scan = await service.accept({
        served,
        case: query.case ?? UNNAMED,
        site: query.site ?? null,
        scanner: query.scanner ?? null,
        volume: query.volume,
        segment: query.segment === '1',
      });
      if (request.headers.expect !== undefined) reply.raw.writeContinue();
      const upload: UploadOptions = {
        name: query.case ?? UNNAMED,
        channels,
        limits,
        files: scan.files,
        signal: scan.signal,
        volume: query.volume,
        reader: plan.imageReader,
        series: query.series,
        untilt: query.untilt === '1',
        orientations,
        ...naming,
      };
      reply.header('location', `/v1/scans/${scan.id}`);
      const isAsync = /\brespond-async\b/i.test(String(request.headers.prefer ?? ''));
      let isAccepted = false;
      reply.raw.on('close', () => {
        // Whoever waits for no answer may go when the scan is here.
        if (!reply.raw.writableFinished && !(isAsync && isAccepted)) scan.cancel();
      });
      const open = await received(request, scan, upload, query);
      isAccepted = true;
      if (isAsync) return answerLater(reply, scan, open);
      return query.mask === '1' || query.segment === '1'
        ? answerImages(reply, scan, open, query, limits.stall)
        : answerLine(reply, scan, open, query);
    },
  );

  /** A scan comes in while others are scored; it is scored when its turn comes. */
  async function received(
    request: FastifyRequest,
    scan: AcceptedScan,
    upload: UploadOptions,
    { case: name, site, scanner }: PostQuery,
  ): Promise<OpenScan> {
    try {
      const found = await storedScan(request, upload);
      if (typeof found === 'function') {
        refuseSeries(upload);
        return found;
      }
      scan.describe(
        { case: name ?? found.case, site: site ?? found.site, scanner: scanner ?? found.scanner },
        found.writeImage,
      );
      return found.open;
    } catch (error) {
      await scan.fail(error instanceof SeriesChoiceError ? error.kept : error);
      throw error;
    }
  }

  async function answerLater(reply: FastifyReply, scan: AcceptedScan, open: OpenScan) {
    // Its record tells what it failed with.
    scan.run(open).catch(() => {});
    return reply
      .code(202)
      .header('preference-applied', 'respond-async')
      .send(viewOf(store.get(scan.id)!, service));
  }
}

/** What is meant for a series would change nothing of an image. */
function refuseSeries({ name, series, untilt }: UploadOptions): void {
  const option = series !== undefined ? 'series' : untilt ? 'untilt' : null;
  if (option !== null)
    throw new SegcanaryError('usage', `is no DICOM series, and \`${option}\` is for these; leave it out.`, {
      subject: name,
      option,
    });
}

/** Refuses what a query asks for and its detector cannot give. */
function refuseImpossible({ mask, segment }: PostQuery, { name, detector, segmenting }: ServedDetector): void {
  // Clients know a detector by its name, not by its folder.
  if (mask === '1') refuseUnlessOnFeatures({ ...detector, dir: name }, 'mask');
  if (segment === '1' && !segmenting)
    throw new SegcanaryError(
      'usage',
      'This server was started without a model and segments nothing; leave segment out.',
    );
}
