#!/usr/bin/env python3
"""Makes the series that test/dicom reads: one phantom, whole and with every defect that a series may
have, beside the same scan as SimpleITK writes it to NIfTI, and training scans of its kind.

Run: $SEGCANARY_PYTHON test/oracle/dicom_variants.py OUT
(SEGCANARY_PYTHON is what scripts/dicom-peers.sh prints; `npm run test:dicom` runs this itself.)

Each folder below OUT is one variant. All that says who the patient is carries the word ZQSENTINEL,
so that a test can look for it in what segcanary prints.
"""

import json
import random
import shutil
import sys
from pathlib import Path

import numpy as np
import SimpleITK as sitk
from highdicom.legacy import LegacyConvertedEnhancedCTImage, LegacyConvertedEnhancedMRImage
from pydicom.data import get_testdata_file
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.sequence import Sequence
from pydicom.uid import ExplicitVRLittleEndian, JPEG2000Lossless

CT = "1.2.840.10008.5.1.4.1.1.2"
MR = "1.2.840.10008.5.1.4.1.1.4"
ROOT = "2.25.18"
SHAPE = (30, 64, 80)
"""Slices, rows and columns: each axis has its own length, so that none is taken for another."""
SPACING = (5.0, 2.85, 2.5)
WHO = {
    "PatientName": "ZQSENTINEL^NAME",
    "PatientID": "ZQSENTINEL-ID",
    "PatientBirthDate": "19370421",
    "OtherPatientIDs": "ZQSENTINEL-OTHER",
    "PatientAddress": "ZQSENTINEL street 1",
    "PatientComments": "ZQSENTINEL comment",
    "ReferringPhysicianName": "ZQSENTINEL^DOCTOR",
    "OperatorsName": "ZQSENTINEL^OPERATOR",
    "InstitutionName": "ZQSENTINEL hospital",
    "InstitutionAddress": "ZQSENTINEL square",
    "AccessionNumber": "ZQSENTINEL-ACC",
    "StudyID": "ZQSENTINEL-ST",
    "StudyDescription": "ZQSENTINEL study",
}


def phantom(seed, shape=SHAPE, air=-1000):
    """Voxels in HU: a soft body with a texture that the seed decides, and a corner cut off it, so
    that it differs from all its mirror images."""
    depth, height, width = shape
    z, y, x = np.meshgrid(*(np.arange(n) for n in shape), indexing="ij")
    inside = np.hypot(x / width - 0.5, y / height - 0.5) < 0.42
    inside &= ~((x < 0.4 * width) & (y < 0.3 * height) & (z < 0.5 * depth))
    wave = np.sin((x + 3 * seed) / 5) * np.cos((y - seed) / 7 + z / (3 + seed % 4))
    return np.where(inside, np.round(-400 + 350 * wave), air).astype(np.int32)


def header(series, modality=CT, study=1, **more):
    """A data set without pixels, of the series with that number."""
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = modality
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.ImplementationClassUID = f"{ROOT}.99"
    ds = FileDataset("", {}, file_meta=meta, preamble=b"\0" * 128)
    ds.SOPClassUID = modality
    ds.SpecificCharacterSet = "ISO_IR 100"
    for name, value in WHO.items():
        setattr(ds, name, value)
    ds.PatientSex = "O"
    ds.StudyInstanceUID = f"{ROOT}.{study}"
    ds.SeriesInstanceUID = f"{ROOT}.{study}.{series}"
    ds.FrameOfReferenceUID = f"{ROOT}.{study}.0"
    ds.StudyDate = ds.SeriesDate = ds.AcquisitionDate = ds.ContentDate = "20240105"
    ds.StudyTime = ds.SeriesTime = ds.AcquisitionTime = ds.ContentTime = "101112"
    ds.Modality = "MR" if modality == MR else "CT"
    ds.Manufacturer = "ACME"
    ds.ManufacturerModelName = "Phantomizer 9"
    ds.StationName = "CT01"
    ds.DeviceSerialNumber = "4711"
    ds.SoftwareVersions = "1"
    ds.SeriesNumber = series
    ds.SeriesDescription = f"phantom {series}"
    ds.PositionReferenceIndicator = ""
    ds.PatientPosition = "HFS"
    ds.AcquisitionNumber = 1
    ds.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
    if modality == CT:
        ds.ConvolutionKernel = "B40f"
        ds.KVP = "120"
    else:
        ds.ScanningSequence = "SE"
        ds.SequenceVariant = "NONE"
        ds.ScanOptions = ""
        ds.MRAcquisitionType = "2D"
        ds.EchoTime = "10"
        ds.RepetitionTime = "500"
        ds.EchoTrainLength = 1
        ds.MagneticFieldStrength = "1.5"
    # What a private creator may hide: it belongs in no output at all.
    block = ds.private_block(0x0029, "ZQSENTINEL PRIVATE", create=True)
    block.add_new(0x10, "LO", "ZQSENTINEL secret")
    for name, value in more.items():
        setattr(ds, name, value)
    return ds


