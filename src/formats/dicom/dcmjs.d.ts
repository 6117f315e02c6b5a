/** What is used of dcmjs 0.50.3, which comes without types. */
declare module 'dcmjs' {
  /** A logger of the loglevel that dcmjs has bundled. */
  interface Logger {
    setLevel(level: 'silent' | 'warn', persist?: boolean): void;
    getLogger(name: string): Logger;
    getLoggers(): Record<string, Logger>;
  }

  /** A data set by tag, as DICOM JSON has it: `{ "00100010": { vr: "PN", Value: […] } }`. */
  type TaggedDataset = Record<string, { readonly vr: string; readonly Value?: readonly unknown[] }>;

  /** Bytes that grow as they are written. */
  interface WriteBufferStream {
    /** Bytes written so far, which the stream keeps as its own. */
    getBuffer(): ArrayBuffer | Uint8Array;
  }

  export interface Dcmjs {
    readonly log: Logger;
    readonly data: {
      readonly Colors: {
        /** Red, green and blue of 0 to 1, to CIELab as DICOM encodes it, not yet rounded. */
        rgb2DICOMLAB(rgb: readonly [number, number, number]): number[];
      };
      readonly WriteBufferStream: new (initialSize: number) => WriteBufferStream;
      readonly DicomMessage: {
        /** Writes elements in ascending order of their tags, sequences with undefined length. */
        write(dataset: TaggedDataset, stream: WriteBufferStream, syntax: string, options: object): number;
      };
      readonly DicomMetaDictionary: {
        /** From keywords to tags, each with its value representation. */
        denaturalizeDataset(dataset: object): TaggedDataset;
      };
    };
  }

  const dcmjs: Dcmjs;
  export default dcmjs;
}
