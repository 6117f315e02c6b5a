import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { type Browser, chromium } from 'playwright';

/** Names that distributions give to it. */
const NAMES = ['chromium', 'chromium-browser', 'google-chrome'];

/**
 * SEGCANARY_CHROMIUM, or the system's chromium, or undefined: then Playwright's own (`npx
 * playwright install chromium`).
 */
function installed(): string | undefined {
  const { SEGCANARY_CHROMIUM, PATH = '' } = process.env;
  if (SEGCANARY_CHROMIUM) return SEGCANARY_CHROMIUM;
  return PATH.split(delimiter)
    .flatMap((folder) => NAMES.map((name) => join(folder, name)))
    .find((path) => existsSync(path));
}

/**
 * Chromium without a window. WebGL 2 is drawn by the processor, so that pixels are the same on
 * every machine.
 */
export function launch(): Promise<Browser> {
  return chromium.launch({
    executablePath: installed(),
    args: ['--use-gl=angle', '--use-angle=swiftshader', '--enable-unsafe-swiftshader'],
  });
}
