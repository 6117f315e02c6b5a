import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import multipart from '@fastify/multipart';
import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import Fastify, {
  type FastifyBaseLogger,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  LogController,
} from 'fastify';
import {
  hasZodFastifySchemaValidationErrors,
  jsonSchemaTransform,
  serializerCompiler,
  validatorCompiler,
} from 'fastify-type-provider-zod';
import { SegcanaryError } from '../errors.js';
import { limitsOf, type ScanLimits } from '../limits.js';
import type { SegmentationSource } from '../network/folder.js';
import type { WithInference } from '../network/inference/options.js';
import { version } from '../version.js';
import { AllowedMethods } from './allowed.js';
import { guard, isLoopback } from './auth.js';
import { detectorRoutes } from './detector-routes.js';
import { DriftMonitor } from './drift.js';
import { errorAnswer, HttpError } from './http-error.js';
import { ImageFolder } from './images.js';
import { Metrics } from './metrics.js';
import { withStreams } from './openapi.js';
import { operationRoutes } from './operation-routes.js';
import { pageRoutes } from './page.js';
import { scanRoutes } from './scan-routes.js';
import { openServed } from './served.js';
import { ScanService } from './service.js';
import { openStore, type Retention } from './store.js';
import { FILE_TYPES } from './upload.js';

export interface ServerOptions extends WithInference {
  /** Folders of detectors, or `name=folder`; the first is the default. */
  readonly detectors: readonly [string, ...string[]];
  /** Segments scans too, where a client asks for it. */
  readonly model?: SegmentationSource | undefined;
  /**
   * Where records, and images that are kept, live on.
   * @default a temporary folder that goes with the process
   */
  readonly data?: string | undefined;
  /**
   * What clients have to send as bearer token.
   * @default null: none, and only this machine is answered
   */
  readonly token?: string | null | undefined;
  /** Scans that may wait. @default 16 */
  readonly queue?: number | undefined;
  /** What a scan may be at most; a stalled sender is given a minute, and not ten. */
  readonly limits?: Partial<ScanLimits> | undefined;
  /**
   * Keep image, uncertainty map and segmentation of scans that are out of distribution.
   * @default false
   */
  readonly keepFlagged?: boolean | undefined;
  readonly retention?: Retention | undefined;
  /** Of the drift test: the probability of a false alarm, ever, at most. @default .01 */
  readonly driftLevel?: number | undefined;
  readonly tmpdir?: string | undefined;
  readonly logger?: FastifyBaseLogger | undefined;
}

export interface SegcanaryServer {
  /** Scans that a process before left unfinished. */
  readonly interrupted: number;
  /**
   * @throws SegcanaryError `usage` for an address that others reach, without a token; `io` where
   *   the port is taken
   */
  listen(address: { readonly host?: string; readonly port: number }): Promise<{ readonly url: string }>;
  /** Takes no more scans, finishes and answers those that were accepted, and closes everything. */
  close(): Promise<void>;
}

/** Of the OpenAPI document, what is answered without a token. */
const PUBLIC = ['/healthz', '/readyz'];
const DAY = 24 * 3600 * 1000;

/**
 * A server that scores scans over HTTP (docs/server.md): detectors open, store open, nothing
 * listening yet.
 *
 * @throws SegcanaryError as `openServed`; `io` where the data folder cannot be used
 */
export async function createServer(options: ServerOptions): Promise<SegcanaryServer> {
  const { token = null, data = null, retention = {} } = options;
  const detectors = await openServed(options);
  const store = openStore(data);
  const images = await ImageFolder.open(data);
  const metrics = new Metrics(detectors.values(), () => service.queue);
  const drift = new DriftMonitor(detectors.values(), { store, metrics, level: options.driftLevel ?? 0.01 });
  const service: ScanService = new ScanService({
    detectors,
    store,
    images,
    metrics,
    drift,
    retention,
    queue: options.queue ?? 16,
    limits: limitsOf({ stall: 60, ...options.limits }),
    keepFlagged: options.keepFlagged ?? false,
    tmpdir: options.tmpdir,
    onError: (error, id) => app.log.error({ err: error, scan: id }, 'a scan failed'),
  });
  await images.sweep((id) => store.get(id) !== null);
  service.prune();
  const pruning = setInterval(() => service.prune(), DAY / 24);
  pruning.unref();

  const app = await application(options.logger, token);
  await app.register(scanRoutes, { service });
  await app.register(detectorRoutes, { service });
  await app.register(operationRoutes, { service, metrics, token });
  await app.register(pageRoutes);

  return {
    interrupted: store.interrupted,
    async listen({ host = '127.0.0.1', port }) {
      if (token === null && !isLoopback(host))
        throw new SegcanaryError(
          'usage',
          `Without a token the server listens on this machine alone, and ${host} is reached by others; give it one (SEGCANARY_TOKEN or --token-file).`,
        );
      await app.listen({ host, port }).catch((cause: NodeJS.ErrnoException) => {
        const why = cause.code === 'EADDRINUSE' ? 'another program has the port; choose another --port' : cause.message;
        throw new SegcanaryError('io', `cannot listen on ${host}:${port}: ${why}.`, { cause });
      });
      const { address, port: bound, family } = (app.server as Server).address() as AddressInfo;
      return { url: `http://${family === 'IPv6' ? `[${address}]` : address}:${bound}` };
    },
    async close() {
      await service.drain();
      clearInterval(pruning);
      await app.close();
      store.close();
      await images.close(data === null);
    },
  };
}

