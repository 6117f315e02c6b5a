import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { SegcanaryClient, type ServerRecord } from '../../src/index.js';
import { CLI } from './cli.js';
import { freePort, listening, until } from './ports.js';

/** `segcanary serve` with a door for scanners, in a process of its own. */
export class Door {
  readonly aet = 'SEGCANARY';
  readonly #args: readonly string[];
  #dicom: number | undefined;
  #url = '';
  #pid: number | undefined;
  #said = '';
  #kill: (signal: NodeJS.Signals) => Promise<number | null> = async () => null;

  /**
   * @param args after `serve`, without `--port` and `--dicom`
   * @param port of its DICOM listener; a free one where it is not given
   */
  constructor(args: readonly string[], port?: number) {
    this.#args = args;
    this.#dicom = port;
  }

  /** Port of its DICOM listener, which outlives a restart. */
  get dicom(): number {
    return this.#dicom ?? 0;
  }

  get url(): string {
    return this.#url;
  }

  get pid(): number | undefined {
    return this.#pid;
  }

  /** All that it said on stdout and stderr. */
  get said(): string {
    return this.#said;
  }

  /** Starts it, or starts it again on the same port. */
  async start(): Promise<this> {
    this.#dicom ??= await freePort();
    const dicom = ['--dicom', `${this.aet}:${this.#dicom}`];
    const child = spawn(process.execPath, [CLI, 'serve', '--port', '0', ...dicom, ...this.#args], {
      env: { ...process.env, SEGCANARY_TOKEN: undefined },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#pid = child.pid;
    const before = this.#said.length;
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => {
        this.#said += text;
      });
    const ended = once(child, 'close').then(([code]) => code as number | null);
    this.#kill = (signal) => {
      child.kill(signal);
      return ended;
    };
    this.#url = await until('the server says where it listens', () => {
      if (child.exitCode !== null) throw new Error(`serve ended with ${child.exitCode}: ${this.#said}`);
      return /http:\/\/[\d.]+:\d+/.exec(this.#said.slice(before))?.[0] ?? null;
    });
    await listening(this.dicom, 'the door');
    return this;
  }

  /** What it answers to a GET. */
  async text(path: string): Promise<string> {
    return (await fetch(`${this.url}${path}`)).text();
  }

  /** Every record, the newest first. */
  async scans(): Promise<ServerRecord[]> {
    const client = new SegcanaryClient({ url: this.url });
    const records: ServerRecord[] = [];
    let before: string | undefined;
    do {
      const page = await client.scans({ limit: 500, before });
      records.push(...page.scans);
      before = page.next ?? undefined;
    } while (before !== undefined);
    return records;
  }

  /** Ends it with a signal; gives the exit code. */
  stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> {
    return this.#kill(signal);
  }
}
