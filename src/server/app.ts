import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { FastifyBaseLogger } from 'fastify';
import { SegcanaryError } from '../errors.js';
import { limitsOf, type ScanLimits } from '../limits.js';
import type { SegmentationSource } from '../network/folder.js';
import type { WithInference } from '../network/inference/options.js';
import { application } from './application.js';
import { isLoopback } from './auth.js';
import { type Clock, systemClock } from './clock.js';
import { detectorRoutes } from './detector-routes.js';
import { DicomDoor, type DicomOptions, refuseDoor } from './dicom/door.js';
import { doorRoutes } from './dicom/door-routes.js';
import { serverKey } from './dicom/server-key.js';
import { DriftMonitor } from './drift.js';
import { reasonOf } from './http-error.js';
import { ImageFolder } from './images.js';
import { localJudge } from './local-judge.js';
import { Metrics } from './metrics.js';
import { operationRoutes } from './operation-routes.js';
import { pageRoutes } from './page.js';
import { ScanQueue } from './queue.js';
import { recordRoutes } from './record-routes.js';
import { scanRoutes } from './scan-routes.js';
import { openServed } from './served.js';
import { ScanService } from './service.js';
import { openStore } from './sql-store.js';
import type { Retention } from './store.js';

export interface ServerOptions extends WithInference {
  /** Folders of detectors, or `name=folder`; the first is the default. */
  readonly detectors: readonly [string, ...string[]];
  /** Segments scans too, where a client asks for it. */
  readonly model?: SegmentationSource | undefined;
  /**
   * Where records, and images that are kept, live on.
   * @default a temporary folder that goes with the process
   */
  readonly data?: string | undefined;
  /**
   * What clients have to send as bearer token.
   * @default null: none, and only this machine is answered
   */
  readonly token?: string | null | undefined;
  /** Scans that may wait. @default 16 */
  readonly queue?: number | undefined;
  /** What a scan may be at most; a stalled sender is given a minute, and not ten. */
  readonly limits?: Partial<ScanLimits> | undefined;
  /**
   * Keep image, uncertainty map and segmentation of scans that are out of distribution.
   * @default false
   */
  readonly keepFlagged?: boolean | undefined;
  /**
   * Call sites of DICOM scans by the institution in their headers, and not by a hash of it.
   * @default false
   */
  readonly siteNames?: boolean | undefined;
  readonly retention?: Retention | undefined;
  /** Probability that the drift test ever raises a false alarm, at most. @default .01 */
  readonly driftLevel?: number | undefined;
  /** Take scans from scanners and archives too, by C-STORE. Needs `data`. @default no */
  readonly dicom?: DicomOptions | undefined;
  readonly tmpdir?: string | undefined;
  readonly logger?: FastifyBaseLogger | undefined;
  /** What time it is. @default the system's clock */
  readonly clock?: Clock | undefined;
}

export interface SegcanaryServer {
  /** Scans that a process before left unfinished. */
  readonly interrupted: number;
  /**
   * @throws SegcanaryError `usage` for an address that others reach, without a token; `io` where
   *   the port is taken
   */
  listen(address: { readonly host?: string; readonly port: number }): Promise<{
    readonly url: string;
    /** Where it takes DICOM: `AET@HOST:PORT`; null where it does not. */
    readonly dicom: string | null;
  }>;
  /** Takes no more scans, finishes and answers those that were accepted, and closes everything. */
  close(): Promise<void>;
}

const HOUR = 3600 * 1000;
/** How soon what a full disk had no room for is tried again. */
const SOON = 5000;

/**
 * A server that scores scans over HTTP (docs/server.md): detectors open, store open, nothing
 * listening yet.
 *
 * @throws SegcanaryError as `openServed`; `io` where the data folder cannot be used
 */
export async function createServer(options: ServerOptions): Promise<SegcanaryServer> {
  const { token = null, data = null, retention = {}, keepFlagged = false, tmpdir, clock = systemClock } = options;
  const limits = limitsOf({ stall: 60, ...options.limits });
  if (options.dicom) refuseDoor(options.dicom, data);
  const detectors = await openServed(options);
  const store = openStore(data, clock.now);
  const images = await ImageFolder.open(data);
  // The network is one worker; a second scan beside the first would cost its memory and gain a few
  // per cent.
  const places = new ScanQueue(1, options.queue ?? 16);
  const metrics = new Metrics(detectors.values(), places);
  const drift = new DriftMonitor(detectors.values(), {
    ...{ store, metrics, level: options.driftLevel ?? 0.01, log: options.logger },
  });
  const service = new ScanService({
    places,
    judge: localJudge({ limits, tmpdir }),
    store,
    images,
    metrics,
    drift,
    retention,
    keepFlagged,
    clock,
    log: options.logger,
    onError: (error, id) => options.logger?.error({ err: error, scan: id }, `${id} failed: ${reasonOf(error)}`),
  });
  await images.sweep((id) => store.get(id) !== null);
  service.prune();
  const pruning = setInterval(() => service.prune(), HOUR);
  pruning.unref();
  const tending = setInterval(() => service.tend(), SOON);
  tending.unref();

  const app = await application(options.logger, token);
  const naming = { key: await serverKey(images.root), siteNames: options.siteNames };
  await app.register(scanRoutes, { service, detectors, store, limits, naming });
  const [served] = detectors.values();
  const { registry } = metrics;
  const door = options.dicom
    ? await DicomDoor.open(options.dicom, {
        ...{ data: images.root, service, store, served, naming, registry, limits, tmpdir, clock },
        log: options.logger,
      })
    : null;
  await app.register(recordRoutes, { service, store, images, keepFlagged, door });
  await app.register(detectorRoutes, { detectors, drift });
  await app.register(operationRoutes, { service, metrics });
  await app.register(doorRoutes, { door });
  await app.register(pageRoutes);

  return {
    interrupted: store.interrupted,
    async listen({ host = '127.0.0.1', port }) {
      if (token === null && !isLoopback(host))
        throw new SegcanaryError(
          'usage',
          `Without a token the server listens on this machine alone, and ${host} is reached by others; give it one (\`token\`).`,
          { option: 'token' },
        );
      await app.listen({ host, port }).catch((cause: NodeJS.ErrnoException) => {
        const isTaken = cause.code === 'EADDRINUSE';
        const why = isTaken ? 'another program has the port; choose another `port`' : cause.message;
        throw new SegcanaryError('io', `cannot listen on ${host}:${port}: ${why}.`, {
          option: isTaken ? 'port' : null,
          cause,
        });
      });
      const { address, port: bound, family } = (app.server as Server).address() as AddressInfo;
      const url = `http://${family === 'IPv6' ? `[${address}]` : address}:${bound}`;
      return { url, dicom: (await door?.listen()) ?? null };
    },
    async close() {
      const drained = service.drain();
      await door?.close();
      await drained;
      clearInterval(pruning);
      clearInterval(tending);
      await app.close();
      store.close();
      await images.close(data === null);
    },
  };
}
