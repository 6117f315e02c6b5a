"""Makes test/fixtures/dicom/objects: a series of four slices of 5 x 7 voxels, and what others make of it.

python test/oracle/dicom_objects.py        writes the fixtures (pydicom 3.0, numpy)

The series is oblique, has a patient whose name is in Latin-1, an institution and private elements
that no object may hold, and instance numbers against the order of its slices. `bits.json` holds what
pydicom's pack_bits makes of masks whose frames are no whole bytes.
"""

import json
import pathlib

import numpy as np
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.pixels import pack_bits

HERE = pathlib.Path(__file__).resolve().parent.parent / "fixtures" / "dicom" / "objects"
CT = "1.2.840.10008.5.1.4.1.1.2"
ROOT = "1.2.826.0.1.3680043.10.1491.18"
ROWS, COLUMNS, DEPTH = 5, 7, 4
# A row runs to the left and a little to the back, a column to the back and feet.
ROW = np.array([0.8, 0.6, 0.0])
COLUMN = np.array([-0.36, 0.48, -0.8])
SPACING = (0.75, 0.5)
ORIGIN = np.array([-10.0, 20.5, 30.25])
DISTANCE = 2.5


def slice_of(z):
    ds = Dataset()
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = "1.2.840.10008.1.2.1"
    ds.file_meta.MediaStorageSOPClassUID = CT
    ds.file_meta.MediaStorageSOPInstanceUID = f"{ROOT}.3.{9 - z}"
    ds.SpecificCharacterSet = "ISO_IR 100"
    ds.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
    ds.SOPClassUID = CT
    ds.SOPInstanceUID = f"{ROOT}.3.{9 - z}"
    ds.StudyDate, ds.StudyTime = "20240131", "101112"
    ds.SeriesDate, ds.SeriesTime = "20240131", "101500.25"
    ds.AccessionNumber = "A17"
    ds.Modality = "CT"
    ds.Manufacturer = "Maker"
    ds.InstitutionName = "Secret Hospital"
    ds.ReferringPhysicianName = "Refer^Ring"
    ds.StudyDescription = "Thorax"
    ds.SeriesDescription = "Secret series"
    ds.PatientName = "Müller^Jürgen"
    ds.PatientID = "P-1"
    ds.PatientBirthDate = "19700102"
    ds.PatientSex = "M"
    ds.PatientAddress = "Secret street"
    block = ds.private_block(0x0029, "SECRET CREATOR", create=True)
    block.add_new(0x01, "LO", "secret value")
    ds.StudyInstanceUID = f"{ROOT}.1"
    ds.SeriesInstanceUID = f"{ROOT}.2"
    ds.StudyID = "S1"
    ds.SeriesNumber = 4
    ds.InstanceNumber = DEPTH - z
    ds.FrameOfReferenceUID = f"{ROOT}.4"
    ds.PositionReferenceIndicator = ""
    ds.ImageOrientationPatient = [*ROW, *COLUMN]
    ds.ImagePositionPatient = list(np.round(ORIGIN + z * DISTANCE * np.cross(ROW, COLUMN), 6))
    ds.PixelSpacing = list(SPACING)
    ds.SliceThickness = DISTANCE
    ds.RescaleSlope, ds.RescaleIntercept = 1, -1024
    ds.SamplesPerPixel = 1
    ds.PhotometricInterpretation = "MONOCHROME2"
    ds.Rows, ds.Columns = ROWS, COLUMNS
    ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = 16, 12, 11, 0
    ds.PixelData = (np.arange(ROWS * COLUMNS, dtype="<u2") + 100 * z + 900).tobytes()
    if len(ds.PixelData) % 2:
        ds.PixelData += b"\0"
    return ds


def main():
    HERE.mkdir(parents=True, exist_ok=True)
    for z in range(DEPTH):
        slice_of(z).save_as(HERE / f"{z}.dcm", enforce_file_format=True)
    rng = np.random.default_rng(18)
    masks = {}
    for shape in [(3, 5, 7), (2, 1, 3), (4, 2, 4), (5, 3, 3), (9, 1, 1)]:
        mask = rng.integers(0, 2, shape, dtype=np.uint8)
        masks["x".join(map(str, shape))] = {
            "frames": mask.reshape(shape[0], -1).tolist(),
            "bytes": list(pack_bits(mask, pad=False)),
        }
    (HERE / "bits.json").write_text(json.dumps(masks) + "\n")


if __name__ == "__main__":
    main()
