/** What an object is, by its SOP class: PS3.4 B.5. */
export interface SopClass {
  /** In a sentence, after a number: `CT slices`. */
  readonly what: string;
  /** Whether its frames can be the slices of a scan. */
  readonly isVolume: boolean;
}

const STORAGE = '1.2.840.10008.5.1.4.1.1.';
const volume = (what: string): SopClass => ({ what, isVolume: true });
const aside = (what: string): SopClass => ({ what, isVolume: false });

const CLASSES: Readonly<Record<string, SopClass>> = {
  [`${STORAGE}2`]: volume('CT slices'),
  [`${STORAGE}2.1`]: volume('enhanced CT objects'),
  [`${STORAGE}2.2`]: volume('legacy converted enhanced CT objects'),
  [`${STORAGE}4`]: volume('MR slices'),
  [`${STORAGE}4.1`]: volume('enhanced MR objects'),
  [`${STORAGE}4.4`]: volume('legacy converted enhanced MR objects'),
  [`${STORAGE}128`]: volume('PET slices'),
  [`${STORAGE}128.1`]: volume('legacy converted enhanced PET objects'),
  [`${STORAGE}130`]: volume('enhanced PET objects'),
  [`${STORAGE}4.2`]: aside('MR spectroscopies'),
  [`${STORAGE}4.3`]: aside('enhanced MR colour images'),
  [`${STORAGE}7`]: aside('secondary captures'),
  [`${STORAGE}7.1`]: aside('secondary captures'),
  [`${STORAGE}7.2`]: aside('secondary captures'),
  [`${STORAGE}7.3`]: aside('secondary captures'),
  [`${STORAGE}7.4`]: aside('secondary captures'),
  [`${STORAGE}66`]: aside('raw data objects'),
  [`${STORAGE}66.1`]: aside('spatial registrations'),
  [`${STORAGE}66.2`]: aside('spatial fiducials'),
  [`${STORAGE}66.3`]: aside('deformable registrations'),
  [`${STORAGE}66.4`]: aside('segmentations'),
  [`${STORAGE}66.5`]: aside('surface segmentations'),
  [`${STORAGE}66.7`]: aside('labelmap segmentations'),
  [`${STORAGE}30`]: aside('parametric maps'),
  [`${STORAGE}67`]: aside('real world value mappings'),
  [`${STORAGE}104.1`]: aside('PDF documents'),
  [`${STORAGE}481.1`]: aside('radiotherapy images'),
  [`${STORAGE}481.2`]: aside('radiotherapy doses'),
  [`${STORAGE}481.3`]: aside('radiotherapy structure sets'),
  [`${STORAGE}481.5`]: aside('radiotherapy plans'),
  [`${STORAGE}88.67`]: aside('radiation dose reports'),
  [`${STORAGE}88.59`]: aside('key object selections'),
  '1.2.840.10008.1.3.10': aside('directories of a medium (DICOMDIR)'),
};

/** UIDs that begin so, where none above fits. */
const FAMILIES: readonly (readonly [string, string])[] = [
  [`${STORAGE}88.`, 'structured reports'],
  [`${STORAGE}11.`, 'presentation states'],
  [`${STORAGE}481.`, 'radiotherapy objects'],
  [`${STORAGE}9.`, 'waveforms'],
];

/** What the objects of a SOP class are. */
export function sopClassOf(uid: string): SopClass {
  return (
    CLASSES[uid] ??
    aside(FAMILIES.find(([start]) => uid.startsWith(start))?.[1] ?? 'objects that are neither CT nor MR nor PET')
  );
}
