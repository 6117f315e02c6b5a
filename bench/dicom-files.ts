import codecs from 'dcmjs-codecs';

export const SIZE = 512;

/** An element in explicit little endian, of the representations whose length has 16 bits. */
function element(group: number, number: number, vr: string, value: string | number): Buffer {
  const bytes = typeof value === 'number' ? Buffer.alloc(2) : Buffer.from(value.length % 2 ? `${value}\0` : value);
  if (typeof value === 'number') bytes.writeUInt16LE(value);
  const head = Buffer.alloc(8);
  head.writeUInt16LE(group, 0);
  head.writeUInt16LE(number, 2);
  head.write(vr, 4, 'latin1');
  head.writeUInt16LE(bytes.length, 6);
  return Buffer.concat([head, bytes]);
}

const u32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
};
const item = (value: Uint8Array): Buffer =>
  Buffer.concat([Buffer.from([0xfe, 0xff, 0x00, 0xe0]), u32(value.length), value]);
const delimiter = Buffer.from([0xfe, 0xff, 0xdd, 0xe0, 0, 0, 0, 0]);

/**
 * A CT slice of 512 x 512, 12 bits of 16.
 *
 * @param frame packed; null for native zeros, which the caller's file holds behind these bytes
 */
export function ctSlice(z: number, transferSyntax: string, frame: Uint8Array | null): Buffer {
  const uid = '1.2.826.0.1.3680043.10.1';
  const meta = Buffer.concat([
    element(2, 2, 'UI', '1.2.840.10008.5.1.4.1.1.2'),
    element(2, 3, 'UI', `${uid}.${z + 1}`),
    element(2, 0x10, 'UI', transferSyntax),
  ]);
  const bytes = SIZE * SIZE * 2;
  const pixels = frame === null ? [] : [item(Buffer.alloc(0)), item(frame), delimiter];
  return Buffer.concat([
    Buffer.alloc(128),
    Buffer.from('DICM'),
    meta,
    element(8, 8, 'CS', 'ORIGINAL\\PRIMARY\\AXIAL'),
    element(8, 0x16, 'UI', '1.2.840.10008.5.1.4.1.1.2'),
    element(8, 0x18, 'UI', `${uid}.${z + 1}`),
    element(8, 0x60, 'CS', 'CT'),
    element(0x18, 0x50, 'DS', '1'),
    element(0x20, 0x0d, 'UI', `${uid}.0.1`),
    element(0x20, 0x0e, 'UI', `${uid}.0.2`),
    element(0x20, 0x32, 'DS', `0\\0\\${z}`),
    element(0x20, 0x37, 'DS', '1\\0\\0\\0\\1\\0'),
    element(0x28, 2, 'US', 1),
    element(0x28, 4, 'CS', 'MONOCHROME2'),
    element(0x28, 0x10, 'US', SIZE),
    element(0x28, 0x11, 'US', SIZE),
    element(0x28, 0x30, 'DS', '0.7\\0.7'),
    element(0x28, 0x100, 'US', 16),
    element(0x28, 0x101, 'US', 12),
    element(0x28, 0x102, 'US', 11),
    element(0x28, 0x103, 'US', 0),
    element(0x28, 0x1052, 'DS', '-1024'),
    element(0x28, 0x1053, 'DS', '1'),
    Buffer.from([0xe0, 0x7f, 0x10, 0x00, 0x4f, frame === null ? 0x57 : 0x42, 0, 0]),
    u32(frame === null ? bytes : 0xffffffff),
    ...pixels,
  ]);
}

/** Transfer syntaxes that the codecs write, and how. */
export const PACKED = {
  'RLE Lossless': ['1.2.840.10008.1.2.5', 'encodeRle', {}],
  'JPEG Lossless': ['1.2.840.10008.1.2.4.70', 'encodeJpeg', {}],
  'JPEG-LS Lossless': ['1.2.840.10008.1.2.4.80', 'encodeJpegLs', {}],
  'JPEG 2000 Lossless': ['1.2.840.10008.1.2.4.90', 'encodeJpeg2000', {}],
  'HTJ2K Lossless': ['1.2.840.10008.1.2.4.201', 'encodeHtJpeg2000', {}],
} as const;

/** A body of 12 bits with a scanner's noise, packed. */
export async function packedFrame(name: keyof typeof PACKED): Promise<Uint8Array> {
  const { Context, NativeCodecs } = codecs;
  if (!NativeCodecs.isInitialized()) await NativeCodecs.initializeAsync();
  const voxels = new Uint16Array(SIZE * SIZE);
  let seed = 1;
  for (let i = 0; i < voxels.length; i++) {
    seed = (Math.imul(seed, 1_103_515_245) + 12_345) & 0x7fffffff;
    const [x, y] = [(i % SIZE) / SIZE - 0.5, Math.floor(i / SIZE) / SIZE - 0.5];
    const isBody = (x / 0.42) ** 2 + (y / 0.3) ** 2 < 1;
    voxels[i] = isBody ? 1024 + 200 * Math.sin(20 * x) + ((seed >> 16) % 40) : (seed >> 16) % 12;
  }
  const context = new Context({
    width: SIZE,
    height: SIZE,
    bitsAllocated: 16,
    bitsStored: 12,
    samplesPerPixel: 1,
    pixelRepresentation: 0,
    planarConfiguration: 0,
    photometricInterpretation: 'MONOCHROME2',
    decodedBuffer: new Uint8Array(voxels.buffer),
  });
  const [, encode, how] = PACKED[name];
  const encoded = NativeCodecs[encode](context, how).getEncodedBuffer();
  if (encoded === undefined) throw new Error(`${name} was not written`);
  return encoded;
}