def slice_of(series, index, voxels, position, direction=(1, 0, 0, 0, 1, 0), *, spacing=SPACING, slope=1, intercept=-1024,
             **more):
    """One file: `voxels` (rows x columns, HU) at `position` (LPS, mm)."""
    ds = header(series, **more)
    ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = f"{ds.SeriesInstanceUID}.{index + 1}"
    ds.InstanceNumber = index + 1
    ds.ImagePositionPatient = [f"{v:.10g}" for v in position]
    ds.ImageOrientationPatient = [f"{v:.9g}" for v in direction]
    ds.PixelSpacing = [str(spacing[1]), str(spacing[2])]
    ds.SliceThickness = str(spacing[0])
    ds.Rows, ds.Columns = voxels.shape
    ds.SamplesPerPixel = 1
    ds.PhotometricInterpretation = "MONOCHROME2"
    ds.BitsAllocated, ds.BitsStored, ds.HighBit = 16, 12, 11
    ds.PixelRepresentation = 0
    if intercept is not None:
        ds.RescaleIntercept, ds.RescaleSlope = f"{intercept:g}", f"{slope:.9g}"
        ds.RescaleType = "HU"
    stored = np.round((voxels - (intercept or 0)) / slope)
    assert stored.min() >= 0 and stored.max() < 4096
    ds.PixelData = stored.astype("<u2").tobytes()
    return ds


def series_of(number, seed=1, *, offset=(-100.0, -90.0, -300.0), scale=lambda index: 1.0, shape=SHAPE, **more):
    """A series along z."""
    voxels = phantom(seed, shape)
    depth = more.get("spacing", SPACING)[0]
    return [
        slice_of(number, i, voxels[i], (offset[0], offset[1], offset[2] + i * depth), slope=scale(i), **more)
        for i in range(shape[0])
    ]


def flipped(number, seed=1):
    """The same voxels in the same places as `series_of`, stored from the patient's left and back."""
    voxels = phantom(seed)
    x = -100.0 + (SHAPE[2] - 1) * SPACING[2]
    y = -90.0 + (SHAPE[1] - 1) * SPACING[1]
    return [
        slice_of(number, i, voxels[i, ::-1, ::-1], (x, y, -300.0 + i * SPACING[0]), (-1, 0, 0, 0, -1, 0))
        for i in range(SHAPE[0])
    ]


def oblique(number, seed=1):
    """Turned by 20 degrees about x: an orthogonal grid, with slices that are no axial ones."""
    voxels = phantom(seed)
    c, s = np.cos(np.radians(20)), np.sin(np.radians(20))
    normal = np.array([0, -s, c])
    return [
        slice_of(number, i, voxels[i], np.array([-100.0, -90.0, -300.0]) + i * SPACING[0] * normal, (1, 0, 0, 0, c, s))
        for i in range(SHAPE[0])
    ]