/**
 * Fastify with what every route shares: limits of time, headers, errors, who is let in, the OpenAPI
 * document.
 */
async function application(logger: FastifyBaseLogger | undefined, token: string | null): Promise<FastifyInstance> {
  const app = Fastify({
    ...(logger ? { loggerInstance: logger } : { logger: false }),
    logController: new LogController({ disableRequestLogging: true }),
    // A body is read while its scan is scored, for as long as that takes. Each wait for its next
    // byte has a limit of its own.
    requestTimeout: 0,
    keepAliveTimeout: 10_000,
    // Heads have half a minute, looked for every five seconds: Node looks every thirty.
    http: { headersTimeout: 30_000, connectionsCheckingInterval: 5000 },
    // The schemas say how long a name may be. Node ends a head at 16 KiB.
    routerOptions: { maxParamLength: 16_384 },
    frameworkErrors: (error, _request, reply) => {
      const { status, body } = errorAnswer(new SegcanaryError('usage', `${error.message}; ask for another address.`));
      return (reply as FastifyReply).code(status).send(body);
    },
    // Browsers and curl keep connections open that carry nothing; a stop need not wait for them.
    forceCloseConnections: 'idle',
    return503OnClosing: false,
  });
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  const allowed = new AllowedMethods(app);
  const nothingThere = ({ method, url }: FastifyRequest): HttpError => {
    const path = url.split('?')[0];
    const methods = allowed.of(path);
    return methods.length === 0
      ? new HttpError(404, 'not-found', `There is no ${path.slice(0, 200)}; /openapi.json lists what there is.`)
      : new HttpError(405, 'method-not-allowed', `${method} is not for this address; it takes ${methods.join(', ')}.`, {
          allow: methods.join(', '),
        });
  };
  app.setErrorHandler((error, request, reply) => {
    const { status, body, headers } = errorAnswer(
      request.is404 && !(error instanceof HttpError) ? nothingThere(request) : understood(error),
    );
    if (status >= 500) request.log.error({ err: error }, 'a request failed');
    return reply.code(status).headers(headers).send(body);
  });
  app.setNotFoundHandler((request) => {
    throw nothingThere(request);
  });
  // A body is a stream, whatever it says it is; who sends JSON or text is told so.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser(FILE_TYPES, (_request, payload, done) => done(null, payload));
  app.addHook('onRequest', async (request, reply) => {
    reply.headers({
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'cross-origin-resource-policy': 'same-origin',
      'cross-origin-opener-policy': 'same-origin',
      'x-frame-options': 'DENY',
      'cache-control': 'no-store',
    });
    // Whoever goes on sending what nobody reads is cut off.
    reply.raw.on('finish', () => {
      if (request.raw.complete) return;
      const cutOff = () => {
        // Who stopped in time may be asking for something else on the same connection by now.
        if (!request.raw.complete) request.raw.socket.destroy();
      };
      setTimeout(cutOff, 10_000).unref();
    });
  });
  guard(app, token);
  await app.register(multipart, {
    limits: { fileSize: Number.POSITIVE_INFINITY, files: 64, parts: 128, fields: 64, fieldSize: 4096, headerPairs: 64 },
    throwFileSizeLimit: false,
  });
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title: 'segcanary', version, description: 'Tells when a medical segmentation model fails silently.' },
      ...(token !== null && {
        components: { securitySchemes: { token: { type: 'http', scheme: 'bearer' } } },
        security: [{ token: [] }],
      }),
    },
    transform: jsonSchemaTransform,
    transformObject: (document) =>
      'openapiObject' in document
        ? withStreams(document.openapiObject as Parameters<typeof withStreams>[0], (path) => PUBLIC.includes(path))
        : document.swaggerObject,
  });
  await app.register(swaggerUi, { routePrefix: '/docs', staticCSP: true });
  return app;
}

/** Fastify's own errors as ours: one sentence that says what to do. */
function understood(error: unknown): unknown {
  const { statusCode, code, message } = error as { statusCode?: number; code?: string; message: string };
  if (hasZodFastifySchemaValidationErrors(error)) {
    const [first] = error.validation;
    const where = first?.instancePath.slice(1) || 'the request';
    return new SegcanaryError(
      'usage',
      `${error.validationContext ?? 'request'} ${where}: ${first?.message ?? message}.`,
    );
  }
  if (code === 'FST_ERR_CTP_INVALID_MEDIA_TYPE')
    return new HttpError(
      415,
      'unsupported-media-type',
      'A scan is sent as application/gzip, application/octet-stream or, with several channels, multipart/form-data.',
    );
  if (error instanceof HttpError || error instanceof SegcanaryError || statusCode === undefined || statusCode >= 500)
    return error;
  return statusCode === 413
    ? new HttpError(413, 'too-large', `${message}; send less.`)
    : new HttpError(statusCode, 'not-found', message);
}
