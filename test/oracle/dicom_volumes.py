"""Where SimpleITK and dcm2niix place the voxels of series of every orientation, and what dcm2niix makes of a gantry tilt.

Run:  python test/oracle/dicom_volumes.py        (needs pydicom, SimpleITK, nibabel and the program dcm2niix; real series are found
                                                  through SEGCANARY_DATA, default ../shared/data)
Writes test/fixtures/dicom-volumes.json: per series its slices in a shuffled order (position, orientation, pixel spacing), the affine of
either program (RAS, voxel x, y, z) and the shape. Of real series only these, and no voxel. The tilted ones have their planes and those
of dcm2niix's _Tilt file, rows in the order of the file.
"""

import json
import os
import random
import subprocess
import tarfile
import tempfile
import warnings
from pathlib import Path

import nibabel
import numpy as np
import pydicom
import SimpleITK as sitk
from dicom_headers import ct
from pydicom.uid import ExplicitVRLittleEndian

warnings.simplefilter("ignore")
ROOT = Path(__file__).resolve().parents[2]
DATA = Path(os.environ.get("SEGCANARY_DATA", ROOT / "../shared/data")) / "dicom"
rng = np.random.default_rng(180)
random.seed(18)


def rotation(a, b):
    """Directions of a row and of a column, turned about two axes."""
    ca, sa, cb, sb = np.cos(a), np.sin(a), np.cos(b), np.sin(b)
    return np.array([[ca, sa, 0], [-sa * cb, ca * cb, sb]])


ORIENTATIONS = {
    "axial": [[1, 0, 0], [0, 1, 0]],
    "sagittal": [[0, 1, 0], [0, 0, -1]],
    "coronal": [[1, 0, 0], [0, 0, -1]],
    "prone": [[-1, 0, 0], [0, -1, 0]],
    "downwards": [[1, 0, 0], [0, -1, 0]],
    "oblique": rotation(0.1, 0.2).tolist(),
    "doubly oblique": rotation(0.4, -0.9).tolist(),
}


def series(folder, orientation, count=5, gap=2.5, shear=0.0, origin=(-30.25, 12.5, 100.125), planes=None, **more):
    row, column = (np.array(v, float) for v in orientation)
    normal = np.cross(row, column)
    for i in range(count):
        ds = ct(100 + i, ExplicitVRLittleEndian)
        del ds.ReferencedImageSequence
        position = np.array(origin) + i * gap * normal + i * shear * column
        ds.ImagePositionPatient = [f"{v:.9g}" for v in position]
        ds.ImageOrientationPatient = [f"{v:.9g}" for v in (*row, *column)]
        ds.PixelSpacing = ["0.75", "0.5"]
        ds.SliceThickness = str(gap)
        ds.RescaleSlope, ds.RescaleIntercept = "1", "0"
        ds.PixelRepresentation, ds.BitsStored, ds.HighBit = 1, 16, 15
        del ds.PixelPaddingValue
        if planes is not None:
            ds.Rows, ds.Columns = planes.shape[1:]
            ds.PixelData = planes[i].astype("<i2").tobytes()
        for name, value in more.items():
            setattr(ds, name, value)
        if "PixelPaddingValue" in ds:
            ds["PixelPaddingValue"].VR = "SS"
        ds.save_as(folder / f"{random.random():.8f}.dcm")


def headers(folder):
    out = []
    for path in sorted(folder.rglob("*")):
        if not path.is_file():
            continue
        ds = pydicom.dcmread(path, stop_before_pixels=True, force=True)
        if ds.Modality not in ("CT", "MR"):
            continue
        out.append(
            {
                "position": [float(v) for v in ds.ImagePositionPatient],
                "orientation": [float(v) for v in ds.ImageOrientationPatient],
                "pixelSpacing": [float(v) for v in ds.PixelSpacing],
                "thickness": float(ds.SliceThickness),
                "rows": ds.Rows,
                "columns": ds.Columns,
            }
        )
    random.shuffle(out)
    return out


def by_simpleitk(folder):
    best = []
    for path in {p.parent for p in folder.rglob("*") if p.is_file()}:
        for uid in sitk.ImageSeriesReader.GetGDCMSeriesIDs(str(path)):
            names = sitk.ImageSeriesReader.GetGDCMSeriesFileNames(str(path), uid)
            best = max(best, names, key=len)
    image = sitk.ReadImage(list(best))
    direction = np.array(image.GetDirection()).reshape(3, 3)
    affine = np.eye(4)
    affine[:3, :3] = direction * np.array(image.GetSpacing())
    affine[:3, 3] = image.GetOrigin()
    affine = np.diag([-1, -1, 1, 1]) @ affine
    return affine.ravel().tolist(), list(image.GetSize())