def tilted(number, seed=1):
    """A gantry tilt of 15 degrees: slices turned about x, and moved along z alone."""
    voxels = phantom(seed)
    c, s = np.cos(np.radians(15)), np.sin(np.radians(15))
    return [
        slice_of(number, i, voxels[i], (-100.0, -90.0, -300.0 + i * SPACING[0]), (1, 0, 0, 0, c, s))
        for i in range(SHAPE[0])
    ]


def write(folder, datasets, name="IM{:04d}.dcm"):
    folder.mkdir(parents=True, exist_ok=True)
    for i, ds in enumerate(datasets):
        ds.save_as(folder / name.format(i + 1), enforce_file_format=True)


def localizer():
    ds = slice_of(1, 90, phantom(1)[:, 20, :], (-100, -30, 0), (1, 0, 0, 0, 0, -1), spacing=(2.85, 5, 2.5))
    ds.ImageType = ["ORIGINAL", "PRIMARY", "LOCALIZER"]
    return ds


def companions():
    """What lies beside a series in a study and is no scan: RTSTRUCT, dose report, secondary capture."""
    struct = header(20, "1.2.840.10008.5.1.4.1.1.481.3", Modality="RTSTRUCT", SOPInstanceUID=f"{ROOT}.1.20.1")
    struct.StructureSetLabel = "ZQSENTINEL"
    struct.StructureSetROISequence = Sequence([])
    del struct.ImageType
    dose = header(21, "1.2.840.10008.5.1.4.1.1.88.67", Modality="SR", SOPInstanceUID=f"{ROOT}.1.21.1")
    dose.ValueType = "CONTAINER"
    dose.CompletionFlag, dose.VerificationFlag = "COMPLETE", "UNVERIFIED"
    capture = header(22, "1.2.840.10008.5.1.4.1.1.7", Modality="OT", SOPInstanceUID=f"{ROOT}.1.22.1")
    capture.ConversionType = "WSD"
    capture.ImageType = ["DERIVED", "SECONDARY"]
    capture.Rows = capture.Columns = 32
    capture.SamplesPerPixel, capture.PhotometricInterpretation, capture.PlanarConfiguration = 3, "RGB", 0
    capture.BitsAllocated, capture.BitsStored, capture.HighBit, capture.PixelRepresentation = 8, 8, 7, 0
    capture.PixelData = bytes(32 * 32 * 3)
    for ds in (struct, dose, capture):
        ds.file_meta.MediaStorageSOPInstanceUID = ds.SOPInstanceUID
    return [struct, dose, capture]


def as_nifti(folder, path):
    """What a user gets who converts the series by SimpleITK."""
    reader = sitk.ImageSeriesReader()
    reader.SetFileNames(reader.GetGDCMSeriesFileNames(str(folder)))
    sitk.WriteImage(reader.Execute(), str(path))


def trained(folder, count, first):
    """Scans of the phantom's kind for `fit` and `calibrate`, as SimpleITK writes them."""
    folder.mkdir(parents=True)
    for i in range(count):
        image = sitk.GetImageFromArray(phantom(first + i).astype(np.int16))
        image.SetSpacing(SPACING[::-1])
        image.SetOrigin((-100.0, -90.0, -300.0))
        sitk.WriteImage(image, str(folder / f"{folder.name}_{i}.nii.gz"))


