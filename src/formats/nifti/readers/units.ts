/**
 * Millimetres in a unit of the header: metres are 1, millimetres 2, microns 3, and every other
 * code is taken for millimetres. Source: nifti1.h, NIFTI_UNITS_*.
 */
export const millimetresOf = (xyztUnits: number): number => ({ 1: 1000, 3: 0.001 })[xyztUnits & (7 as 1 | 3)] ?? 1;
