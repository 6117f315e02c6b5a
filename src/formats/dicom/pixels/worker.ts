import { parentPort } from 'node:worker_threads';
import codecs from 'dcmjs-codecs';
import { freeNow } from './spent.js';
import type { Packing } from './transfer-syntax.js';

/** A frame to be unpacked. */
export interface DecodeRequest {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly packing: Exclude<Packing, 'native' | 'rle'>;
  readonly rows: number;
  readonly columns: number;
  readonly bitsAllocated: number;
  readonly bitsStored: number;
  readonly isSigned: boolean;
}

export type DecodeAnswer =
  | { readonly samples: Uint8Array<ArrayBuffer>; readonly bitsAllocated: number }
  | { readonly error: string };

const { Context, log, NativeCodecs } = codecs;

const decoders = {
  jpeg: 'decodeJpeg',
  'jpeg-ls': 'decodeJpegLs',
  'jpeg-2000': 'decodeJpeg2000',
  htj2k: 'decodeHtJpeg2000',
} as const satisfies Record<DecodeRequest['packing'], keyof typeof NativeCodecs>;

// What the codecs have to say comes back as an error, and nobody else is to hear of it.
log.disableAll();

const port = parentPort!;
await NativeCodecs.initializeAsync();
port.postMessage('ready');

port.on('message', (request: DecodeRequest) => {
  try {
    const { samples, bitsAllocated } = decode(request);
    port.postMessage({ samples, bitsAllocated } satisfies DecodeAnswer, [samples.buffer]);
  } catch (error) {
    port.postMessage({ error: error instanceof Error ? error.message : String(error) } satisfies DecodeAnswer);
  } finally {
    freeNow(request.bytes);
  }
});

function decode(request: DecodeRequest): { samples: Uint8Array<ArrayBuffer>; bitsAllocated: number } {
  const { packing, rows, columns, bitsAllocated, bitsStored, isSigned, bytes } = request;
  const context = new Context({
    width: columns,
    height: rows,
    bitsAllocated,
    bitsStored,
    samplesPerPixel: 1,
    pixelRepresentation: isSigned ? 1 : 0,
    planarConfiguration: 0,
    photometricInterpretation: 'MONOCHROME2',
    encodedBuffer: bytes,
  });
  const decoded = NativeCodecs[decoders[packing]](context);
  const samples = decoded.getDecodedBuffer();
  // The codecs' typing does not say that the buffer is a copy of its own.
  if (samples === undefined || !(samples.buffer instanceof ArrayBuffer)) throw new Error('nothing came out');
  return { samples: new Uint8Array(samples.buffer), bitsAllocated: decoded.getBitsAllocated() ?? 0 };
}
