/** Pixels of a character before it is enlarged: a column of space stands behind it. */
export const CHARACTER = { width: 6, height: 9 } as const;

/** Columns of a character; more lie left and right of what is drawn. */
const COLUMNS = 5;

/**
 * From the space on, five columns a character, in hex: bit 0 is the topmost pixel, bit 7 the lowest
 * of what hangs below the line.
 */
const GLYPHS =
  '0000000000 00005f0000 0007000700 147f147f14 242a7f2a12 2313086462 3649552250 0000070000 001c224100 0041221c00 ' +
  '082a1c2a08 08083e0808 00a0600000 0808080808 0060600000 2010080402 3e5149453e 00427f4000 4261514946 2141454b31 ' +
  '1814127f10 2745454539 3c4a494930 0171090503 3649494936 064949291e 0036360000 00b6760000 0814224100 1414141414 ' +
  '0041221408 0201510906 324979413e 7e1111117e 7f49494936 3e41414122 7f4141221c 7f49494941 7f09090901 3e4149497a ' +
  '7f0808087f 00417f4100 2040413f01 7f08142241 7f40404040 7f020c027f 7f0408107f 3e4141413e 7f09090906 3e4151215e ' +
  '7f09192946 4649494931 01017f0101 3f4040403f 1f2040201f 3f4038403f 6314081463 0708700807 6151494543 007f414100 ' +
  '0204081020 0041417f00 0402010204 4040404040 0001020400 2054545478 7f48444438 3844444420 384444487f 3854545418 ' +
  '087e090102 18a4a4a47c 7f08040478 00447d4000 4080847d00 7f10284400 00417f4000 7c04180478 7c08040478 3844444438 ' +
  'fc24242418 18242418fc 7c08040408 4854545420 043f444020 3c4040207c 1c2040201c 3c4030403c 4428102844 1ca0a0a07c ' +
  '4464544c44 0008364100 00007f0000 0041360800 0804080808';

const glyphs = GLYPHS.split(' ').map((hex) => Buffer.from(hex, 'hex'));
const FIRST = 0x20;
const UNKNOWN = '?'.charCodeAt(0);

/** Whether a pixel of a character is set. */
function isSet(code: number, x: number, y: number): boolean {
  if (x < 0 || x >= COLUMNS || y < 0 || y >= 8) return false;
  const columns = glyphs[code - FIRST] ?? glyphs[UNKNOWN - FIRST];
  return ((columns[x] >> y) & 1) === 1;
}

/**
 * How much of a pixel of an enlarged character is covered, 0 to 1: the edge between pixels that are
 * set and pixels that are not is drawn smooth.
 *
 * @param code of the character, one of ASCII
 * @param x pixel of the enlarged character, from its left edge
 * @param y from its top
 */
export function coverage(code: number, x: number, y: number, zoom: number): number {
  const [u, v] = [(x + 0.5) / zoom - 0.5, (y + 0.5) / zoom - 0.5];
  const [left, top] = [Math.floor(u), Math.floor(v)];
  const [a, b] = [u - left, v - top];
  const at = (dx: number, dy: number) => Number(isSet(code, left + dx, top + dy));
  const share = (1 - b) * ((1 - a) * at(0, 0) + a * at(1, 0)) + b * ((1 - a) * at(0, 1) + a * at(1, 1));
  return Math.min(Math.max((share - 0.42) * zoom + 0.5, 0), 1);
}