def by_dcm2niix(folder, suffix=""):
    with tempfile.TemporaryDirectory() as out:
        subprocess.run(["dcm2niix", "-z", "n", "-b", "n", "-f", "out", "-o", out, str(folder)], check=True, capture_output=True)
        image = nibabel.load(next(iter(sorted(Path(out).glob(f"out{suffix}*.nii")))))
        return image.affine.ravel().tolist(), np.asarray(image.dataobj)


def volume(folder):
    itk, size = by_simpleitk(folder)
    niix, _ = by_dcm2niix(folder)
    return {"slices": headers(folder), "shape": size[::-1], "simpleitk": itk, "dcm2niix": niix}


answers = {"volumes": {}, "real": {}, "tilted": {}}
for name, orientation in ORIENTATIONS.items():
    with tempfile.TemporaryDirectory() as folder:
        series(Path(folder), orientation)
        answers["volumes"][name] = volume(Path(folder))
with tempfile.TemporaryDirectory() as folder:
    series(Path(folder), ORIENTATIONS["axial"], count=1)
    answers["volumes"]["one slice"] = {"slices": headers(Path(folder)), "shape": [1, 6, 5], "dcm2niix": by_dcm2niix(Path(folder))[0]}
# Positions that were rounded to a tenth of a millimetre: dcm2niix takes the first gap of them for
# the spacing.
with tempfile.TemporaryDirectory() as folder:
    series(Path(folder), ORIENTATIONS["axial"], count=9, gap=0.625)
    for path in Path(folder).glob("*.dcm"):
        ds = pydicom.dcmread(path)
        ds.ImagePositionPatient[2] = f"{float(ds.ImagePositionPatient[2]):.1f}"
        ds.save_as(path)
    itk, size = by_simpleitk(Path(folder))
    answers["volumes"]["rounded"] = {"slices": headers(Path(folder)), "shape": size[::-1], "simpleitk": itk}

TILTS = {"forwards": 0.9, "backwards": -0.55, "padded": 0.8}
for name, shear in TILTS.items():
    planes = rng.integers(-1000, 1000, (4, 6, 5))
    more = {}
    if name == "padded":
        planes[:, :1] = planes[:, 4:, 3:4] = -2000
        more = {"PixelPaddingValue": -2000}
    degrees = float(np.degrees(np.arctan2(shear, 2.5)))
    with tempfile.TemporaryDirectory() as folder:
        series(Path(folder), ORIENTATIONS["oblique"], count=4, shear=shear, planes=planes, Manufacturer="GE MEDICAL SYSTEMS", GantryDetectorTilt=f"{degrees:.6f}", **more)
        affine, voxels = by_dcm2niix(Path(folder), "_Tilt")
        # [x, y, z], rows from the last to the first.
        answers["tilted"][name] = {
            "degrees": degrees,
            "slices": headers(Path(folder)),
            "planes": planes.tolist(),
            "padding": more.get("PixelPaddingValue"),
            "affine": affine,
            "untilted": voxels[:, ::-1].transpose(2, 1, 0).tolist(),
        }

REAL = {
    "lungdx": "lungdx_A0002_B40f_30slices_explicitLE.tgz",
    "STS_019": "ibsi_STS_019_CT_dicom_rtstruct.tgz",
    "ricord": "ricord_jpeglossless70",
    "dcmqi": "dcmqi",
    "T1post": "mr/Study3/11-T1post-18670.tgz",
    "FLAIR": "mr/Study3/36468-FLAIRreg-58706.tgz",
}
for name, where in REAL.items():
    with tempfile.TemporaryDirectory() as folder:
        if where.endswith(".tgz"):
            with tarfile.open(DATA / where) as archive:
                archive.extractall(folder, filter="data")
        else:
            for path in (DATA / where).glob("*.dcm"):
                (Path(folder) / path.name).symlink_to(path)
        itk, size = by_simpleitk(Path(folder))
        answers["real"][name] = {"at": where, "shape": size[::-1], "simpleitk": itk, "dcm2niix": by_dcm2niix(Path(folder))[0]}

(ROOT / "test/fixtures/dicom-volumes.json").write_text(json.dumps(answers) + "\n")
