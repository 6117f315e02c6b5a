import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { dicomBody } from '../../protocol/dicom.js';
import { errorBody } from '../../protocol/error-schema.js';
import type { DicomDoor } from './door.js';

/** How the door and the outbox are doing. */
export async function doorRoutes(base: FastifyInstance, { door }: { readonly door: DicomDoor | null }): Promise<void> {
  base.withTypeProvider<ZodTypeProvider>().get(
    '/v1/dicom',
    {
      schema: {
        summary: 'What comes in by DICOM, and what is to be sent',
        tags: ['operation'],
        response: { 200: dicomBody, 401: errorBody },
      },
    },
    async () => ({ door: door?.status ?? null, outbox: door?.outbox ?? null }),
  );
}
