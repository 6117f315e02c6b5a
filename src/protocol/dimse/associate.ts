import { DimseError } from './dimse-error.js';
import { encodePdu, PDU } from './pdu.js';

/** DICOM's application context name (PS3.7, annex A.2.1). */
export const APPLICATION_CONTEXT = '1.2.840.10008.3.1.1.1';

/** A presentation context as it is proposed. */
export interface ProposedContext {
  /** Odd, 1 to 255. */
  readonly id: number;
  readonly abstractSyntax: string;
  /** One or more. */
  readonly transferSyntaxes: readonly string[];
}

/** What became of a proposed context (PS3.8, table 9-18). */
export const CONTEXT_RESULTS = { accepted: 0, abstractSyntax: 3, transferSyntaxes: 4 } as const;

export interface AnsweredContext {
  readonly id: number;
  readonly result: number;
  /** Without meaning where it is not accepted. */
  readonly transferSyntax: string;
}

interface Association {
  /** AE titles, without the spaces around them. */
  readonly called: string;
  readonly calling: string;
  readonly applicationContext: string;
  /** Bytes of a P-DATA-TF that the sender takes; 0 for any number. */
  readonly maxLength: number;
  readonly implementation: { readonly uid: string; readonly version: string };
}

export interface AssociateRequest extends Association {
  readonly isVersion1: boolean;
  readonly contexts: readonly ProposedContext[];
}

export interface AssociateAccept extends Association {
  readonly contexts: readonly AnsweredContext[];
}

const ITEM = {
  applicationContext: 0x10,
  proposedContext: 0x20,
  answeredContext: 0x21,
  abstractSyntax: 0x30,
  transferSyntax: 0x40,
  userInformation: 0x50,
  maxLength: 0x51,
  implementationUid: 0x52,
  implementationVersion: 0x55,
} as const;

/** Bytes before the items: version, AE titles, 32 that are reserved. */
const FIXED = 68;

interface Item {
  readonly type: number;
  readonly body: Buffer;
}

/**
 * Reads the body of an A-ASSOCIATE-RQ (PS3.8, section 9.3.2). Items that are unknown or not
 * supported are passed over, as the standard wants it.
 *
 * @throws DimseError items that do not fit into one another
 */
export function decodeAssociateRequest(body: Buffer): AssociateRequest {
  const { items, ...association } = decoded(body);
  const contexts = items
    .filter(({ type }) => type === ITEM.proposedContext)
    .map(({ body: context }): ProposedContext => {
      const parts = contextItems(context);
      const [abstract] = parts.filter(({ type }) => type === ITEM.abstractSyntax);
      return {
        id: context[0],
        abstractSyntax: abstract ? uidOf(abstract.body) : '',
        transferSyntaxes: parts.filter(({ type }) => type === ITEM.transferSyntax).map((part) => uidOf(part.body)),
      };
    });
  return { ...association, isVersion1: (body.readUInt16BE(0) & 1) === 1, contexts };
}

/** Reads the body of an A-ASSOCIATE-AC (PS3.8, section 9.3.3). @throws DimseError as above */
export function decodeAssociateAccept(body: Buffer): AssociateAccept {
  const { items, ...association } = decoded(body);
  const contexts = items
    .filter(({ type }) => type === ITEM.answeredContext)
    .map(({ body: context }): AnsweredContext => {
      const [syntax] = contextItems(context).filter(({ type }) => type === ITEM.transferSyntax);
      return { id: context[0], result: context[2], transferSyntax: syntax ? uidOf(syntax.body) : '' };
    });
  return { ...association, contexts };
}

export function encodeAssociateRequest(request: AssociateRequest): Buffer {
  return encoded(
    PDU.associateRequest,
    request,
    request.contexts.map(({ id, abstractSyntax, transferSyntaxes }) =>
      item(ITEM.proposedContext, [
        Buffer.of(id, 0, 0, 0),
        item(ITEM.abstractSyntax, [Buffer.from(abstractSyntax)]),
        ...transferSyntaxes.map((uid) => item(ITEM.transferSyntax, [Buffer.from(uid)])),
      ]),
    ),
  );
}

export function encodeAssociateAccept(accept: AssociateAccept): Buffer {
  return encoded(
    PDU.associateAccept,
    accept,
    accept.contexts.map(({ id, result, transferSyntax }) =>
      item(ITEM.answeredContext, [
        Buffer.of(id, 0, result, 0),
        item(ITEM.transferSyntax, [Buffer.from(transferSyntax)]),
      ]),
    ),
  );
}

function decoded(body: Buffer): Association & { readonly items: Item[] } {
  const items = itemsOf(body.subarray(FIXED));
  const of = (among: readonly Item[], wanted: number) => among.find(({ type }) => type === wanted)?.body;
  const user = itemsOf(of(items, ITEM.userInformation) ?? Buffer.alloc(0));
  const length = of(user, ITEM.maxLength);
  return {
    items,
    called: titleOf(body.subarray(4, 20)),
    calling: titleOf(body.subarray(20, 36)),
    applicationContext: uidOf(of(items, ITEM.applicationContext) ?? Buffer.alloc(0)),
    maxLength: length && length.length >= 4 ? length.readUInt32BE(0) : 0,
    implementation: {
      uid: uidOf(of(user, ITEM.implementationUid) ?? Buffer.alloc(0)),
      version: titleOf(of(user, ITEM.implementationVersion) ?? Buffer.alloc(0)),
    },
  };
}

function encoded(type: number, association: Association, contexts: readonly Buffer[]): Buffer {
  const fixed = Buffer.alloc(FIXED);
  fixed.writeUInt16BE(1, 0);
  fixed.fill(' ', 4, 36);
  fixed.write(association.called, 4, 16, 'latin1');
  fixed.write(association.calling, 20, 16, 'latin1');
  const length = Buffer.alloc(4);
  length.writeUInt32BE(association.maxLength, 0);
  const { uid, version } = association.implementation;
  const body = [
    fixed,
    item(ITEM.applicationContext, [Buffer.from(association.applicationContext)]),
    ...contexts,
    item(ITEM.userInformation, [
      item(ITEM.maxLength, [length]),
      item(ITEM.implementationUid, [Buffer.from(uid)]),
      item(ITEM.implementationVersion, [Buffer.from(version)]),
    ]),
  ];
  return encodePdu(type, Buffer.concat(body));
}

function item(type: number, parts: readonly Buffer[]): Buffer {
  const head = Buffer.alloc(4);
  head[0] = type;
  head.writeUInt16BE(
    parts.reduce((sum, { length }) => sum + length, 0),
    2,
  );
  return Buffer.concat([head, ...parts]);
}

function itemsOf(bytes: Buffer): Item[] {
  const items: Item[] = [];
  for (let at = 0; at < bytes.length; ) {
    const end = at + 4 <= bytes.length ? at + 4 + bytes.readUInt16BE(at + 2) : Number.POSITIVE_INFINITY;
    if (end > bytes.length)
      throw new DimseError(
        'invalidParameter',
        `An item of an association request ends behind its ${bytes.length} bytes.`,
      );
    items.push({ type: bytes[at], body: bytes.subarray(at + 4, end) });
    at = end;
  }
  return items;
}

/** Items of a presentation context, behind its four bytes. */
function contextItems(context: Buffer): Item[] {
  if (context.length < 4) throw new DimseError('invalidParameter', 'A presentation context has fewer than four bytes.');
  return itemsOf(context.subarray(4));
}

const titleOf = (bytes: Buffer): string => bytes.toString('latin1').replace(/^[\s\0]+|[\s\0]+$/g, '');
const uidOf = titleOf;
