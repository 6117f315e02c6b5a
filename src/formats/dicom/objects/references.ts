import { SegcanaryError } from '../../../errors.js';
import type { DicomSource, SourceFrame } from '../dicom-source.js';
import { byUid } from './copied.js';
import { type Attributes, type Element, element, encode, item, sequence } from './encode.js';

/** A code of a scheme: value, scheme, meaning. */
export type Code = readonly [value: string, scheme: string, meaning: string];

/** The scheme of codes that segcanary has made up; docs/dicom.md says what they mean. */
export const OWN_SCHEME = '99SEGCANARY';

/** The item of a code sequence. */
export function codeItem([CodeValue, CodingSchemeDesignator, CodeMeaning]: Code): Attributes {
  return CodeValue.length > 16
    ? { LongCodeValue: CodeValue, CodingSchemeDesignator, CodeMeaning }
    : { CodeValue, CodingSchemeDesignator, CodeMeaning };
}

/** Refers to an instance, or to one of its frames. */
export const referenceTo = ({ sopClass, sopInstance, frame }: SourceFrame): Attributes => ({
  ReferencedSOPClassUID: sopClass,
  ReferencedSOPInstanceUID: sopInstance,
  ...(frame !== null && { ReferencedFrameNumber: frame }),
});

/** The same as bytes: there is one a frame, and a series may have thousands. */
export function referenceBytes({ sopClass, sopInstance, frame }: SourceFrame): Buffer {
  const elements = [
    element(0x00081150, 'UI', Buffer.from(sopClass), 0),
    element(0x00081155, 'UI', Buffer.from(sopInstance), 0),
    ...(frame === null ? [] : [element(0x00081160, 'IS', Buffer.from(String(frame)))]),
  ];
  return Buffer.concat(elements.map(({ bytes }) => bytes));
}

/** Every instance that the slices came from, once, as items of a reference. */
export function instancesOf({ frames }: DicomSource): Buffer[] {
  const seen = new Map<string, SourceFrame>();
  for (const frame of frames) if (!seen.has(frame.sopInstance)) seen.set(frame.sopInstance, frame);
  return [...seen.values()].sort(byUid).map((frame) => item(referenceBytes({ ...frame, frame: null })));
}

/** Module Common Instance Reference (PS3.3 section C.12.2): the series, all of it. */
export function referencedSeries(source: DicomSource): Element {
  const series = item(sequence(0x0008114a, instancesOf(source)).bytes, encode({ SeriesInstanceUID: source.series }));
  return sequence(0x00081115, [series]);
}

/** The same for a report: Current Requested Procedure Evidence (PS3.3 section C.17.2). */
export function evidence(source: DicomSource): Element {
  const series = item(sequence(0x00081199, instancesOf(source)).bytes, encode({ SeriesInstanceUID: source.series }));
  const study = item(sequence(0x00081115, [series]).bytes, encode({ StudyInstanceUID: source.study }));
  return sequence(0x0040a375, [study]);
}

/**
 * Refuses a series that no object can refer to: an archive knows studies and instances by their
 * UIDs alone, and would take two instances of one UID for one.
 *
 * @param name of the scan, for the message
 * @throws SegcanaryError `dicom-invalid`
 */
export function refuseUnreferable({ study, frames }: DicomSource, name: string): void {
  const refuse = (what: string): never => {
    throw new SegcanaryError('dicom-invalid', `${what}, so that no object can refer to them; leave \`format\` out.`, {
      subject: name,
      option: 'format',
    });
  };
  if (study === '') refuse('its files have no Study Instance UID (0020,000d)');
  const files = new Map<string, string>();
  for (const { sopInstance, file } of frames) {
    if (sopInstance === '') refuse(`${file.name} has no SOP Instance UID (0008,0018)`);
    const other = files.get(sopInstance) ?? file.name;
    if (other !== file.name) refuse(`${other} and ${file.name} have one SOP Instance UID (0008,0018)`);
    files.set(sopInstance, file.name);
  }
}
