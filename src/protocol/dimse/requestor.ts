import { type FileHandle, open } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { SegcanaryError } from '../../errors.js';
import { cannotRead } from '../../files/atomic.js';
import type { FileRange } from '../../files/file-range.js';
import {
  APPLICATION_CONTEXT,
  decodeAssociateAccept,
  encodeAssociateRequest,
  type ProposedContext,
} from './associate.js';
import {
  COMMAND,
  type Command,
  decodeCommand,
  encodeCommand,
  LONGEST_COMMAND,
  type NewCommand,
  RESPONSE,
} from './command-set.js';
import { Connection } from './connection.js';
import { dataValues, encodeCommandValues, encodeDataValue, fragmentLength } from './data-values.js';
import { encodeAbort, LARGEST_DATA, PDU, releaseRequest } from './pdu.js';
import { decodeRejection, wordsOf } from './rejection.js';
import { IMPLEMENTATION_UID, IMPLEMENTATION_VERSION, VERIFICATION } from './uids.js';

/** Another system, by the name and address that it takes associations under. */
export interface DimsePeer {
  readonly aet: string;
  readonly host: string;
  readonly port: number;
}

export interface RequestorOptions {
  readonly peer: DimsePeer;
  /** AE title of our own. */
  readonly calling: string;
  readonly contexts: readonly ProposedContext[];
  /** Seconds without a byte. @default 60 */
  readonly idle?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** A peer as messages name it. */
export const peerName = ({ aet, host, port }: DimsePeer): string =>
  `${aet}@${host.includes(':') ? `[${host}]` : host}:${port}`;

/** The requesting side of an association: C-ECHO, and C-STORE of files as they are. */
export class Requestor {
  readonly #connection: Connection;
  readonly #peer: string;
  /** Transfer syntax of each context that was accepted. */
  readonly #accepted = new Map<number, string>();
  readonly #proposed: readonly ProposedContext[];
  #maxLength = 0;
  #isEstablished = false;
  #message = 0;

  private constructor(socket: Socket, { peer, contexts, idle = 60 }: RequestorOptions) {
    this.#peer = peerName(peer);
    this.#proposed = contexts;
    this.#connection = new Connection(socket, { idle }, () =>
      this.#isEstablished
        ? [PDU.data, PDU.releaseReply, PDU.releaseRequest, PDU.abort]
        : [PDU.associateAccept, PDU.associateReject, PDU.abort],
    );
  }

  /**
   * Connects and negotiates.
   *
   * @throws SegcanaryError `peer-failed` where nobody answers, the association is refused, or the
   *   peer breaks the protocol; `aborted`
   */
  static async open(options: RequestorOptions): Promise<Requestor> {
    const { peer, signal, calling, contexts } = options;
    const socket = connect({ host: peer.host, port: peer.port });
    const requestor = new Requestor(socket, options);
    const abort = () => requestor.#connection.destroy(new SegcanaryError('aborted', 'The sending was stopped.'));
    signal?.addEventListener('abort', abort, { once: true });
    socket.once('close', () => signal?.removeEventListener('abort', abort));
    if (signal?.aborted) abort();
    await requestor.#told(() => requestor.#associate(peer, calling, contexts));
    return requestor;
  }

  /** Whether the peer takes objects of a class in a transfer syntax. */
  takes({ sopClass, transferSyntax }: Pick<StoredObject, 'sopClass' | 'transferSyntax'>): boolean {
    return this.#found(sopClass, transferSyntax) !== null;
  }

