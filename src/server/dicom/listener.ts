import { setMaxListeners } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createServer, type Server, type Socket } from 'node:net';
import { SegcanaryError } from '../../errors.js';
import type { ScanLimits } from '../../limits.js';
import { acceptAssociation, type StoreRequest, type StoreSink } from '../../protocol/dimse/acceptor.js';
import { isStored, STATUS } from '../../protocol/dimse/command-set.js';
import { REJECTIONS, type Rejection } from '../../protocol/dimse/rejection.js';
import type { AllowedPeers } from './allowed-peers.js';
import type { IncomingFolder } from './incoming.js';

export interface ListenerOptions {
  /** AE title of our own. */
  readonly aet: string;
  readonly allowed: AllowedPeers;
  readonly incoming: IncomingFolder;
  readonly limits: ScanLimits;
  /** Associations at a time. */
  readonly associations: number;
  /** A file of a gathering series has come, and is on the disk. */
  readonly onFile: (folder: string) => void;
  /** Whoever sent this series was cut off before the end: slices may be missing. */
  readonly onCut: (folder: string) => Promise<void>;
  /** Told of every object: `stored`, or the status that it was refused with, in hex. */
  readonly onObject: (outcome: string) => void;
  /** Told of every association: how it ended. */
  readonly onAssociation: (end: 'released' | 'aborted' | 'rejected' | 'closed' | 'broken', why: string | null) => void;
  /** Told why an association was refused, in a sentence for whoever runs the server. */
  readonly onRefusal: (sentence: string) => void;
  /** What broke on our side. */
  readonly onError: (error: unknown) => void;
}

/** Seconds that a peer has to say who it is. */
const REQUEST_SECONDS = 30;
/** Seconds that associations have to end when the server stops. */
const LAST_SECONDS = 5;
/**
 * Connections without an association at most. Real senders say at once who they are; beyond so many
 * the one that has said nothing for longest makes room, so that silence keeps nobody out.
 */
const UNKNOWN = 64;

/** What an association has sent. */
interface Sending {
  /** Where its last file lies. */
  folder: string | null;
  /** Whether an object was given up that had begun. */
  isWithin: boolean;
}

/** Takes associations of those who may send, and writes what they store to the disk. */
export class DicomListener {
  readonly #options: ListenerOptions;
  readonly #server: Server;
  readonly #associations = new Set<Promise<void>>();
  readonly #stop = new AbortController();
  /** Those that have said who they are, and were taken. */
  #count = 0;
  /** What was said last of an object that was refused. */
  #lastRefusal: string | null = null;
  /** The others, the oldest first. */
  readonly #unknown = new Set<Socket>();

