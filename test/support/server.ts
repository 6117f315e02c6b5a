import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type ServerOptions } from '../../src/server/app.js';
import { CLI } from './cli.js';

/** A server, with what tests ask of it. */
export class TestServer {
  readonly url: string;
  readonly #stderr: () => string;
  readonly #stop: (signal: NodeJS.Signals) => Promise<number | null>;

  private constructor(
    url: string,
    stop: (signal: NodeJS.Signals) => Promise<number | null>,
    stderr: () => string = () => '',
  ) {
    this.url = url;
    this.#stop = stop;
    this.#stderr = stderr;
  }

  /** In the process of the test, where its lines are counted. */
  static async here(options: ServerOptions): Promise<TestServer> {
    const server = await createServer(options);
    const { url } = await server.listen({ port: 0 });
    return new TestServer(url, async () => {
      await server.close();
      return 0;
    });
  }

  /**
   * The built `segcanary serve`, in a process of its own, on a free port; comes back when it
   * listens.
   */
  static async start(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<TestServer> {
    const child = spawn(process.execPath, [CLI, 'serve', '--port', '0', ...args], {
      env: { ...process.env, SEGCANARY_TOKEN: undefined, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let stderr = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    const ended = once(child, 'close').then(([code]) => code as number | null);
    const [line] = await Promise.race([
      once(child.stdout.setEncoding('utf8'), 'data') as Promise<[string]>,
      ended.then((code) => {
        throw new Error(`serve ended with ${code}: ${stderr}`);
      }),
    ]);
    const stop = (signal: NodeJS.Signals) => {
      child.kill(signal);
      return ended;
    };
    return new TestServer(line.trim(), stop, () => stderr);
  }

  get stderr(): string {
    return this.#stderr();
  }

  fetch(path: string, init?: RequestInit): Promise<Response> {
    return fetch(`${this.url}${path}`, init);
  }

  /** Sends a scan. */
  post(query: string, body: RequestInit['body'], headers: Record<string, string> = {}): Promise<Response> {
    return this.fetch(`/v1/scans?${query}`, {
      method: 'POST',
      headers: { 'content-type': 'application/gzip', ...headers },
      body: body ?? null,
      duplex: 'half',
    } as RequestInit);
  }

  // biome-ignore lint/suspicious/noExplicitAny: whatever the server says
  async json(path: string): Promise<any> {
    return (await this.fetch(path)).json();
  }

  /** Ends it with a signal; gives the exit code. */
  stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> {
    return this.#stop(signal);
  }
}

/** The parts of a multipart/mixed body: name, and bytes. */
export function partsOf(contentType: string, body: Buffer): Map<string, Buffer> {
  const [, boundary] = /boundary="([^"]+)"/.exec(contentType) ?? [];
  const parts = new Map<string, Buffer>();
  const mark = Buffer.from(`--${boundary}`);
  let at = body.indexOf(mark);
  for (;;) {
    const next = body.indexOf(mark, at + mark.length);
    if (next < 0) return parts;
    // Between the line of the boundary and the line end before the next.
    const part = body.subarray(at + mark.length + 2, next - 2);
    const split = part.indexOf('\r\n\r\n');
    const [, name = ''] = /name="([^"]+)"/.exec(part.subarray(0, split).toString()) ?? [];
    parts.set(name, part.subarray(split + 4));
    at = next;
  }
}
