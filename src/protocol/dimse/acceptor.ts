import type { Socket } from 'node:net';
import { timerMs } from '../../limits.js';
import {
  type AnsweredContext,
  APPLICATION_CONTEXT,
  type AssociateRequest,
  CONTEXT_RESULTS,
  decodeAssociateRequest,
  encodeAssociateAccept,
  type ProposedContext,
} from './associate.js';
import { COMMAND, type Command, decodeCommand, LONGEST_COMMAND, RESPONSE, responseTo, STATUS } from './command-set.js';
import { Connection } from './connection.js';
import { type DataValue, dataValues, encodeCommandValues } from './data-values.js';
import { DimseError } from './dimse-error.js';
import { LARGEST_DATA, PDU, type Pdu, releaseReply } from './pdu.js';
import { encodeRejection, REJECTIONS, type Rejection } from './rejection.js';
import { IMPLEMENTATION_UID, IMPLEMENTATION_VERSION, isStorageClass, TRANSFER_SYNTAXES, VERIFICATION } from './uids.js';

/** An object that a peer wants to store. */
export interface StoreRequest {
  readonly sopClass: string;
  readonly sopInstance: string;
  readonly transferSyntax: string;
}

/** Where the data set of one object goes. */
export interface StoreSink {
  /**
   * Comes back when the bytes are written: the peer waits meanwhile. They are of this call alone.
   */
  write(bytes: Buffer): Promise<void>;
  /** The data set is whole; gives the status that the peer is answered with. */
  commit(): Promise<number>;
  /** The data set does not come to its end, or could not be written. */
  discard(): Promise<void>;
}

export interface AcceptorOptions {
  /** Seconds: for the request of the association, without a byte, and for all of it. */
  readonly times: { readonly request: number; readonly idle: number; readonly association: number };
  /** Bytes of an object at most. */
  readonly largest: number;
  /** Says why an association is refused; null takes it. */
  readonly refuse: (request: Pick<AssociateRequest, 'called' | 'calling'>) => Rejection | null;
  /**
   * Takes an object, or gives the status that it is refused with; its bytes are then passed over.
   */
  readonly store: (request: StoreRequest) => Promise<StoreSink | number>;
  /** Told of what broke while an object was taken: the peer is told a status. */
  readonly onError: (error: unknown) => void;
  /** Aborts the association. */
  readonly signal?: AbortSignal | undefined;
}

/** How an association ended. */
export type AssociationEnd = 'released' | 'aborted' | 'rejected' | 'closed';

/**
 * The accepting side of one association (PS3.8; PS3.7, C-ECHO and C-STORE): comes back when it has
 * ended and the socket is closed.
 *
 * @throws DimseError a peer that breaks the protocol or falls silent; it was sent an A-ABORT.
 *   Whatever the socket says
 */
export async function acceptAssociation(socket: Socket, options: AcceptorOptions): Promise<AssociationEnd> {
  return new Acceptor(socket, options).run();
}

/** A message whose data set is coming. */
interface Receiving {
  readonly command: Command;
  readonly context: number;
  /** Null where its bytes are passed over. */
  sink: StoreSink | null;
  /** What is answered where there is no sink. */
  status: number;
  length: number;
}

class Acceptor {
  readonly #connection: Connection;
  readonly #options: AcceptorOptions;
  #isEstablished = false;
  /** Transfer syntax and abstract syntax of the accepted contexts. */
  readonly #contexts = new Map<number, { readonly abstract: string; readonly transfer: string }>();
  /** What the peer takes of a unit. */
  #peerLength = 0;
  #command: { readonly context: number; readonly parts: Buffer[]; length: number } | null = null;
  #receiving: Receiving | null = null;

