import type { OpenAPIV3_1 } from 'openapi-types';

const bytes = { schema: { type: 'string' as const, format: 'binary' } };
const text = { schema: { type: 'string' as const } };
/** A schema for `text/event-stream` would be one of each event. */
const events = {};
const answer = (description: string, content: Record<string, { readonly schema?: { readonly type: 'string' } }>) => ({
  description,
  content,
});

/** Answers that are no JSON, by path. */
const STREAMS: Readonly<Record<string, ReturnType<typeof answer>>> = {
  '/v1/scans/{id}/events': answer('Events', { 'text/event-stream': events }),
  '/v1/scans/{id}/image': answer('The image, as it came', {
    'application/gzip': bytes,
    'application/octet-stream': bytes,
  }),
  '/v1/scans/{id}/uncertainty': answer('The uncertainty map', { 'application/gzip': bytes }),
  '/v1/scans/{id}/segmentation': answer('The segmentation', { 'application/gzip': bytes }),
  '/metrics': answer('Metrics', { 'text/plain': text }),
};

/**
 * The OpenAPI document with what the schemas of requests and answers cannot say: bodies that are
 * streams, and who needs no token.
 */
export function withStreams(
  document: Partial<OpenAPIV3_1.Document>,
  isPublic: (path: string) => boolean,
): Partial<OpenAPIV3_1.Document> {
  for (const [path, item] of Object.entries(document.paths ?? {})) {
    for (const operation of [item?.get, item?.post, item?.delete]) {
      if (!operation) continue;
      if (isPublic(path)) operation.security = [];
      if (operation === item?.get && STREAMS[path])
        operation.responses = { 200: STREAMS[path], ...operation.responses };
    }
  }
  const post = document.paths?.['/v1/scans']?.post;
  if (post) {
    post.requestBody = {
      required: true,
      content: {
        'application/gzip': bytes,
        'application/octet-stream': bytes,
        'application/dicom': bytes,
        'application/zip': bytes,
        'application/x-tar': bytes,
        'multipart/related': {
          schema: {
            type: 'array',
            items: { type: 'string', format: 'binary' },
            description: 'The files of a DICOM series (type="application/dicom"), as DICOMweb sends them',
          },
        },
        'multipart/form-data': {
          schema: {
            type: 'object',
            additionalProperties: { type: 'string', format: 'binary' },
            description: 'One NIfTI file a channel, in the order of the plan; or the files of a DICOM series',
          },
        },
      },
    };
    const result = post.responses?.[200] as OpenAPIV3_1.ResponseObject;
    result.content = { ...result.content, 'multipart/mixed': bytes };
  }
  return document;
}