  constructor(options: ListenerOptions) {
    this.#options = options;
    // Each association listens to it.
    setMaxListeners(0, this.#stop.signal);
    this.#server = createServer((socket) => {
      const association = this.#take(socket).finally(() => this.#associations.delete(association));
      this.#associations.add(association);
    });
  }

  /** Associations that are open. */
  get associations(): number {
    return this.#count;
  }

  /** @throws SegcanaryError `io` where the port is taken @returns the port */
  async listen(host: string, port: number): Promise<number> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', (cause: NodeJS.ErrnoException) => {
        const why = cause.code === 'EADDRINUSE' ? 'another program has the port; choose another' : cause.message;
        reject(
          new SegcanaryError('io', `cannot listen for DICOM on ${host}:${port}: ${why}.`, { option: 'dicom', cause }),
        );
      });
      this.#server.listen({ host, port }, resolve);
    });
    return (this.#server.address() as AddressInfo).port;
  }

  /** Takes no more associations, gives those that are open a moment, and breaks them off. */
  async close(): Promise<void> {
    if (!this.#server.listening) return;
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    const timer = setTimeout(() => this.#stop.abort(), 1000 * LAST_SECONDS);
    await Promise.all(this.#associations);
    clearTimeout(timer);
    await closed;
  }

  async #take(socket: Socket): Promise<void> {
    const { limits, onAssociation, onError } = this.#options;
    let isCounted = false;
    const isCrowdedOut = () => !this.#unknown.has(socket) && !isCounted;
    for (const oldest of this.#unknown) {
      if (this.#unknown.size < UNKNOWN) break;
      this.#unknown.delete(oldest);
      oldest.destroy();
    }
    this.#unknown.add(socket);
    const sending: Sending = { folder: null, isWithin: false };
    try {
      const end = await acceptAssociation(socket, {
        times: { request: REQUEST_SECONDS, idle: limits.stall, association: limits.seconds },
        largest: limits.bytes,
        refuse: ({ called, calling }) => {
          const rejection = this.#refusal(called, calling, socket.remoteAddress ?? '');
          if (rejection === null) {
            isCounted = true;
            this.#count++;
            this.#unknown.delete(socket);
          }
          return rejection;
        },
        store: (request) => this.#store(request, sending),
        onError,
        signal: this.#stop.signal,
      });
      onAssociation(end, null);
      // Some devices abort when they have sent all, and mean a release.
      if (end === 'closed' || (end === 'aborted' && sending.isWithin)) await this.#cut(sending);
    } catch (error) {
      await this.#cut(sending);
      // A flood of silence is no flood of the log.
      onAssociation('broken', isCrowdedOut() ? null : (error as Error).message);
    } finally {
      this.#unknown.delete(socket);
      if (isCounted) this.#count--;
    }
  }

  #refusal(called: string, calling: string, address: string): Rejection | null {
    const { aet, allowed, associations, onRefusal } = this.#options;
    const refused = (rejection: Rejection, why: string) => {
      onRefusal(`An association of ${quoted(calling)} at ${address} was refused: ${why}.`);
      return rejection;
    };
    if (called !== aet) return refused(REJECTIONS.calledAe, `it calls ${quoted(called)}, and this is ${aet}`);
    if (!allowed.allows(calling, address)) return refused(REJECTIONS.callingAe, 'it is not among those that may send');
    // Whoever is in the middle of a series may end it; a new one is told to come again.
    if (this.#count >= associations) return refused(REJECTIONS.localLimit, `${associations} are open already`);
    return this.#server.listening ? null : refused(REJECTIONS.localLimit, 'the server is stopping');
  }

  async #cut({ folder }: Sending): Promise<void> {
    const { onCut, onError } = this.#options;
    if (folder !== null) await onCut(folder).catch(onError);
  }

  /** Tells of a refusal, and of others for the same reason behind it no more. */
  #refuse(sentence: string): void {
    if (sentence !== this.#lastRefusal) this.#options.onRefusal(sentence);
    this.#lastRefusal = sentence;
  }

  async #store(request: StoreRequest, sending: Sending): Promise<StoreSink | number> {
    const { incoming, onFile, onObject, onError } = this.#options;
    const told = (status: number) => {
      onObject(isStored(status) ? 'stored' : inHex(status).toLowerCase());
      return status;
    };
    try {
      const file = await incoming.begin(request);
      return {
        write: (bytes) => file.write(bytes),
        commit: async () => {
          const received = await file.commit();
          if ('status' in received) {
            const { status, why } = received;
            this.#refuse(`An object was refused with the status ${inHex(status)}: ${why}.`);
            return told(status);
          }
          sending.folder = received.folder;
          onFile(received.folder);
          return told(STATUS.success);
        },
        discard: () => {
          sending.isWithin = true;
          return file.discard();
        },
      };
    } catch (error) {
      onError(error);
      return told(STATUS.outOfResources);
    }
  }
}

const inHex = (status: number): string => status.toString(16).toUpperCase().padStart(4, '0');

/** A title as a log may have it: whoever connects chooses it. */
const quoted = (title: string): string => JSON.stringify(title.slice(0, 16).replace(/[^\x20-\x7e]/g, '?'));
