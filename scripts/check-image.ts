/**
 * The container without an engine: runs the steps of the Dockerfile in clean folders, says how
 * large what they leave is (the base not counted), and then starts what is there as a container
 * would: as the image's user, with its environment and its volumes, its command and its health
 * check. A scan is posted, and SIGTERM has to end it with 0.
 *
 *     npm run check:image
 */
import { chmodSync, cpSync, mkdirSync, mkdtempSync, openAsBlob, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { writeScan } from '../test/support/scans.js';
import { buildImage, type Image } from './image/build.js';
import { filesOf, foreignBinaries } from './image/inspect.js';
import { commandOf, ended, giveVolumes, healthcheckOf, type Mounts, runIn } from './image/run.js';

const checkout = fileURLToPath(new URL('..', import.meta.url));
const TOKEN = 'for-the-check-of-the-image';
const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(1)} MB`;

const scratch = mkdtempSync(join(tmpdir(), 'segcanary-image-'));
chmodSync(scratch, 0o755);
try {
  const image = buildImage(checkout, scratch, console.log);
  giveVolumes(image);
  weigh(image);
  const outside = join(scratch, 'outside');
  mkdirSync(outside);
  await must(image, ['--version']);
  const mounts = await prepare(image, outside);
  await serve(image, mounts, outside);
} finally {
  rmSync(scratch, { recursive: true, force: true });
}

function weigh({ root }: Image): void {
  const files = filesOf(root);
  const foreign = foreignBinaries(
    files.map(({ path }) => path),
    process,
  );
  if (foreign.length > 0) throw new Error(`Binaries of other systems are in the image: ${foreign.join(', ')}`);
  const parts = new Map<string, number>();
  for (const { path, bytes } of files) {
    const part = /^app\/(node_modules\/(@[^/]+\/)?[^/]+|[^/]+)/.exec(path)?.[1] ?? path;
    parts.set(part, (parts.get(part) ?? 0) + bytes);
  }
  const total = files.reduce((sum, { bytes }) => sum + bytes, 0);
  console.log(`over the base image: ${megabytes(total)} in ${files.length} files`);
  for (const [part, bytes] of [...parts].sort(([, a], [, b]) => b - a).slice(0, 8))
    console.log(`  ${megabytes(bytes).padStart(9)}  ${part}`);
}

/** A detector, fitted by the image's own command, a token and a scan. */
async function prepare(image: Image, outside: string): Promise<Mounts> {
  const train = join(outside, 'train');
  mkdirSync(train);
  for (let seed = 0; seed < 4; seed++) await writeScan({ path: join(train, `${seed}.nii.gz`), seed });
  await writeScan({ path: join(outside, 'scan.nii.gz'), seed: 100 });
  cpSync(join(checkout, 'examples/phantom/model'), join(outside, 'model'), { recursive: true });
  const mounts = { '/model': join(outside, 'model'), '/train': train };
  await must(image, ['fit', '-m', '/model', '-i', '/train', '-o', '/data/detector'], mounts);
  writeFileSync(join(outside, 'token'), TOKEN);
  return { '/run/secrets/segcanary_token': join(outside, 'token'), '/detector': join(image.root, 'data/detector') };
}

async function serve(image: Image, mounts: Mounts, outside: string): Promise<void> {
  const server = runIn(image, commandOf(image), mounts);
  const end = ended(server);
  try {
    await Promise.race([
      healthy(image),
      end.then(({ code, text }) => {
        throw new Error(`The server ended with ${code}: ${text}`);
      }),
    ]);
    console.log(`serves: ${commandOf(image).join(' ')}`);
    const post = async (authorization: string) => {
      return fetch('http://127.0.0.1:8470/v1/scans', {
        method: 'POST',
        headers: { authorization, 'content-type': 'application/gzip' },
        body: await openAsBlob(join(outside, 'scan.nii.gz')),
      });
    };
    const refused = await post('Bearer wrong');
    if (refused.status !== 401) throw new Error(`A wrong token was answered with ${refused.status}.`);
    const answer = await post(`Bearer ${TOKEN}`);
    const text = await answer.text();
    if (answer.status !== 200) throw new Error(`A scan was answered with ${answer.status}: ${text}`);
    console.log(`scored a scan: ${text}`);
  } finally {
    server.kill('SIGTERM');
  }
  const { code, text } = await end;
  if (code !== 0) throw new Error(`SIGTERM ended the server with ${code}: ${text}`);
  console.log('SIGTERM: ended with 0');
}

/** Asks as HEALTHCHECK does until it says yes. */
async function healthy(image: Image): Promise<void> {
  for (let tries = 0; tries < 120; tries++) {
    const { code } = await ended(runIn(image, healthcheckOf(image)));
    if (code === 0) return;
    await sleep(500);
  }
  throw new Error('The health check did not say yes within a minute.');
}

async function must(image: Image, args: readonly string[], mounts: Mounts = {}): Promise<void> {
  const { code, text } = await ended(runIn(image, commandOf(image, args), mounts));
  if (code !== 0) throw new Error(`segcanary ${args.join(' ')} ended with ${code}: ${text}`);
  console.log(`segcanary ${args[0]}: ${text.trim().split('\n')[0]}`);
}
