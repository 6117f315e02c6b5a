import type { DicomHeader } from './dicom-header.js';

/**
 * A header whose texts are those of another one where they are equal: thousands of slices of a
 * series say the same.
 */
export function sharing(header: DicomHeader, first: DicomHeader): DicomHeader {
  const same = <T>(a: T, b: T): T => (JSON.stringify(a) === JSON.stringify(b) ? b : a);
  return {
    ...header,
    sopClass: same(header.sopClass, first.sopClass),
    study: same(header.study, first.study),
    series: same(header.series, first.series),
    frameOfReference: same(header.frameOfReference, first.frameOfReference),
    modality: same(header.modality, first.modality),
    imageType: same(header.imageType, first.imageType),
    seriesDescription: same(header.seriesDescription, first.seriesDescription),
    kernel: same(header.kernel, first.kernel),
    equipment: same(header.equipment, first.equipment),
    pixels: header.pixels && {
      ...header.pixels,
      transferSyntax: same(header.pixels.transferSyntax, first.pixels?.transferSyntax ?? header.pixels.transferSyntax),
      photometric: same(header.pixels.photometric, first.pixels?.photometric ?? header.pixels.photometric),
    },
    frames: header.frames.map((frame) => ({
      ...frame,
      orientation: same(frame.orientation, first.frames[0].orientation),
      pixelSpacing: same(frame.pixelSpacing, first.frames[0].pixelSpacing),
      unit: same(frame.unit, first.frames[0].unit),
      dimensions: same(frame.dimensions, first.frames[0].dimensions),
    })),
  };
}
