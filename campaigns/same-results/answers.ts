import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import type { Checkout } from './checkouts.js';
import type { Outputs } from './compare.js';

export interface Served {
  readonly detector: string;
  readonly model: string;
  readonly scan: string;
}

/** What a server of a checkout answers, each with its status and its type. */
export async function answersOf({ cli, work }: Checkout, { detector, model, scan }: Served): Promise<Outputs> {
  const args = [cli, 'serve', '-q', '-d', `it=${detector}`, '-m', model, '--port', '0', '--threads', '1'];
  const child = spawn(process.execPath, args, { cwd: work, stdio: ['ignore', 'pipe', 'inherit'] });
  try {
    const [url] = (await Promise.race([
      once(createInterface({ input: child.stdout }), 'line'),
      once(child, 'exit').then(([code]) => {
        throw new Error(`segcanary serve ended with ${code} before it listened.`);
      }),
    ])) as [string];
    const image = readFileSync(scan);
    const post = (query: string, body: Uint8Array, type = 'application/gzip') =>
      fetch(`${url}/v1/scans?${query}`, { method: 'POST', body, headers: { 'content-type': type } });
    const asked: Record<string, () => Promise<Response>> = {
      plain: () => post('case=a', image),
      explained: () => post('case=a&explain=1', image),
      'mask, in parts': () => post('case=a&mask=1&explain=1', image),
      'mask and segmentation, in parts': () => post('case=a&mask=1&segment=1', image),
      'error: cut': () => post('case=a', image.subarray(0, image.length / 2)),
      'error: not a scan': () => post('case=a', Buffer.from('x'.repeat(1000))),
      'error: no such detector': () => post('case=a&detector=none', image),
      'error: no type': () => post('case=a', image, 'text/plain'),
      'error: query': () => post('case=a&volume=x', image),
      'error: no such scan': () => fetch(`${url}/v1/scans/none`),
      detectors: () => fetch(`${url}/v1/detectors`),
    };
    const answers = new Map<string, Uint8Array>();
    for (const [name, ask] of Object.entries(asked)) answers.set(name, await bytesOf(await ask()));
    return answers;
  } finally {
    child.kill('SIGTERM');
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  }
}

/** The boundary between parts is drawn anew for every answer. */
async function bytesOf(answer: Response): Promise<Buffer> {
  const type = answer.headers.get('content-type') ?? 'none';
  const boundary = /boundary="([^"]+)"/.exec(type)?.[1];
  const body = Buffer.from(await answer.arrayBuffer()).toString('latin1');
  const steady = (text: string) => (boundary === undefined ? text : text.replaceAll(boundary, 'BOUNDARY'));
  const head = `${answer.status} ${type}`;
  // Still JSON, so that an error that says more is told from another error.
  if (type.startsWith('application/json')) return Buffer.from(`{"head":"${head}","body":${body}}`, 'latin1');
  return Buffer.from(`${steady(head)}\n${steady(body)}`, 'latin1');
}
