import { toAscii } from '../encode.js';
import { CHARACTER, coverage } from './font.js';

export type Colour = readonly [red: number, green: number, blue: number];

/** A picture that is drawn on: RGB, 8 bits. */
export class Canvas {
  readonly width: number;
  readonly height: number;
  /** [y, x, colour]. */
  readonly pixels: Uint8Array;

  constructor(width: number, height: number, [red, green, blue]: Colour) {
    this.width = width;
    this.height = height;
    this.pixels = new Uint8Array(3 * width * height);
    for (let i = 0; i < this.pixels.length; i += 3) this.pixels.set([red, green, blue], i);
  }

  /** Lays a colour over a pixel. */
  blend(x: number, y: number, colour: Colour, share = 1): void {
    if (x < 0 || y < 0 || x >= this.width || y >= this.height || share <= 0) return;
    const at = 3 * (y * this.width + x);
    for (let i = 0; i < 3; i++) this.pixels[at + i] = Math.round(this.pixels[at + i] * (1 - share) + colour[i] * share);
  }

  fill(x: number, y: number, width: number, height: number, colour: Colour): void {
    for (let row = y; row < y + height; row++)
      for (let column = x; column < x + width; column++) this.blend(column, row, colour);
  }

  /** Writes a line of text, its top left corner at (x, y), each pixel of a letter `zoom` wide. */
  text(x: number, y: number, text: string, colour: Colour, zoom: number): void {
    for (const [i, letter] of [...toAscii(text)].entries())
      for (let row = 0; row < CHARACTER.height * zoom; row++)
        for (let column = -zoom; column < CHARACTER.width * zoom; column++)
          this.blend(
            x + i * CHARACTER.width * zoom + column,
            y + row,
            colour,
            coverage(letter.charCodeAt(0), column, row, zoom),
          );
  }

  /**
   * Writes text in as many lines as it needs, and ends the last that is allowed with dots.
   *
   * @returns where the next line would begin
   */
  paragraph(x: number, y: number, text: string, options: ParagraphOptions): number {
    const { width, colour, zoom, lines } = options;
    const all = wrapped(toAscii(text), Math.floor(width / (CHARACTER.width * zoom)));
    const shown = all.slice(0, lines);
    if (all.length > lines) shown[lines - 1] = `${shown[lines - 1].slice(0, -3)}...`;
    const step = CHARACTER.height * zoom + 2 * zoom;
    for (const [i, line] of shown.entries()) this.text(x, y + i * step, line, colour, zoom);
    return y + shown.length * step;
  }
}

export interface ParagraphOptions {
  /** Pixels that a line has. */
  readonly width: number;
  readonly colour: Colour;
  readonly zoom: number;
  /** How many there may be. */
  readonly lines: number;
}

/** Lines of at most so many characters, broken between words, and within a word that is longer. */
export function wrapped(text: string, characters: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(/\s+/).flatMap((long) => pieces(long, characters))) {
    if (line !== '' && line.length + 1 + word.length > characters) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return line === '' ? lines : [...lines, line];
}

const pieces = (word: string, length: number): string[] =>
  Array.from({ length: Math.ceil(word.length / length) }, (_, i) => word.slice(i * length, (i + 1) * length));