def many(folder, count):
    """A series of `count` small slices, 0.2 mm apart. Of one file, patched: 3,000 of pydicom's
    would take longer than their scoring."""
    folder.mkdir(parents=True)
    spacing = (600 / count, 2.85, 2.5)
    voxels = phantom(3, (30, 64, 64))
    ds = slice_of(1, 0, voxels[0], (-100, -90, 0), spacing=spacing)
    ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = f"{ds.SeriesInstanceUID}.9{0:06d}"
    ds.ImagePositionPatient = ["-100", "-90", "12345.678"]
    ds.save_as(folder / "0.dcm", enforce_file_format=True)
    one = (folder / "0.dcm").read_bytes()
    (folder / "0.dcm").unlink()
    pixels = len(one) - 64 * 64 * 2
    for i in range(count):
        head = one[:pixels].replace(b".9000000", b".9%06d" % i)
        head = head.replace(b"12345.678", b"%9.3f" % (i * spacing[0]))
        body = (voxels[i * 30 // count] + 1024).astype("<u2").tobytes()
        (folder / f"{i}.dcm").write_bytes(head + body)


def main(out):
    out.mkdir(parents=True, exist_ok=True)
    trained(out / "train", 6, 1)
    trained(out / "held-out", 5, 100)
    base = series_of(1)
    write(out / "base", base)
    as_nifti(out / "base", out / "base.nii.gz")

    rng = random.Random(18)
    names = [f"{rng.getrandbits(48):012x}" for _ in base]
    for name, ds in zip(names, rng.sample(base, len(base))):
        folder = out / "shuffled" / name[0] / name[1]
        folder.mkdir(parents=True, exist_ok=True)
        ds.save_as(folder / name, enforce_file_format=True)

    write(out / "gap", [ds for i, ds in enumerate(base) if i != 12])
    for name, voxels in (("same-twice", phantom(1)[6]), ("other-twice", phantom(2)[6])):
        twin = slice_of(1, 40, voxels, (-100, -90, -300.0 + 6 * SPACING[0]))
        write(out / name, [*base, twin])
    write(out / "localizer", [*base, localizer()])
    write(out / "companions", [*companions(), *base])
    uneven = series_of(1)
    for i, ds in enumerate(uneven):
        ds.ImagePositionPatient[2] = f"{-300 + (2.5 * i if i < 15 else 2.5 * 15 + 5 * (i - 15)):g}"
    write(out / "uneven", uneven)
    write(out / "flipped", flipped(1))
    write(out / "oblique", oblique(1))
    write(out / "tilted", tilted(1))
    sharp = series_of(2, 2)
    for ds in sharp:
        ds.ConvolutionKernel = "B70f"
    write(out / "two-series" / "a", base)
    write(out / "two-series" / "b", sharp)
    strange = series_of(5, 5)
    for i, ds in enumerate(strange):
        ds.PixelData = np.random.default_rng(i).integers(0, 2048, ds.Rows * ds.Columns, "<u2").tobytes()
    write(out / "strange", strange)
    write(out / "slopes", series_of(1, scale=lambda i: 1 + 0.01 * i))
    write(out / "truncated", base)
    last = out / "truncated" / "IM0013.dcm"
    last.write_bytes(last.read_bytes()[:-3000])
    mixed = series_of(1)
    mixed[5].ImageOrientationPatient = ["1", "0", "0", "0", "0.98480775", "0.17364818"]
    write(out / "mixed", mixed)
    write(out / "patients" / "p1" / "s", base)
    write(out / "patients" / "p2" / "s", series_of(1, 2, study=2))

    uids = [f"{ROOT}.30.1", f"{ROOT}.30.1.1"]
    write(out / "enhanced-ct", [LegacyConvertedEnhancedCTImage(base, uids[0], 30, uids[1], 1)])
    mr = series_of(3, 1, modality=MR)
    write(out / "mr", mr)
    write(out / "enhanced-mr", [LegacyConvertedEnhancedMRImage(mr, f"{ROOT}.31.1", 31, f"{ROOT}.31.1.1", 1)])

    packed = series_of(1)
    for ds in packed:
        # pydicom would give it a new UID: that of another image.
        ds.compress(JPEG2000Lossless, generate_instance_uid=False)
    write(out / "j2k", packed)
    # A real file that ends early, of pydicom's own tests.
    (out / "mr-truncated").mkdir()
    shutil.copy(get_testdata_file("MR_truncated.dcm"), out / "mr-truncated" / "a.dcm")
    many(out / "few", 100)
    many(out / "five-hundred", 500)
    many(out / "many", 3000)
    print(json.dumps(sorted(path.name for path in out.iterdir())))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
