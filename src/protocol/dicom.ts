import { z } from 'zod';
import type { Wire } from './wire.js';
import { fitting, holding } from './wrong-answer.js';

/** What comes in by DICOM, and what is to be sent. */
export const dicomBody = z.object({
  door: z
    .object({
      aet: z.string(),
      associations: z.number().int().describe('Open at the moment'),
      gathering: z.number().int().describe('Series that are still coming in'),
      waiting: z.number().int().describe('Series that are complete and not yet scored'),
    })
    .nullable()
    .describe('Null where the server takes no DICOM associations'),
  outbox: z
    .object({
      to: z.string(),
      waiting: z.number().int().describe('Scans whose objects wait to be sent'),
      failed: z.number().int().describe('Scans whose objects could not be sent for as long as they were tried'),
      sent: z.number().int().describe('Objects that were sent since the server started'),
      oldest: z.string().nullable().describe('Since when the oldest waits'),
      error: z.string().nullable().describe('What went wrong last'),
    })
    .nullable()
    .describe('Null where results are sent nowhere'),
});

/** The door and the outbox of a server. */
export type ServerDicom = Wire<typeof dicomBody>;

/** @throws WrongAnswer */
export function readDicom(value: unknown): ServerDicom {
  const found: ServerDicom = fitting(dicomBody, value);
  for (const count of [found.door?.gathering, found.door?.waiting, found.outbox?.waiting, found.outbox?.failed])
    holding(count === undefined || count >= 0, `a count of ${count}`);
  return found;
}
