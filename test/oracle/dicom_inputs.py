"""A small study as a hospital sends it, for the tests of what users name: test/jobs/dicom-inputs and test/cli/dicom.

    python test/oracle/dicom_inputs.py test/fixtures/dicom

needs pydicom and SimpleITK. Writes study.zip, whose folders are

    ct/         series 2, 20 slices of 48 x 48, soft tissue with a texture, whose file names are in no order
    scout/      series 1 of the same study, one localizer
    plan/       an RTSTRUCT and a SEG by segcanary of the same study
    bone/       series 3 of the same study, 6 slices, another kernel
    twice/      slice 7 of ct once more, in a file of its own; other-pixels/ the same with other pixels
    tilted/     series 4 of a study of its own, 5 slices with a gantry tilt
    patient-2/  another patient: series 2 of a study of their own, 8 slices
    echoes/     an MR study of two series, which are the channels of a model

and ct.nii, what SimpleITK makes of ct/. Every file has patient attributes, which must turn up nowhere.
"""

import io
import math
import sys
import tempfile
import zipfile
from pathlib import Path

import numpy as np
import pydicom
import SimpleITK as sitk
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian

ROOT = "1.2.826.0.1.3680043.8.498.18"
CT = "1.2.840.10008.5.1.4.1.1.2"
MR = "1.2.840.10008.5.1.4.1.1.4"
RTSTRUCT = "1.2.840.10008.5.1.4.1.1.481.3"
SEG = "1.2.840.10008.5.1.4.1.1.66.4"


def header(sop_class, study, series, number, instance, modality):
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = sop_class
    meta.MediaStorageSOPInstanceUID = f"{ROOT}.{study}.{series}.{instance}"
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds = FileDataset("", {}, file_meta=meta, preamble=b"\0" * 128)
    ds.SOPClassUID, ds.SOPInstanceUID = sop_class, meta.MediaStorageSOPInstanceUID
    ds.StudyInstanceUID, ds.SeriesInstanceUID = f"{ROOT}.{study}", f"{ROOT}.{study}.{series}"
    ds.FrameOfReferenceUID = f"{ROOT}.{study}.999"
    ds.PatientName, ds.PatientID, ds.PatientBirthDate = "SECRET^NAME", "SECRET-ID", "19001231"
    ds.AccessionNumber, ds.StudyID, ds.InstitutionName = "SECRET-ACC", "SECRET-ST", "SECRET HOSPITAL"
    ds.StudyDate, ds.StudyTime, ds.ReferringPhysicianName = "20200101", "120000", "SECRET^DOCTOR"
    ds.Modality, ds.SeriesNumber, ds.InstanceNumber = modality, number, instance
    ds.Manufacturer = "Tests"
    return ds


def slice_of(pixels, study, series, number, instance, position, *, sop_class=CT, modality="CT", description, kernel=None,
             image_type=("ORIGINAL", "PRIMARY", "AXIAL"), thickness=5.0, spacing=2.85, intercept=-1024):
    ds = header(sop_class, study, series, number, instance, modality)
    ds.SeriesDescription = description
    if kernel:
        ds.ConvolutionKernel = kernel
    ds.ImageType = list(image_type)
    ds.ImagePositionPatient = [round(float(v), 6) for v in position]
    ds.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
    ds.PixelSpacing, ds.SliceThickness = [spacing, spacing], thickness
    ds.Rows, ds.Columns = pixels.shape
    ds.SamplesPerPixel, ds.PhotometricInterpretation = 1, "MONOCHROME2"
    ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = 16, 16, 15, 1
    if intercept is not None:
        ds.RescaleIntercept, ds.RescaleSlope = intercept, 1
    ds.PixelData = (pixels - (intercept or 0)).astype("<i2").tobytes()
    return ds


