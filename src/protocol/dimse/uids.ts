export const VERIFICATION = '1.2.840.10008.1.1';

/**
 * What sends and receives, from a UUID (PS3.5, annex B.2), so that no registration is needed.
 * Objects that are made have another one: a scan that was received is not taken for one of them.
 */
export const IMPLEMENTATION_UID = '2.25.41592303900543535516023258220868060877';
export const IMPLEMENTATION_VERSION = 'SEGCANARY';

/** Storage classes that do not lie below the arc of all others (PS3.4, table B.5-1). */
const ELSEWHERE = [
  '1.2.840.10008.5.1.4.34.7',
  '1.2.840.10008.5.1.4.34.10',
  '1.2.840.10008.5.1.4.39.1',
  '1.2.840.10008.5.1.4.43.1',
  '1.2.840.10008.5.1.4.44.1',
  '1.2.840.10008.5.1.4.45.1',
  // Siemens CSA Non-Image Storage, which scanners send among their series.
  '1.3.12.2.1107.5.9.1',
];

/** Whether a SOP class is one that C-STORE stores. */
export const isStorageClass = (uid: string): boolean =>
  uid.startsWith('1.2.840.10008.5.1.4.1.1.') || ELSEWHERE.includes(uid);

/**
 * Transfer syntaxes that `formats/dicom` reads, best first: what needs no decoding, then what loses
 * nothing, then the lossy ones.
 */
export const TRANSFER_SYNTAXES: readonly string[] = [
  '1.2.840.10008.1.2.1',
  '1.2.840.10008.1.2',
  '1.2.840.10008.1.2.2',
  '1.2.840.10008.1.2.1.99',
  '1.2.840.10008.1.2.5',
  '1.2.840.10008.1.2.4.57',
  '1.2.840.10008.1.2.4.70',
  '1.2.840.10008.1.2.4.80',
  '1.2.840.10008.1.2.4.90',
  '1.2.840.10008.1.2.4.201',
  '1.2.840.10008.1.2.4.202',
  '1.2.840.10008.1.2.4.50',
  '1.2.840.10008.1.2.4.51',
  '1.2.840.10008.1.2.4.81',
  '1.2.840.10008.1.2.4.91',
  '1.2.840.10008.1.2.4.203',
];

/** The form of a UID (PS3.5, section 9.1), loosely: real ones have leading zeros now and then. */
export const isUid = (text: string): boolean => text.length <= 64 && /^\d+(\.\d+)+$/.test(text);
