import type { Socket } from 'node:net';
import { timerMs } from '../../limits.js';
import { type AbortReason, DimseError } from './dimse-error.js';
import { encodeAbort, type Pdu, PduParser } from './pdu.js';

export interface ConnectionTimes {
  /** Seconds without a byte while one is waited for, or while the peer takes none of ours. */
  readonly idle: number;
}

/**
 * One peer: units in, bytes out. Units are read when they are asked for and not before, so that a
 * peer waits for the disk and memory does not grow.
 */
export class Connection {
  readonly #socket: Socket;
  readonly #units: AsyncGenerator<Pdu, void, undefined>;
  #ended: Error | null = null;

  constructor(socket: Socket, { idle }: ConnectionTimes, expected: () => readonly number[]) {
    this.#socket = socket;
    socket.setNoDelay(true);
    socket.setTimeout(timerMs(idle), () => this.giveUp(new DimseError('notSpecified', `No byte came for ${idle} s.`)));
    // What breaks the connection is told by whoever reads or writes; without a listener it would
    // end the process.
    socket.on('error', (error) => {
      this.#ended ??= error;
    });
    this.#units = unitsOf(socket, new PduParser(expected));
  }

  /**
   * The next unit; null where the peer has closed the connection between two.
   *
   * @throws DimseError as PduParser, and for a connection that ends within a unit or is idle; what
   *   the socket says
   */
  async next(): Promise<Pdu | null> {
    try {
      const { value, done } = await this.#units.next();
      return done ? null : value;
    } catch (error) {
      throw this.#ended ?? error;
    }
  }

  /** Sends bytes and comes back when there is room for more. */
  async send(bytes: Uint8Array): Promise<void> {
    const socket = this.#socket;
    if (socket.destroyed || socket.writableEnded) throw this.#ended ?? broken();
    if (socket.write(bytes)) return;
    await new Promise<void>((resolve, reject) => {
      const settle = () => {
        socket.off('drain', settle);
        socket.off('close', settle);
        if (socket.destroyed) reject(this.#ended ?? broken());
        else resolve();
      };
      socket.on('drain', settle);
      socket.on('close', settle);
    });
  }

  /** Says the last word and waits a while for the peer to close, as PS3.8 wants it (ARTIM). */
  async end(bytes: Uint8Array, seconds = 5): Promise<void> {
    const socket = this.#socket;
    if (socket.destroyed) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(() => socket.destroy(), seconds * 1000);
      socket.once('close', () => {
        clearTimeout(timer);
        resolve();
      });
      // What still comes is of no interest, and has to be taken for the end to be seen.
      socket.end(bytes);
      socket.resume();
    });
  }

  /**
   * Breaks the connection off at once, with an A-ABORT if the peer takes it by then: what it still
   * sends is not read.
   */
  giveUp(error: Error, reason: AbortReason = 'notSpecified'): void {
    this.#ended ??= error;
    if (this.#socket.destroyed) return;
    this.#socket.end(encodeAbort(reason), () => this.#socket.destroy());
    // A peer that reads nothing would keep the last word from being said.
    setTimeout(() => this.#socket.destroy(), 200).unref();
  }

  destroy(error?: Error): void {
    this.#ended ??= error ?? null;
    this.#socket.destroy();
  }
}

const broken = () => new DimseError('notSpecified', 'The connection was closed.');

async function* unitsOf(socket: Socket, parser: PduParser): AsyncGenerator<Pdu, void, undefined> {
  // The socket outlives its reading: the last word is ours.
  for await (const piece of socket.iterator({ destroyOnReturn: false })) yield* parser.push(piece as Buffer);
  if (!parser.isBetween) throw new DimseError('notSpecified', 'The connection ended within a protocol data unit.');
}
