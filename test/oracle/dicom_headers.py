"""Small DICOM files of every form that the header reader takes, and what pydicom says of each.

Run:  python test/oracle/dicom_headers.py        (needs pydicom, highdicom and numpy)
Writes test/fixtures/dicom-headers/*.dcm and test/fixtures/dicom-headers/expected.json. Pixels are noise, UIDs and names are made up.
Offsets of the pixels are those at which pydicom begins to read their value; of a deflated file it counts from the first inflated byte.
"""

import json
import warnings
from pathlib import Path

import highdicom as hd
import numpy as np
import pydicom
from pydicom.dataelem import RawDataElement
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.sequence import Sequence
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    EnhancedMRImageStorage,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    RLELossless,
)

warnings.simplefilter("ignore")
OUT = Path(__file__).resolve().parents[2] / "test/fixtures/dicom-headers"
ROOT = "1.2.826.0.1.3680043.8.498.18."
rng = np.random.default_rng(18)
ROWS, COLUMNS = 6, 5


def meta(sop_class, instance, syntax):
    m = FileMetaDataset()
    m.MediaStorageSOPClassUID = sop_class
    m.MediaStorageSOPInstanceUID = instance
    m.TransferSyntaxUID = syntax
    m.ImplementationClassUID = ROOT + "1"
    return m


def ct(instance=1, syntax=ExplicitVRLittleEndian, position=(-12.5, 3.25, 40)):
    ds = FileDataset("", {}, preamble=b"\0" * 128, file_meta=meta("1.2.840.10008.5.1.4.1.1.2", f"{ROOT}9.{instance}", syntax))
    ds.SpecificCharacterSet = "ISO_IR 192"
    ds.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL", "CT_SOM5 SPI"]
    ds.SOPClassUID = ds.file_meta.MediaStorageSOPClassUID
    ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID
    ds.StudyDate = "20260101"
    ds.StudyTime = "101112"
    ds.AccessionNumber = ""
    ds.Modality = "CT"
    ds.Manufacturer = "Maker"
    ds.InstitutionName = "Spital Zürich"
    ds.ReferringPhysicianName = ""
    ds.StationName = "CT7"
    ds.SeriesDescription = "Thorax  8.0  B40f"
    ds.ManufacturerModelName = "Model X"
    # A sequence of undefined length with another one in its item.
    inner = Dataset()
    inner.ReferencedSOPClassUID = ds.SOPClassUID
    inner.ReferencedSOPInstanceUID = ROOT + "7.7"
    outer = Dataset()
    outer.PurposeOfReferenceCodeSequence = Sequence([inner])
    outer.ReferencedSOPInstanceUID = ROOT + "7.8"
    ds.ReferencedImageSequence = Sequence([outer, inner])
    for sequence, items in ((ds["ReferencedImageSequence"], ds.ReferencedImageSequence), (outer["PurposeOfReferenceCodeSequence"], [inner])):
        sequence.is_undefined_length = True
        for item in items:
            item.is_undefined_length_sequence_item = True
    # Private values: one that looks like pixels, and one longer than what is read at first.
    block = ds.private_block(0x0029, "SEGCANARY TEST", create=True)
    block.add_new(0x10, "OB", b"\xe0\x7f\x10\x00OW\0\0" + bytes(24))
    block.add_new(0x20, "OB", bytes(20000 if instance <= 4 else 40))
    ds.PatientName = "Nobody^Made Up"
    ds.PatientID = "none"
    ds.PatientBirthDate = ""
    ds.PatientSex = "O"
    ds.SliceThickness = "8.0"
    ds.KVP = "120"
    ds.ConvolutionKernel = "B40f"
    ds.StudyInstanceUID = ROOT + "2"
    ds.SeriesInstanceUID = ROOT + "3"
    ds.StudyID = "1"
    ds.SeriesNumber = "4"
    ds.AcquisitionNumber = "2"
    ds.InstanceNumber = str(instance)
    ds.ImagePositionPatient = [str(v) for v in position]
    ds.ImageOrientationPatient = ["1", "0", "0", "0", "0.98480775", "-.17364818"]
    ds.FrameOfReferenceUID = ROOT + "4"
    ds.SamplesPerPixel = 1
    ds.PhotometricInterpretation = "MONOCHROME2"
    ds.Rows, ds.Columns = ROWS, COLUMNS
    ds.PixelSpacing = ["6.46484375e-1", "0.75"]
    ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = 16, 12, 11, 0
    ds.PixelPaddingValue = 63536
    ds["PixelPaddingValue"].VR = "US"
    ds.RescaleIntercept = "-1024"
    ds.RescaleSlope = "1.5"
    ds.RescaleType = "HU"
    ds.PixelData = rng.integers(0, 4096, (ROWS, COLUMNS)).astype("<u2").tobytes()
    ds["PixelData"].VR = "OW"
    ds.set_original_encoding(syntax == ImplicitVRLittleEndian, syntax != ExplicitVRBigEndian)
    return ds


