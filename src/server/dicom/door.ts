import type { Registry } from 'prom-client';
import { SegcanaryError } from '../../errors.js';
import type { ScanLimits } from '../../limits.js';
import { isLoopback } from '../auth.js';
import type { Clock } from '../clock.js';
import { reasonOf } from '../http-error.js';
import type { ServedDetector } from '../served.js';
import type { ScanService, ServiceLog } from '../service.js';
import type { ScanStore } from '../store.js';
import type { DicomNaming } from '../uploaded-series.js';
import { AllowedPeers, isAeTitle } from './allowed-peers.js';
import { DoorMetrics, type DoorStatus } from './door-metrics.js';
import { DEFAULT_QUIET, Gatherer, type Quiet } from './gather.js';
import { IncomingFolder } from './incoming.js';
import { DicomListener } from './listener.js';
import { Outbox, type OutboxStatus } from './outbox.js';
import { SeriesScoring } from './scoring.js';
import { type SendAccess, sendTarget } from './send-to.js';

/** How a server takes scans from scanners and archives, and where it sends results. */
export interface DicomOptions {
  /** AE title of our own. */
  readonly aet: string;
  /** 0 takes a free one. @default 11112 */
  readonly port?: number | undefined;
  /** Address to listen on; others than this machine's own need `allow`. @default 127.0.0.1 */
  readonly host?: string | undefined;
  /**
   * Who may send: `AET@HOST`, the host an address or a network; `*` for any.
   * @default anybody on this machine
   */
  readonly allow?: readonly string[] | undefined;
  /** When a series is complete. @default 60 s without a new file, 5400 s in any case */
  readonly quiet?: Partial<Quiet> | undefined;
  /** Associations at a time. @default 32 */
  readonly associations?: number | undefined;
  /** Take a gantry tilt out. @default false: a series with one fails */
  readonly untilt?: boolean | undefined;
  /** Where results go: `AET@HOST:PORT`, or the address of a DICOMweb service. @default nowhere */
  readonly sendTo?: string | undefined;
  /** How a DICOMweb service is told who sends. @default by what stands in its address */
  readonly sendAccess?: SendAccess | undefined;
  /** Days for which sending is tried. @default 7 */
  readonly sendDays?: number | undefined;
}

/** What a door shares with the rest of the server. */
export interface DoorServices {
  /** The data folder. */
  readonly data: string;
  readonly service: ScanService;
  readonly store: ScanStore;
  readonly served: ServedDetector;
  readonly naming: DicomNaming;
  readonly registry: Registry;
  readonly limits: ScanLimits;
  readonly tmpdir: string | undefined;
  readonly clock: Clock;
  readonly log?: (ServiceLog & { error(object: object, message: string): void }) | undefined;
}

/**
 * The door for scanners: associations to files, files to series, series to scans of the server's
 * queue, results to an outbox. What was acknowledged outlives the process.
 */
export class DicomDoor {
  readonly #options: DicomOptions;
  readonly #listener: DicomListener;
  readonly #gatherer: Gatherer;
  readonly #scoring: SeriesScoring;
  readonly #outbox: Outbox | null;
  readonly #jobs: readonly string[];
  /** Series that are being taken away to be scored. */
  readonly #taking = new Set<Promise<void>>();

  /**
   * Takes up what a process before left; nothing is listening yet, and nothing scored.
   *
   * @param options that `refuseDoor` takes
   * @throws SegcanaryError `io`
   */
  static async open(options: DicomOptions, services: DoorServices): Promise<DicomDoor> {
    const { aet, sendTo, sendAccess, sendDays: days = 7 } = options;
    const allowed = allowedBy(options);
    const incoming = await IncomingFolder.open(services.data, services.naming.key);
    const { clock, log, store } = services;
    const outbox =
      sendTo === undefined
        ? null
        : await Outbox.open(
            services.data,
            { target: sendTarget(sendTo, aet, sendAccess), days, clock, log },
            (id) => store.get(id)?.status === 'done',
          );
    const door = new DicomDoor(options, services, { allowed, incoming, outbox, jobs: await incoming.jobs() });
    for (const folder of await incoming.gathering()) door.#gatherer.restore(folder);
    return door;
  }

