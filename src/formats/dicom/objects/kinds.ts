/** The objects that are written: SOP classes, modalities, and the place among the series. */
export const KINDS = {
  segmentation: {
    sopClass: '1.2.840.10008.5.1.4.1.1.66.4',
    modality: 'SEG',
    number: 1,
    description: 'segcanary segmentation',
  },
  labelmap: {
    sopClass: '1.2.840.10008.5.1.4.1.1.66.7',
    modality: 'SEG',
    number: 2,
    description: 'segcanary segmentation (labelmap)',
  },
  map: {
    sopClass: '1.2.840.10008.5.1.4.1.1.30',
    modality: null,
    number: 3,
    description: 'segcanary uncertainty map',
  },
  report: {
    sopClass: '1.2.840.10008.5.1.4.1.1.88.34',
    modality: 'SR',
    number: 4,
    description: 'segcanary report',
  },
  page: { sopClass: '1.2.840.10008.5.1.4.1.1.7', modality: 'OT', number: 5, description: 'segcanary page' },
} as const;

export type ObjectKind = keyof typeof KINDS;

/** By which the files of segcanary are known; it never changes. */
export const IMPLEMENTATION = '2.25.197570278694377147085125278195930898661';