def macro(**values):
    ds = Dataset()
    for name, value in values.items():
        setattr(ds, name, value)
    return Sequence([ds])


def enhanced_mr(syntax):
    """Two stacks of three positions at two times, each with a slope of its own."""
    ds = ct(50, syntax)
    for name in ("ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing", "SliceThickness", "RescaleSlope", "RescaleIntercept", "RescaleType", "ConvolutionKernel", "KVP", "PixelPaddingValue"):
        delattr(ds, name)
    ds.SOPClassUID = ds.file_meta.MediaStorageSOPClassUID = EnhancedMRImageStorage
    ds.Modality = "MR"
    ds.ImageType = ["ORIGINAL", "PRIMARY", "VOLUME", "NONE"]
    ds.SeriesDescription = "two stacks, two times"
    shared = Dataset()
    shared.PixelMeasuresSequence = macro(PixelSpacing=["1.5", "1.25"], SliceThickness="4")
    shared.MRImageFrameTypeSequence = macro(FrameType=["ORIGINAL", "PRIMARY", "VOLUME", "NONE"])
    shared.MREchoSequence = macro(EffectiveEchoTime=12.5)
    ds.SharedFunctionalGroupsSequence = Sequence([shared])
    frames = []
    for stack, orientation in (("1", [1, 0, 0, 0, 1, 0]), ("2", [0, 1, 0, 0, 0, -1])):
        for time in (1, 2):
            for z in (1, 2, 3):
                item = Dataset()
                item.FrameContentSequence = macro(StackID=stack, InStackPositionNumber=z, TemporalPositionIndex=time, FrameAcquisitionNumber=3, DimensionIndexValues=[int(stack), z, time])
                position = [0, 0, 4.0 * z] if stack == "1" else [4.0 * z, 0, 0]
                item.PlanePositionSequence = macro(ImagePositionPatient=[str(v) for v in position])
                item.PlaneOrientationSequence = macro(ImageOrientationPatient=[str(v) for v in orientation])
                item.PixelValueTransformationSequence = macro(RescaleIntercept="0", RescaleSlope=str(1 + 0.25 * len(frames)), RescaleType="US")
                item.MRDiffusionSequence = macro(DiffusionBValue=float(500 * (time - 1)))
                block = item.private_block(0x2005, "SEGCANARY TEST", create=True)
                block.add_new(0x0E, "SQ", Sequence([macro(SOPInstanceUID="1.2")[0]]))
                item.is_undefined_length_sequence_item = True
                frames.append(item)
    ds.PerFrameFunctionalGroupsSequence = Sequence(frames)
    ds["PerFrameFunctionalGroupsSequence"].is_undefined_length = True
    ds.NumberOfFrames = len(frames)
    ds.PixelData = rng.integers(0, 4096, (len(frames), ROWS, COLUMNS)).astype("<u2").tobytes()
    ds["PixelData"].VR = "OW"
    return ds


def save(ds, name):
    syntax = ds.file_meta.TransferSyntaxUID
    if syntax == ExplicitVRBigEndian:
        ds.PixelData = np.frombuffer(ds.PixelData, "<u2").astype(">u2").tobytes()
        ds["PixelData"].VR = "OW"
    ds.save_as(OUT / name, enforce_file_format=True)


def bare(name, syntax):
    """Without preamble and file meta information."""
    ds = ct(30, syntax)
    if syntax == ExplicitVRBigEndian:
        ds.PixelData = np.frombuffer(ds.PixelData, "<u2").astype(">u2").tobytes()
        ds["PixelData"].VR = "OW"
    buffer = pydicom.filebase.DicomBytesIO()
    buffer.is_little_endian = syntax != ExplicitVRBigEndian
    buffer.is_implicit_VR = syntax == ImplicitVRLittleEndian
    plain = Dataset(ds)
    pydicom.filewriter.write_dataset(buffer, plain)
    (OUT / name).write_bytes(buffer.getvalue())


