import { readdir } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fastifyStatic from '@fastify/static';
import type { FastifyInstance } from 'fastify';

/** index.html, style.css and ES modules, as they lie in the package: nothing is built. */
const PAGE = fileURLToPath(new URL('../../assets/page', import.meta.url));

/**
 * Nothing from elsewhere, no inline script or style, no frame. NiiVue's font is a data: image; a
 * file that the browser shows is never uploaded by an address, so that `connect-src` needs nothing
 * but this server.
 */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/**
 * Where each file of the page lies, by the path that it is asked for under. No path of a client
 * reaches the disk.
 */
async function pageFiles(): Promise<Map<string, string>> {
  const files = new Map<string, string>([['/', join(PAGE, 'index.html')]]);
  for (const name of await readdir(PAGE)) files.set(`/assets/${name}`, join(PAGE, name));
  files.set('/assets/niivue.js', fileURLToPath(new URL('../../dist/index.js', import.meta.resolve('@niivue/niivue'))));
  // The module build imports a package by its name, which a browser cannot resolve; this one is
  // whole.
  const chart = dirname(createRequire(import.meta.url).resolve('chart.js'));
  files.set('/assets/chart.js', join(chart, 'chart.umd.min.js'));
  return files;
}

/**
 * The page at `/`, and what it is made of: all of it from this package and from those it depends
 * on, so that it works without a network.
 */
export async function pageRoutes(app: FastifyInstance): Promise<void> {
  const files = await pageFiles();
  await app.register(fastifyStatic, { root: PAGE, serve: false, cacheControl: false });
  for (const [path, file] of files)
    app.get(path, { config: { public: true }, schema: { hide: true } }, (_request, reply) =>
      reply
        // Kept by the browser, asked about each time: a new version is seen at once, and the 3 MB
        // of NiiVue travel once.
        .headers({ 'content-security-policy': POLICY, 'cache-control': 'no-cache' })
        .sendFile(file.slice(dirname(file).length + 1), dirname(file)),
    );
}
