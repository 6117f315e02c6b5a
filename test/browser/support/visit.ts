import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, Locator, Page, Request } from 'playwright';
import { PNG } from 'pngjs';
import { expect } from 'vitest';

export interface VisitOptions {
  /** @default 1280 */
  readonly width?: number;
  /** @default 'light' */
  readonly theme?: 'light' | 'dark';
  /** Complaints of the browser that belong to the test. */
  readonly expected?: RegExp;
}

/** A page that is looked at: what it asked the network for, and what the browser complained of. */
export class Visit {
  readonly page: Page;
  readonly requests: Request[] = [];
  readonly #complaints: string[] = [];
  readonly #origin: string;
  readonly #expected: RegExp | undefined;

  private constructor(page: Page, origin: string, expected: RegExp | undefined) {
    this.page = page;
    this.#origin = origin;
    this.#expected = expected;
    page.on('request', (request) => this.requests.push(request));
    page.on('console', (message) => {
      if (['error', 'warning'].includes(message.type()))
        this.#complaints.push(`${message.text()} ${message.location().url}`);
    });
    page.on('pageerror', (error) => this.#complaints.push(String(error.stack ?? error)));
  }

  static async to(browser: Browser, url: string, options: VisitOptions = {}): Promise<Visit> {
    const { width = 1280, theme = 'light', expected } = options;
    const page = await browser.newPage({ viewport: { width, height: 900 }, colorScheme: theme });
    const visit = new Visit(page, new URL(url).origin, expected);
    await page.goto(url);
    return visit;
  }

  /**
   * Closes the page. Whatever it did, it asked nobody but its own server, and the browser found
   * nothing wrong: no error, no breach of the content policy.
   */
  async end(): Promise<void> {
    await this.page.close();
    const elsewhere = this.requests
      .map((request) => request.url())
      .filter((url) => new URL(url).origin !== this.#origin);
    expect(elsewhere).toEqual([]);
    expect(this.#complaints.filter((text) => !this.#expected?.test(text))).toEqual([]);
  }

  /**
   * Drags a file from the desktop onto the page, as the browser's own input does, and lets it fall
   * in the middle.
   */
  async drop(path: string, whileOver?: () => Promise<void>): Promise<void> {
    const devtools = await this.page.context().newCDPSession(this.page);
    const { width, height } = this.page.viewportSize()!;
    const drag = (type: 'dragEnter' | 'dragOver' | 'drop') =>
      devtools.send('Input.dispatchDragEvent', {
        type,
        x: width / 2,
        y: height / 2,
        data: { items: [], files: [path], dragOperationsMask: 1 },
      });
    await drag('dragEnter');
    await drag('dragOver');
    await whileOver?.();
    await drag('drop');
    await devtools.detach();
  }

  /** Presses Tab until what the selector says has the focus. */
  async tabTo(selector: string): Promise<void> {
    for (let i = 0; i < 80; i++) {
      await this.page.keyboard.press('Tab');
      if (await this.page.evaluate(`document.activeElement.matches(${JSON.stringify(selector)})`)) return;
    }
    throw new Error(`${selector} is not reached by the Tab key.`);
  }

  /** Whether anything sticks out to the right. */
  async isTooWide(): Promise<boolean> {
    return (await this.page.evaluate('document.documentElement.scrollWidth > innerWidth')) as boolean;
  }

  /** With SEGCANARY_SHOTS=FOLDER, a picture to look at. */
  async shot(name: string): Promise<void> {
    const { SEGCANARY_SHOTS: folder } = process.env;
    if (!folder) return;
    mkdirSync(folder, { recursive: true });
    await this.page.screenshot({ path: join(folder, `${name}.png`), fullPage: true });
  }
}

/** What an element looks like on the screen. */
export async function pixels(element: Locator): Promise<PNG> {
  return PNG.sync.read(await element.screenshot());
}

/** Red, green and blue of a pixel. */
export function rgb(png: PNG, x: number, y: number): [number, number, number] {
  const i = 4 * (y * png.width + x);
  return [png.data[i], png.data[i + 1], png.data[i + 2]];
}