  constructor(socket: Socket, options: AcceptorOptions) {
    this.#options = options;
    this.#connection = new Connection(socket, options.times, () =>
      this.#isEstablished ? [PDU.data, PDU.releaseRequest, PDU.abort] : [PDU.associateRequest, PDU.abort],
    );
  }

  async run(): Promise<AssociationEnd> {
    const { times, signal } = this.#options;
    const give = (error: Error) => this.#connection.giveUp(error);
    const late = (what: string, seconds: number) =>
      setTimeout(() => give(new DimseError('notSpecified', `${what} took more than ${seconds} s.`)), timerMs(seconds));
    let timer = late('The request of an association', times.request);
    const stop = () => give(new DimseError('notSpecified', 'The server is stopping.'));
    signal?.addEventListener('abort', stop, { once: true });
    if (signal?.aborted) stop();
    try {
      const early = await this.#establish();
      if (early !== null) {
        this.#connection.destroy();
        return early;
      }
      clearTimeout(timer);
      timer = late('An association', times.association);
      const end = await this.#serve();
      this.#connection.destroy();
      return end;
    } catch (error) {
      this.#connection.giveUp(error as Error, error instanceof DimseError ? error.reason : 'notSpecified');
      throw error;
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener('abort', stop);
      await this.#drop();
    }
  }

  async #establish(): Promise<AssociationEnd | null> {
    const unit = await this.#connection.next();
    if (unit === null) return 'closed';
    if (unit.type === PDU.abort) return 'aborted';
    const request = decodeAssociateRequest(unit.body);
    const rejection = this.#rejection(request);
    if (rejection) {
      await this.#connection.end(encodeRejection(rejection));
      return 'rejected';
    }
    const contexts = request.contexts.map(answer);
    for (const [i, { id, result, transferSyntax }] of contexts.entries())
      if (result === CONTEXT_RESULTS.accepted)
        this.#contexts.set(id, { abstract: request.contexts[i].abstractSyntax, transfer: transferSyntax });
    this.#peerLength = request.maxLength;
    this.#isEstablished = true;
    await this.#connection.send(
      encodeAssociateAccept({
        called: request.called,
        calling: request.calling,
        applicationContext: APPLICATION_CONTEXT,
        contexts,
        maxLength: LARGEST_DATA,
        implementation: { uid: IMPLEMENTATION_UID, version: IMPLEMENTATION_VERSION },
      }),
    );
    return null;
  }

  #rejection(request: AssociateRequest): Rejection | null {
    if (!request.isVersion1) return REJECTIONS.protocolVersion;
    if (request.applicationContext !== APPLICATION_CONTEXT) return REJECTIONS.applicationContext;
    return this.#options.refuse(request);
  }

  async #serve(): Promise<AssociationEnd> {
    for (;;) {
      const unit = await this.#connection.next();
      if (unit === null) return 'closed';
      if (unit.type === PDU.abort) return 'aborted';
      if (unit.type === PDU.releaseRequest) {
        if (this.#receiving || this.#command)
          throw new DimseError('unexpectedPdu', 'A release was requested within a message.');
        await this.#connection.end(releaseReply());
        return 'released';
      }
      await this.#take(unit);
    }
  }

  async #take({ body }: Pdu): Promise<void> {
    for (const value of dataValues(body)) {
      if (!this.#contexts.has(value.context))
        throw new DimseError(
          'invalidParameter',
          `A data value has the context ${value.context}, which was not accepted.`,
        );
      await (value.isCommand ? this.#takeCommand(value) : this.#takeData(value));
    }
  }

  async #takeCommand({ context, bytes, isLast }: DataValue): Promise<void> {
    if (this.#receiving) throw new DimseError('unexpectedParameter', 'A command came within a data set.');
    this.#command ??= { context, parts: [], length: 0 };
    this.#command.length += bytes.length;
    if (this.#command.context !== context || this.#command.length > LONGEST_COMMAND)
      throw new DimseError('invalidParameter', 'A command set is too long, or of two contexts.');
    this.#command.parts.push(Buffer.from(bytes));
    // Fragments of nothing would make a list that grows for ever.
    if (this.#command.parts.length > 1000)
      throw new DimseError('invalidParameter', 'A command set has too many parts.');
    if (!isLast) return;
    const command = decodeCommand(Buffer.concat(this.#command.parts));
    this.#command = null;
    await this.#begin(command, context);
  }

  async #begin(command: Command, context: number): Promise<void> {
    const { field } = command;
    const { abstract, transfer } = this.#contexts.get(context) ?? { abstract: '', transfer: '' };
    // Nothing that is cancelled here goes on for long enough, and a response was not asked for.
    if (field === COMMAND.cCancel || (field & RESPONSE) !== 0) {
      if (command.hasDataset) this.#receiving = { command, context, sink: null, status: -1, length: 0 };
      return;
    }
    const isStore = field === COMMAND.cStore && abstract !== VERIFICATION;
    const isEcho = field === COMMAND.cEcho;
    let sink: StoreSink | number = isEcho ? STATUS.success : STATUS.unrecognizedOperation;
    // What was agreed on is the class of the context, and not what a command says (PS3.7, 9.1.1).
    if (isStore && command.sopClass !== abstract) sink = STATUS.classNotSupported;
    else if (isStore && command.hasDataset) {
      const { sopClass, sopInstance } = command;
      sink = await this.#options.store({ sopClass, sopInstance, transferSyntax: transfer }).catch((error: unknown) => {
        this.#options.onError(error);
        return STATUS.outOfResources;
      });
    }
    if (!command.hasDataset) return this.#answer(command, context, isStore ? STATUS.cannotUnderstand : Number(sink));
    this.#receiving = {
      command,
      context,
      length: 0,
      ...(typeof sink === 'number' ? { sink: null, status: sink } : { sink, status: STATUS.success }),
    };
  }

  async #takeData({ context, bytes, isLast }: DataValue): Promise<void> {
    const receiving = this.#receiving;
    if (receiving?.context !== context)
      throw new DimseError('unexpectedParameter', 'A data set came that no command announced.');
    receiving.length += bytes.length;
    if (receiving.length > this.#options.largest)
      throw new DimseError('notSpecified', `An object has more than ${this.#options.largest} bytes.`);
    await receiving.sink?.write(bytes).catch((error: unknown) => this.#failed(receiving, error));
    if (!isLast) return;
    const { command, sink } = receiving;
    if (sink)
      receiving.status = await sink.commit().catch(async (error: unknown) => {
        await this.#failed(receiving, error);
        return receiving.status;
      });
    this.#receiving = null;
    if (receiving.status >= 0) await this.#answer(command, context, receiving.status);
  }

  /** The rest of the object is passed over, and the peer told when it has sent it. */
  async #failed(receiving: Receiving, error: unknown): Promise<void> {
    this.#options.onError(error);
    const { sink } = receiving;
    receiving.sink = null;
    receiving.status = STATUS.outOfResources;
    await sink?.discard();
  }

  #answer(command: Command, context: number, status: number): Promise<void> {
    return this.#connection.send(encodeCommandValues(context, responseTo(command, status), this.#peerLength));
  }

  async #drop(): Promise<void> {
    await this.#receiving?.sink?.discard();
    this.#receiving = null;
  }
}

/** Takes a context of verification or storage in the first transfer syntax that loses nothing. */
function answer({ id, abstractSyntax, transferSyntaxes }: ProposedContext): AnsweredContext {
  const refused = (result: number) => ({ id, result, transferSyntax: transferSyntaxes[0] ?? '' });
  if (abstractSyntax !== VERIFICATION && !isStorageClass(abstractSyntax))
    return refused(CONTEXT_RESULTS.abstractSyntax);
  const known = transferSyntaxes.filter((uid) => TRANSFER_SYNTAXES.includes(uid));
  const transferSyntax = known.find((uid) => !LOSSY.includes(uid)) ?? known[0];
  if (transferSyntax === undefined) return refused(CONTEXT_RESULTS.transferSyntaxes);
  return { id, result: CONTEXT_RESULTS.accepted, transferSyntax };
}

const LOSSY = [50, 51, 81, 91, 203].map((last) => `1.2.840.10008.1.2.4.${last}`);