  /** C-ECHO. @returns the status: 0 */
  echo(): Promise<number> {
    return this.#told(async () => {
      const context = this.#contextOf(VERIFICATION, null);
      const messageId = this.#nextMessage();
      await this.#send(context, { field: COMMAND.cEcho, messageId, sopClass: VERIFICATION, hasDataset: false });
      return (await this.#response(COMMAND.cEcho, messageId)).status;
    });
  }

  /**
   * C-STORE of a file's data set, byte for byte and in its own transfer syntax; one fragment of it
   * is in memory.
   *
   * @returns the status of the response
   * @throws SegcanaryError `peer-failed` for a connection that breaks, or a class or transfer
   *   syntax that the peer did not take; `io`, after which the association is of no use
   */
  store(file: FileRange, meta: StoredObject): Promise<number> {
    return this.#told(async () => {
      const { sopClass, sopInstance, transferSyntax } = meta;
      const context = this.#contextOf(sopClass, transferSyntax);
      const messageId = this.#nextMessage();
      await this.#send(context, { field: COMMAND.cStore, messageId, sopClass, sopInstance, hasDataset: true });
      await this.#sendDataset(context, file, meta.dataset);
      return (await this.#response(COMMAND.cStore, messageId)).status;
    });
  }

  /** Releases the association; a peer that does not answer is left. */
  async close(): Promise<void> {
    try {
      await this.#connection.send(releaseRequest());
      for (let unit = await this.#connection.next(); unit !== null; unit = await this.#connection.next())
        if (unit.type !== PDU.data) break;
    } catch {
      // Everything that was sent was answered before: nothing is lost with the connection.
    } finally {
      this.#connection.destroy();
    }
  }

  /** Breaks the association off. */
  async abort(): Promise<void> {
    await this.#connection.end(encodeAbort(null), 1);
  }

  async #associate({ aet }: DimsePeer, calling: string, contexts: readonly ProposedContext[]): Promise<void> {
    await this.#connection.send(
      encodeAssociateRequest({
        called: aet,
        calling,
        applicationContext: APPLICATION_CONTEXT,
        isVersion1: true,
        contexts,
        maxLength: LARGEST_DATA,
        implementation: { uid: IMPLEMENTATION_UID, version: IMPLEMENTATION_VERSION },
      }),
    );
    const unit = await this.#connection.next();
    if (unit === null) throw this.#failure('closed the connection without an answer');
    if (unit.type === PDU.associateReject)
      throw this.#failure(`refused the association: ${wordsOf(decodeRejection(unit.body))}`);
    if (unit.type === PDU.abort) throw this.#failure('broke the association off');
    const accept = decodeAssociateAccept(unit.body);
    this.#maxLength = accept.maxLength;
    this.#isEstablished = true;
    for (const { id, result, transferSyntax } of accept.contexts)
      if (result === 0) this.#accepted.set(id, transferSyntax);
  }

  #contextOf(abstractSyntax: string, transferSyntax: string | null): number {
    const id = this.#found(abstractSyntax, transferSyntax);
    if (id === null)
      throw this.#failure(
        `takes no objects of the class ${abstractSyntax}${transferSyntax === null ? '' : ` in the transfer syntax ${transferSyntax}`}`,
      );
    return id;
  }

  #found(abstractSyntax: string, transferSyntax: string | null): number | null {
    const found = this.#proposed.find(
      ({ id, abstractSyntax: abstract }) =>
        abstract === abstractSyntax &&
        this.#accepted.has(id) &&
        (transferSyntax === null || this.#accepted.get(id) === transferSyntax),
    );
    return found?.id ?? null;
  }

  #send(context: number, command: NewCommand): Promise<void> {
    return this.#connection.send(encodeCommandValues(context, encodeCommand(command), this.#maxLength));
  }

  async #sendDataset(context: number, file: FileRange, from: number): Promise<void> {
    const step = fragmentLength(this.#maxLength);
    let handle: FileHandle | null = null;
    try {
      handle = await open(file.path).catch((cause: unknown) => {
        throw cannotRead(file.name, cause);
      });
      for (let at = from; at < file.length || at === from; at += step) {
        const bytes = await piece(handle, file, at, Math.min(step, file.length - at));
        const isLast = at + step >= file.length;
        await this.#connection.send(encodeDataValue({ context, isCommand: false, isLast, bytes }));
      }
    } catch (error) {
      // A data set that does not come to its end can only be broken off.
      await this.abort();
      throw error;
    } finally {
      await handle?.close();
    }
  }

  async #response(field: number, messageId: number): Promise<Command> {
    const parts: Buffer[] = [];
    let length = 0;
    for (;;) {
      const unit = await this.#connection.next();
      if (unit === null) throw this.#failure('closed the connection before it answered');
      if (unit.type !== PDU.data) throw this.#failure('broke the association off');
      for (const { isCommand, isLast, bytes } of dataValues(unit.body)) {
        if (!isCommand) throw this.#failure('answered with a data set that was not asked for');
        parts.push(Buffer.from(bytes));
        length += bytes.length;
        if (length > LONGEST_COMMAND || parts.length > 1000) throw this.#failure('answered without an end');
        if (!isLast) continue;
        const response = decodeCommand(Buffer.concat(parts));
        if (response.field !== (field | RESPONSE) || response.respondedTo !== messageId)
          throw this.#failure('answered something else than was asked');
        return response;
      }
    }
  }

  #nextMessage(): number {
    this.#message = (this.#message % 0xffff) + 1;
    return this.#message;
  }

  /** What breaks, as a sentence about the peer. */
  async #told<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      // A peer that broke off waits for the connection to be closed.
      this.#connection.destroy();
      if (error instanceof SegcanaryError) throw error;
      throw this.#failure(`failed (${(error as Error).message.replace(/\.$/, '')})`, error);
    }
  }

  #failure(what: string, cause?: unknown): SegcanaryError {
    return new SegcanaryError('peer-failed', `${what}.`, {
      subject: this.#peer,
      ...(cause !== undefined && { cause }),
    });
  }
}

/** What is known of a file that is sent: `readFileMeta`. */
export interface StoredObject {
  readonly sopClass: string;
  readonly sopInstance: string;
  readonly transferSyntax: string;
  /** First byte of the data set, within the range. */
  readonly dataset: number;
}

async function piece(handle: FileHandle, file: FileRange, at: number, length: number): Promise<Buffer> {
  const bytes = Buffer.allocUnsafe(length);
  for (let done = 0; done < length; ) {
    const { bytesRead } = await handle.read(bytes, done, length - done, file.start + at + done);
    if (bytesRead === 0) throw new SegcanaryError('io', 'became shorter while it was sent.', { subject: file.name });
    done += bytesRead;
  }
  return bytes;
}
