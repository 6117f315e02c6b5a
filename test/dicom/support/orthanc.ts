import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort, until } from '../../support/ports.js';

/** Where Debian puts Orthanc's DICOMweb. */
const DICOMWEB = '/usr/share/orthanc/plugins/libOrthancDicomWeb.so';

export interface OrthancSettings {
  /** Modalities beside the test's own tools: name to [AE title, host, port]. */
  readonly modalities?: Record<string, readonly [string, string, number]>;
  readonly scripts?: readonly string[];
  /** Settings that take the place of the test's. */
  readonly also?: Record<string, unknown>;
}

/**
 * An Orthanc of the test's own: configuration and storage in a temporary folder, ports that were
 * free. Debian's 1.10.1 listens on every address, whatever it is told: it answers to loopback
 * alone, over HTTP by `RemoteAccessAllowed`, over DICOM by the list of its modalities.
 */
export class Orthanc {
  readonly aet = 'ORTHANC';
  readonly folder = mkdtempSync(join(tmpdir(), 'segcanary-orthanc-'));
  readonly #settings: OrthancSettings;
  #ports: readonly [http: number, dicom: number] | undefined;
  #stop: () => Promise<void> = async () => {};
  #log = '';

  constructor(settings: OrthancSettings = {}) {
    this.#settings = settings;
  }

  get http(): number {
    return this.#ports?.[0] ?? 0;
  }

  get dicom(): number {
    return this.#ports?.[1] ?? 0;
  }

  get dicomweb(): string {
    return `http://127.0.0.1:${this.http}/dicom-web`;
  }

  get log(): string {
    return this.#log;
  }

  /** Starts it, or starts it again on the same ports and storage. */
  async start(): Promise<this> {
    this.#ports ??= [await freePort(), await freePort()];
    const storage = join(this.folder, 'storage');
    mkdirSync(storage, { recursive: true });
    const configuration = join(this.folder, 'orthanc.json');
    const senders = Object.fromEntries(
      ['SENDER', 'SEGCANARY', 'TESTER'].map((aet) => [aet.toLowerCase(), [aet, '127.0.0.1', 104]]),
    );
    writeFileSync(
      configuration,
      JSON.stringify({
        Name: 'segcanary test',
        StorageDirectory: storage,
        IndexDirectory: storage,
        HttpPort: this.http,
        DicomPort: this.dicom,
        DicomAet: this.aet,
        RemoteAccessAllowed: false,
        AuthenticationEnabled: false,
        DicomAlwaysAllowEcho: false,
        DicomAlwaysAllowStore: false,
        DicomCheckModalityHost: true,
        DicomCheckCalledAet: true,
        UnknownSopClassAccepted: true,
        OverwriteInstances: true,
        StableAge: 2,
        DicomModalities: { ...senders, ...this.#settings.modalities },
        LuaScripts: this.#settings.scripts ?? [],
        Plugins: [DICOMWEB],
        DicomWeb: { Enable: true, Root: '/dicom-web/', EnableWado: false },
        ...this.#settings.also,
      }),
    );
    const child = spawn('Orthanc', [configuration], { stdio: ['ignore', 'pipe', 'pipe'] });
    const ended = once(child, 'close');
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => {
        this.#log += text;
      });
    this.#stop = async () => {
      child.kill('SIGTERM');
      await ended;
    };
    await until('Orthanc answers', async () => {
      if (child.exitCode !== null) throw new Error(`Orthanc ended with ${child.exitCode}: ${this.#log}`);
      return fetch(`http://127.0.0.1:${this.http}/system`).then(
        (answer) => answer.ok,
        () => false,
      );
    });
    return this;
  }

  stop(): Promise<void> {
    return this.#stop();
  }

  async end(): Promise<void> {
    await this.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }

  // biome-ignore lint/suspicious/noExplicitAny: whatever Orthanc says
  async json(path: string, init?: RequestInit): Promise<any> {
    const answer = await fetch(`http://127.0.0.1:${this.http}${path}`, init);
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
    return answer.json();
  }

  /** Each instance: its modality, SOP class, study and series, by what Orthanc has indexed. */
  async instances(): Promise<{ id: string; modality: string; study: string; series: string }[]> {
    const ids: string[] = await this.json('/instances');
    return Promise.all(
      ids.map(async (id) => {
        const tags = await this.json(`/instances/${id}/simplified-tags`);
        return { id, modality: tags.Modality, study: tags.StudyInstanceUID, series: tags.SeriesInstanceUID };
      }),
    );
  }
}