def series(count=4):
    out = []
    for i in range(count):
        ds = ct(60 + i, position=(-12.5, 3.25 + 0.17364818 * 2 * i, 40 + 0.98480775 * 2 * i))
        ds.SliceThickness = "2"
        del ds.ReferencedImageSequence
        out.append(ds)
    return out


def make():
    save(ct(1), "explicit.dcm")
    save(ct(2, ImplicitVRLittleEndian), "implicit.dcm")
    save(ct(3, ExplicitVRBigEndian), "big.dcm")
    save(ct(4, DeflatedExplicitVRLittleEndian), "deflated.dcm")
    rle = ct(5)
    rle.compress(RLELossless, generate_instance_uid=False)
    save(rle, "rle.dcm")
    lossy = ct(6)
    lossy.LossyImageCompression = "01"
    save(lossy, "lossy.dcm")
    bare("bare-explicit.dcm", ExplicitVRLittleEndian)
    bare("bare-implicit.dcm", ImplicitVRLittleEndian)
    bare("bare-big.dcm", ExplicitVRBigEndian)
    # A wrong group length, and a data set that is implicit though its transfer syntax is explicit.
    raw = bytearray((OUT / "explicit.dcm").read_bytes())
    raw[140:144] = (7).to_bytes(4, "little")
    (OUT / "wrong-group-length.dcm").write_bytes(raw)
    raw = (OUT / "implicit.dcm").read_bytes().replace(b"1.2.840.10008.1.2\0", b"1.2.840.10008.1.2.1\0", 1)
    length = raw.index(b"1.2.840.10008.1.2.1\0")
    raw = raw[: length - 2] + (20).to_bytes(2, "little") + raw[length:]
    (OUT / "implicit-said-explicit.dcm").write_bytes(raw)
    save(enhanced_mr(ExplicitVRLittleEndian), "enhanced-mr.dcm")
    save(enhanced_mr(ImplicitVRLittleEndian), "enhanced-mr-implicit.dcm")
    save(enhanced_mr(ExplicitVRBigEndian), "enhanced-mr-big.dcm")
    save(enhanced_mr(DeflatedExplicitVRLittleEndian), "enhanced-mr-deflated.dcm")
    slices = series()
    legacy = hd.legacy.LegacyConvertedEnhancedCTImage(slices, series_instance_uid=ROOT + "5", series_number=5, sop_instance_uid=ROOT + "9.70", instance_number=1)
    legacy.save_as(OUT / "legacy-ct.dcm")
    seg = hd.seg.Segmentation(
        source_images=slices,
        pixel_array=np.ones((4, ROWS, COLUMNS), bool),
        segmentation_type="BINARY",
        segment_descriptions=[
            hd.seg.SegmentDescription(1, "organ", hd.sr.CodedConcept("123037004", "SCT", "Anatomical Structure"), hd.sr.CodedConcept("10200004", "SCT", "Liver"), "MANUAL")
        ],
        series_instance_uid=ROOT + "6",
        series_number=6,
        sop_instance_uid=ROOT + "9.80",
        instance_number=1,
        manufacturer="Maker",
        manufacturer_model_name="Model",
        software_versions="1",
        device_serial_number="1",
    )
    seg.save_as(OUT / "seg.dcm")
    # The header alone, as an object that points elsewhere for its pixels has it.
    structures = ct(90)
    structures.SOPClassUID = structures.file_meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.481.3"
    structures.Modality = "RTSTRUCT"
    for name in ("PixelData", "Rows", "Columns"):
        delattr(structures, name)
    structures.StructureSetLabel = "x"
    structures.save_as(OUT / "rtstruct.dcm")
    rgb = ct(91)
    rgb.SamplesPerPixel = 3
    rgb.PhotometricInterpretation = "RGB"
    rgb.PlanarConfiguration = 0
    rgb.BitsAllocated, rgb.BitsStored, rgb.HighBit = 8, 8, 7
    rgb.PixelData = bytes(3 * ROWS * COLUMNS)
    save(rgb, "rgb.dcm")
    table = ct(92)
    lut = Dataset()
    lut.LUTDescriptor = [4, 0, 16]
    lut["LUTDescriptor"].VR = "US"
    lut.LUTData = bytes(8)
    lut["LUTData"].VR = "OW"
    lut.ModalityLUTType = "HU"
    table.ModalityLUTSequence = Sequence([lut])
    save(table, "modality-lut.dcm")


