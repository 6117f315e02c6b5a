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
import { version } from '../version.js';
import { AllowedMethods } from './allowed.js';
import { guard, wrongHost } from './auth.js';
import { ConnectionErrors, HEADERS_OF_ALL } from './client-error.js';
import { errorAnswer, HttpError, reasonOf } from './http-error.js';
import { withStreams } from './openapi.js';
import { guardQueries } from './queries.js';
import { FILE_TYPES, RELATED_TYPE } from './upload.js';

/** Paths of the OpenAPI document that are answered without a token. */
const WITHOUT_TOKEN = ['/healthz', '/readyz'];

/**
 * Fastify with what every route shares: limits of time, headers, errors, who is let in, the OpenAPI
 * document.
 */
export async function application(
  logger: FastifyBaseLogger | undefined,
  token: string | null,
): Promise<FastifyInstance> {
  const broken = new ConnectionErrors();
  const app = Fastify({
    ...(logger ? { loggerInstance: logger } : { logger: false }),
    logController: new LogController({ disableRequestLogging: true }),
    // A body is read while its scan is scored, for as long as that takes. Each wait for its next
    // byte has a limit of its own.
    requestTimeout: 0,
    keepAliveTimeout: 10_000,
    // Heads have half a minute, looked for every five seconds: Node looks every thirty.
    // A request without a Host is refused below, in the form that errors have.
    http: { headersTimeout: 30_000, connectionsCheckingInterval: 5000, requireHostHeader: false },
    clientErrorHandler: broken.onClientError,
    // The schemas say how long a name may be. Node ends a head at 16 KiB.
    routerOptions: { maxParamLength: 16_384 },
    frameworkErrors: (error, _request, reply) => {
      const { status, body } = errorAnswer(new SegcanaryError('usage', `${error.message}; ask for another address.`));
      return (reply as FastifyReply).code(status).headers(HEADERS_OF_ALL).send(body);
    },
    // Browsers and curl keep connections open that carry nothing; a stop need not wait for them.
    forceCloseConnections: 'idle',
    return503OnClosing: false,
  });
  broken.listen(app.server);
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  const allowed = new AllowedMethods(app);
  const nothingThere = ({ method, url }: FastifyRequest): HttpError => {
    const path = url.split('?')[0];
    const methods = allowed.of(path);
    // A wildcard takes any path, and has no file for this one.
    return methods.length === 0 || methods.includes(method)
      ? new HttpError(404, 'not-found', `There is no ${path.slice(0, 200)}; /openapi.json lists what there is.`)
      : new HttpError(405, 'method-not-allowed', `${method} is not for this address; it takes ${methods.join(', ')}.`, {
          allow: methods.join(', '),
        });
  };
  app.setErrorHandler((error, request, reply) => {
    const { status, body, headers } = errorAnswer(
      request.is404 && !(error instanceof HttpError) ? nothingThere(request) : understood(error),
    );
    if (status === 500)
      request.log.error(
        { err: error, request: request.id },
        `${request.id}, ${request.method} ${request.routeOptions.url ?? 'of no route'}, was answered 500: ${reasonOf(error)}`,
      );
    return reply.code(status).headers(headers).send(body);
  });
  app.setNotFoundHandler((request) => {
    throw nothingThere(request);
  });
  // A body is a stream, whatever it says it is; JSON and text are refused.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser([...FILE_TYPES, RELATED_TYPE], (_request, payload, done) => done(null, payload));
  app.addHook('onRequest', async (request, reply) => {
    reply.headers(HEADERS_OF_ALL);
    broken.saw(request.raw, reply.raw);
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
  app.addHook('onRequest', async (request) => {
    const wrong = wrongHost(request.raw);
    if (wrong) throw new HttpError(400, 'usage', `${wrong}; send one as RFC 9112 says.`, { connection: 'close' });
    if (!isPlain(request)) throw nothingThere(request);
  });
  guard(app, token);
  guardQueries(app);
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
        ? withStreams(document.openapiObject as Parameters<typeof withStreams>[0], (path) =>
            WITHOUT_TOKEN.includes(path),
          )
        : document.swaggerObject,
  });
  await app.register(swaggerUi, { routePrefix: '/docs', staticCSP: true });
  return app;
}

/**
 * Whether what stands in the place of a wildcard is the name of a file below it: folders and names
 * of letters, digits, dots, dashes and underscores. What is encoded, climbs or ends in a zero byte
 * is no file of ours, and nothing that opens files sees it.
 */
function isPlain({ routeOptions, url }: FastifyRequest): boolean {
  const { url: pattern = '' } = routeOptions;
  if (!pattern.endsWith('*')) return true;
  const rest = url.split('?')[0].slice(pattern.length - 1);
  return rest === '' || /^[\w-][\w.-]*(\/[\w-][\w.-]*)*$/.test(rest);
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
      'A scan is sent as application/gzip, application/octet-stream, application/dicom, application/zip, application/x-tar, as multipart/related of DICOM files or, with several channels, as multipart/form-data.',
    );
  if (error instanceof HttpError || error instanceof SegcanaryError || statusCode === undefined || statusCode >= 500)
    return error;
  if (statusCode === 413) return new HttpError(413, 'too-large', `${message}; send less.`);
  if (statusCode === 404) return new HttpError(404, 'not-found', `${message}; /openapi.json lists what there is.`);
  return new HttpError(statusCode, statusCode === 403 ? 'forbidden' : 'usage', message);
}
