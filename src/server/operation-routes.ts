import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { errorBody } from '../protocol/error-schema.js';
import { health } from '../protocol/fields.js';
import type { Metrics } from './metrics.js';
import type { ScanService } from './service.js';

export interface OperationRoutesOptions {
  readonly service: ScanService;
  readonly metrics: Metrics;
}

/**
 * What operators and their programs ask: is it alive, does it take scans, how is it doing, what
 * does it understand.
 */
export async function operationRoutes(
  base: FastifyInstance,
  { service, metrics }: OperationRoutesOptions,
): Promise<void> {
  const app = base.withTypeProvider<ZodTypeProvider>();
  app.get(
    '/healthz',
    { config: { public: true }, schema: { summary: 'Alive', tags: ['operation'], response: { 200: health } } },
    async () => ({ status: 'ok' as const }),
  );
  app.get(
    '/readyz',
    {
      config: { public: true },
      schema: { summary: 'Takes scans', tags: ['operation'], response: { 200: health, 503: health } },
    },
    async (_request, reply) => {
      if (service.draining) return reply.code(503).send({ status: 'draining' as const });
      const reason = service.trouble();
      if (reason !== null) return reply.code(503).send({ status: 'broken' as const, reason });
      return { status: 'ok' as const };
    },
  );
  app.get(
    '/metrics',
    { schema: { summary: 'Metrics in the format of Prometheus', tags: ['operation'], response: { 401: errorBody } } },
    async (_request, reply) => {
      const text = await metrics.registry.metrics();
      return reply.type(metrics.registry.contentType).send(text as never);
    },
  );
  base.get('/openapi.json', { config: { public: true }, schema: { hide: true } }, async () => base.swagger());
}