def text(value):
    return None if value in (None, "") else str(value)


def floats(value):
    return None if value in (None, "") else [float(v) for v in value]


def listed(value):
    return [] if value is None else [value] if isinstance(value, int) else list(value)


def expected(path):
    ds = pydicom.dcmread(path, force=True)
    raw = dict(ds._dict)[pydicom.tag.Tag("PixelData")] if "PixelData" in ds else None
    syntax = ds.file_meta.get("TransferSyntaxUID") if hasattr(ds, "file_meta") else None
    offset = raw.value_tell if isinstance(raw, RawDataElement) else None
    if syntax == DeflatedExplicitVRLittleEndian:
        offset += 132 + 12 + int.from_bytes(path.read_bytes()[140:144], "little")
    out = {
        "transferSyntax": text(syntax),
        "sopClass": str(ds.SOPClassUID),
        "sopInstance": str(ds.SOPInstanceUID),
        "study": str(ds.StudyInstanceUID),
        "series": str(ds.SeriesInstanceUID),
        "frameOfReference": text(ds.get("FrameOfReferenceUID")),
        "modality": ds.Modality,
        "imageType": list(ds.get("ImageType") or []),
        "seriesNumber": int(ds.SeriesNumber),
        "seriesDescription": text(ds.get("SeriesDescription")),
        "kernel": text(ds.get("ConvolutionKernel")),
        "equipment": [text(ds.get(k)) for k in ("InstitutionName", "Manufacturer", "ManufacturerModelName", "StationName")],
        "isLossy": ds.get("LossyImageCompression") == "01",
    }
    if raw is None or out["modality"] in ("SEG", "RTSTRUCT"):
        return out
    out["pixels"] = {
        "rows": ds.Rows,
        "columns": ds.Columns,
        "samplesPerPixel": ds.SamplesPerPixel,
        "photometric": ds.PhotometricInterpretation,
        "bitsAllocated": ds.BitsAllocated,
        "bitsStored": ds.BitsStored,
        "highBit": ds.HighBit,
        "isSigned": ds.PixelRepresentation == 1,
        "frames": int(ds.get("NumberOfFrames", 1)),
        "padding": ds.get("PixelPaddingValue"),
        "valueOffset": offset,
        "valueLength": None if raw.length == 0xFFFFFFFF else raw.length,
    }
    shared = ds.SharedFunctionalGroupsSequence[0] if "SharedFunctionalGroupsSequence" in ds else None
    groups = ds.get("PerFrameFunctionalGroupsSequence") or [None]

    def of(group, sequence, name):
        if shared is None:
            return ds.get(name)
        for place in (group, shared):
            if place is not None and sequence in place:
                return place[sequence][0].get(name)
        return None

    out["frames"] = [
        {
            "position": floats(of(g, "PlanePositionSequence", "ImagePositionPatient")),
            "orientation": floats(of(g, "PlaneOrientationSequence", "ImageOrientationPatient")),
            "pixelSpacing": floats(of(g, "PixelMeasuresSequence", "PixelSpacing")),
            "sliceThickness": float(of(g, "PixelMeasuresSequence", "SliceThickness")),
            "slope": float(of(g, "PixelValueTransformationSequence", "RescaleSlope") or 1),
            "intercept": float(of(g, "PixelValueTransformationSequence", "RescaleIntercept") or 0),
            "unit": text(of(g, "PixelValueTransformationSequence", "RescaleType")),
            "stack": text(of(g, "FrameContentSequence", "StackID")),
            "temporal": of(g, "FrameContentSequence", "TemporalPositionIndex"),
            "bValue": of(g, "MRDiffusionSequence", "DiffusionBValue"),
            "echoTime": of(g, "MREchoSequence", "EffectiveEchoTime"),
            "indices": listed(of(g, "FrameContentSequence", "DimensionIndexValues")) if shared is not None else [],
        }
        for g in groups
    ]
    return out


if __name__ == "__main__":
    OUT.mkdir(parents=True, exist_ok=True)
    make()
    answers = {path.name: expected(path) for path in sorted(OUT.glob("*.dcm"))}
    (OUT / "expected.json").write_text(json.dumps(answers, indent=1, ensure_ascii=False) + "\n")
    print({name: (OUT / name).stat().st_size for name in answers})