  private constructor(
    options: DicomOptions,
    services: DoorServices,
    found: {
      readonly allowed: AllowedPeers;
      readonly incoming: IncomingFolder;
      readonly outbox: Outbox | null;
      readonly jobs: readonly string[];
    },
  ) {
    const { clock, log, limits, registry, service, store, served, naming } = services;
    const { incoming, outbox, allowed } = found;
    this.#options = options;
    this.#outbox = outbox;
    this.#jobs = found.jobs;
    const onError = (error: unknown) => log?.error({ err: error }, `DICOM: ${reasonOf(error)}`);
    const metrics = new DoorMetrics(registry, () => this.status, outbox && (() => outbox.status));
    this.#scoring = new SeriesScoring({
      ...{ incoming, service, store, served, naming, outbox, limits, onError },
      tmpdir: services.tmpdir,
      untilt: options.untilt ?? false,
    });
    this.#gatherer = new Gatherer({ ...DEFAULT_QUIET, ...defined(options.quiet) }, clock, (folders) => {
      const taking = this.#take(folders, incoming, clock, onError).finally(() => this.#taking.delete(taking));
      this.#taking.add(taking);
    });
    this.#listener = new DicomListener({
      ...{ aet: options.aet, allowed, incoming, limits, onError },
      associations: options.associations ?? 32,
      onFile: (folder) => this.#gatherer.add(folder),
      onCut: async (folder) => {
        this.#gatherer.cut(folder);
        await incoming.markCut(folder);
      },
      onObject: (outcome) => metrics.object(outcome),
      onRefusal: (sentence) => log?.warn(sentence),
      onAssociation: (end, why) => {
        metrics.association(end);
        if (why !== null) log?.warn(`A DICOM association was broken off: ${why}`);
      },
    });
  }

  get status(): DoorStatus {
    return {
      aet: this.#options.aet,
      associations: this.#listener.associations,
      gathering: this.#gatherer.size,
      waiting: this.#scoring.waiting,
    };
  }

  get outbox(): OutboxStatus | null {
    return this.#outbox?.status ?? null;
  }

  /** A client removed a scan: what waits to be sent of it goes, for a patient is in it. */
  async forget(scan: string): Promise<void> {
    await this.#outbox?.drop(scan);
  }

  /**
   * Begins to listen, to score and to send.
   *
   * @returns where: `AET@HOST:PORT`
   * @throws SegcanaryError `io` where the port is taken
   */
  async listen(): Promise<string> {
    const { aet, host = '127.0.0.1', port = 11_112 } = this.#options;
    const bound = await this.#listener.listen(host, port);
    for (const job of this.#jobs) this.#scoring.add(job);
    this.#outbox?.start();
    return `${aet}@${host.includes(':') ? `[${host}]` : host}:${bound}`;
  }

  /**
   * Takes no more, and leaves what has not been scored for the next start; the scan that is being
   * scored is done when this comes back.
   */
  async close(): Promise<void> {
    await this.#listener.close();
    this.#gatherer.stop();
    await Promise.all(this.#taking);
    await this.#scoring.stop();
    await this.#outbox?.stop();
  }

  async #take(
    folders: readonly string[],
    incoming: IncomingFolder,
    clock: Clock,
    onError: (error: unknown) => void,
  ): Promise<void> {
    for (const folder of folders) {
      try {
        const job = await incoming.take(folder, clock.now());
        if (job !== null) this.#scoring.add(job);
      } catch (error) {
        onError(error);
        // It lies where it was, and is complete once more after a while.
        this.#gatherer.add(folder);
      }
    }
  }
}

/**
 * Refuses options that cannot be, before anything is opened.
 *
 * @throws SegcanaryError `usage`
 */
export function refuseDoor(options: DicomOptions, data: string | null): void {
  const { aet, host = '127.0.0.1', allow, sendTo, associations = 32, sendDays = 7, quiet } = options;
  const wrong = (sentence: string) => new SegcanaryError('usage', sentence, { option: 'dicom' });
  if (data === null)
    throw new SegcanaryError(
      'usage',
      'What scanners send is kept on the disk until it is scored: `dicom` needs a data folder (`data`).',
      { option: 'data' },
    );
  if (!isAeTitle(aet)) throw wrong('`dicom`: an AE title has 1 to 16 printable characters and no backslash.');
  for (const number of [
    associations,
    sendDays,
    ...Object.values(defined(quiet)).filter((v) => v !== 'series' && v !== 'study'),
  ])
    if (!(Number(number) > 0)) throw wrong(`\`dicom\`: times and numbers are above 0, and ${number} is not.`);
  if (!allow?.length && !isLoopback(host))
    throw new SegcanaryError(
      'usage',
      `Without \`allow\` anybody who reaches ${host} could send scans; say who may, as CT1@192.0.2.7.`,
      { option: 'allow' },
    );
  allowedBy(options);
  if (sendTo !== undefined) sendTarget(sendTo, aet);
}

const allowedBy = ({ allow }: DicomOptions): AllowedPeers =>
  new AllowedPeers(allow?.length ? allow : ['*@127.0.0.0/8', '*@::1']);

/** Options of an object that are given: one that is undefined would hide a default. */
const defined = (quiet: Partial<Quiet> = {}): Partial<Quiet> =>
  Object.fromEntries(Object.entries(quiet).filter(([, value]) => value !== undefined));
