import { NASTY, type Random } from '../random.js';

/** Damages bytes as disks, networks and enemies do: flips, runs, cuts, copies, insertions. */
export function mutateBytes(bytes: Uint8Array, random: Random, most = 4): Uint8Array {
  let out = Uint8Array.from(bytes);
  for (let i = 1 + random.below(most); i > 0; i--) {
    const at = random.below(out.length);
    const length = Math.min(1 + random.below(64), out.length - at);
    switch (random.below(7)) {
      case 0:
        if (out.length > 0) out[at] = out[at]! ^ (1 << random.below(8));
        break;
      case 1:
        if (out.length > 0) out[at] = random.pick([0, 1, 0x7f, 0x80, 0xff]);
        break;
      case 2:
        out.fill(random.pick([0, 0xff]), at, at + length);
        break;
      case 3:
        out = out.slice(0, at);
        break;
      case 4:
        out = concat(out.subarray(0, at), out.subarray(at + length));
        break;
      case 5:
        out = concat(out.subarray(0, at), out.subarray(at, at + length), out.subarray(at));
        break;
      default:
        out = concat(
          out.subarray(0, at),
          Uint8Array.from({ length }, () => random.below(256)),
          out.subarray(at),
        );
    }
  }
  return out;
}

export function concat(...pieces: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    out.set(piece, at);
    at += piece.length;
  }
  return out;
}

/** Cuts bytes into pieces of any size, as streams do. */
export function* chopped(bytes: Uint8Array, random: Random): Generator<Uint8Array> {
  const longest = random.pick([1, 7, 100, 1000, bytes.length]);
  // One byte at a time only where that is quick.
  const size = bytes.length > 4000 ? Math.max(longest, 512) : longest;
  for (let at = 0; at < bytes.length; ) {
    const length = Math.min(1 + random.below(size), bytes.length - at);
    yield bytes.subarray(at, at + length);
    at += length;
  }
}

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** Changes a JSON value in a few places: drops, retypes, repeats, huge and tiny numbers, odd keys, long texts, deep nesting. */
export function mutateJson(value: unknown, random: Random, most = 3): unknown {
  const root = { value: structuredClone(value) as Json };
  for (let i = 1 + random.below(most); i > 0; i--) {
    const places: [Record<string, Json>, string][] = [];
    collect(root as unknown as Record<string, Json>, places);
    const place = random.pick(places);
    if (place) change(...place, random);
  }
  return root.value;
}

function collect(node: Record<string, Json>, places: [Record<string, Json>, string][]): void {
  for (const key of Object.keys(node)) {
    places.push([node, key]);
    const child = node[key];
    if (child !== null && typeof child === 'object') collect(child as Record<string, Json>, places);
  }
}

function change(parent: Record<string, Json>, key: string, random: Random): void {
  const old = parent[key];
  const put = (value: Json) => {
    parent[key] = value;
  };
  switch (random.below(10)) {
    case 0:
      if (Array.isArray(parent)) parent.splice(Number(key), 1);
      else delete parent[key];
      break;
    case 1:
      put(null);
      break;
    case 2:
    case 3:
      put(random.pick(NASTY));
      break;
    case 4:
      put(random.pick(['', 'NaN', '../../etc/passwd', '__proto__', 'x'.repeat(1 << 16), '\0', '1e999', '3d_fullres']));
      break;
    case 5:
      put([old as Json, old as Json, old as Json]);
      break;
    case 6:
      put(Array.isArray(old) ? [...old, ...old] : { a: old as Json });
      break;
    case 7: {
      let deep: Json = old as Json;
      for (let i = 0; i < 2000; i++) deep = [deep];
      put(deep);
      break;
    }
    case 8:
      if (Array.isArray(parent)) break;
      Object.defineProperty(parent, random.pick(['__proto__', 'constructor', 'toString', 'length']), {
        value: old,
        enumerable: true,
        configurable: true,
        writable: true,
      });
      break;
    default:
      put(random.pick([true, false, [], {}]));
      break;
  }
}