def body(depth, size, seed):
    z, y, x = np.mgrid[:depth, :size, :size]
    wave = np.sin((x + 3 * seed) / 5) * np.cos((y - seed) / 7 + z / (3 + seed % 4))
    inside = np.hypot(x / size - 0.5, y / size - 0.5) < 0.42
    return np.where(inside, np.round(-400 + 350 * wave), -1000).astype(np.int16)


def saved(ds):
    out = io.BytesIO()
    ds.save_as(out, enforce_file_format=True)
    return out.getvalue()


def main(folder: Path) -> None:
    files = {}
    volume = body(20, 48, 5)
    for i, pixels in enumerate(volume):
        name = f"ct/IM{(7 * i + 3) % 20:04d}"
        ds = slice_of(pixels, 1, 2, 2, 20 - i, [-68, -70, 5 * i - 300], description="Abdomen B40f", kernel="B40f")
        files[name] = saved(ds)
        if i == 7:
            files["twice/copy"] = saved(ds)
            ds.PixelData = (pixels + 1024 + 1).astype("<i2").tobytes()
            ds.SOPInstanceUID += ".1"
            ds.file_meta.MediaStorageSOPInstanceUID = ds.SOPInstanceUID
            files["other-pixels/copy"] = saved(ds)
    scout = slice_of(volume[:, 24, :], 1, 1, 1, 1, [-68, 0, -205], description="Scout",
                     image_type=("ORIGINAL", "PRIMARY", "LOCALIZER"))
    scout.ImageOrientationPatient = [1, 0, 0, 0, 0, -1]
    files["scout/localizer"] = saved(scout)
    plan = header(RTSTRUCT, 1, 5, 5, 1, "RTSTRUCT")
    plan.StructureSetLabel = "SECRET PLAN"
    files["plan/rtstruct"] = saved(plan)
    seg = header(SEG, 1, 6, 6, 1, "SEG")
    seg.Manufacturer = "segcanary"
    files["plan/seg"] = saved(seg)
    for i, pixels in enumerate(body(6, 48, 9)):
        files[f"bone/{i}.dcm"] = saved(slice_of(pixels, 1, 3, 3, i, [-68, -70, 5 * i - 300], description="Bone B70s", kernel="B70s"))
    for i, pixels in enumerate(body(5, 40, 4)):
        # As GE writes a tilt: z moves by the table's step, and columns lean by 18.5 degrees.
        angle = math.radians(18.5)
        ds = slice_of(pixels, 3, 4, 4, i, [-57, -57, 4.22 * i], description="Head, tilted")
        ds.ImageOrientationPatient = [1, 0, 0, 0, round(math.cos(angle), 8), round(-math.sin(angle), 8)]
        files[f"tilted/{i}"] = saved(ds)
    for i, pixels in enumerate(body(8, 48, 7)):
        files[f"patient-2/study/series/{i}"] = saved(slice_of(pixels, 2, 2, 2, i, [-68, -70, 5 * i], description="Abdomen B40f"))
    for channel in (0, 1):
        for i, pixels in enumerate(body(6, 40, channel)):
            files[f"echoes/{channel}-{i}"] = saved(slice_of(
                pixels + 1000, 4, channel + 1, channel + 1, i, [-57, -57, 5 * i], sop_class=MR, modality="MR",
                description=f"echo {channel + 1}", image_type=("ORIGINAL", "PRIMARY", "M"), intercept=None))
    with zipfile.ZipFile(folder / "study.zip", "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED, 9)
    with tempfile.TemporaryDirectory() as place:
        for name, content in files.items():
            if name.startswith("ct/"):
                Path(place, Path(name).name).write_bytes(content)
        reader = sitk.ImageSeriesReader()
        reader.SetFileNames(reader.GetGDCMSeriesFileNames(place))
        image = reader.Execute()
    assert np.array_equal(sitk.GetArrayFromImage(image), volume)
    sitk.WriteImage(image, str(folder / "ct.nii.gz"), useCompression=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
