#!/usr/bin/env python3
"""What pydicom, highdicom, nibabel and SimpleITK say of files, as JSON, for test/dicom.

Run: $SEGCANARY_PYTHON test/oracle/dicom_answers.py QUESTION ARGUMENTS
"""

import json
import sys
from pathlib import Path

import numpy as np


def series(folder):
    """Voxels of a single-frame series after slope and intercept, by place along the normal."""
    import pydicom

    slices = []
    for path in sorted(Path(folder).rglob("*")):
        if not path.is_file():
            continue
        try:
            ds = pydicom.dcmread(path)
        except pydicom.errors.InvalidDicomError:
            continue
        if "ImagePositionPatient" in ds and "PixelData" in ds:
            slices.append(ds)
    orientation = np.array(slices[0].ImageOrientationPatient, dtype=float)
    normal = np.cross(orientation[:3], orientation[3:])
    slices.sort(key=lambda ds: float(np.dot(normal, np.array(ds.ImagePositionPatient, dtype=float))))
    return np.stack(
        [
            (ds.pixel_array * float(ds.get("RescaleSlope", 1)) + float(ds.get("RescaleIntercept", 0))).astype("<f4")
            for ds in slices
        ]
    )


def voxels(folder, out):
    """Writes what pydicom reads as float32, z slowest."""
    volume = series(folder)
    volume.tofile(out)
    return {"shape": volume.shape}


def lps(path):
    """Voxels of a NIfTI file turned so that its axes run LPS, [z, y, x]; and the affine, RAS mm."""
    import nibabel as nib

    image = nib.load(path)
    turn = nib.orientations.ornt_transform(nib.io_orientation(image.affine), nib.orientations.axcodes2ornt("LPS"))
    turned = image.as_reoriented(turn)
    return np.asarray(turned.dataobj).T, turned.affine


def nifti_voxels(path, out):
    volume, affine = lps(path)
    volume.astype("<f4").tofile(out)
    return {"shape": volume.shape, "affine": affine.tolist()}


def geometry(*paths):
    """Shape and affine of NIfTI files, all turned to LPS."""
    answers = []
    for path in paths:
        volume, affine = lps(path)
        answers.append({"shape": volume.shape, "affine": affine.ravel().tolist()})
    return answers


def centroid(path):
    """Centre of a mask, RAS mm, and how many voxels it has."""
    import nibabel as nib

    image = nib.load(path)
    found = np.argwhere(np.asarray(image.dataobj) > 0)
    return {"voxels": len(found), "centroid": (image.affine @ [*found.mean(axis=0), 1])[:3].tolist()}


def differences(first, second):
    """How far two NIfTI images are from each other, on the same grid."""
    (a, affine), (b, other) = lps(first), lps(second)
    return {
        "shapes": [a.shape, b.shape],
        "affine": float(np.abs(affine - other).max()),
        "voxels": int((a != b).sum()) if a.shape == b.shape else None,
        "most": float(b.max()),
    }


def objects(*paths):
    """What DICOM files are, and whose."""
    import pydicom

    answers = []
    for path in paths:
        ds = pydicom.dcmread(path, stop_before_pixels=True)
        answers.append(
            {
                "path": str(path),
                "kind": ds.SOPClassUID.name.replace(" Storage", ""),
                "sop": ds.SOPInstanceUID,
                "series": ds.SeriesInstanceUID,
                "study": ds.StudyInstanceUID,
                "frameOfReference": ds.get("FrameOfReferenceUID"),
                "frames": int(ds.get("NumberOfFrames", 1)),
                "patient": str(ds.get("PatientName", "")),
                "patientId": ds.get("PatientID"),
                "hasPrivate": any(e.tag.is_private and "ZQSENTINEL" in str(e.value) for e in ds.iterall()),
                "institution": str(ds.get("InstitutionName", "")),
            }
        )
    return answers


def segmentation(path, nifti):
    """A Segmentation by highdicom against the NIfTI mask of the same run."""
    import highdicom as hd

    seg = hd.seg.segread(path)
    volume = seg.get_volume(combine_segments=True)
    mask, affine = lps(nifti)
    # Empty frames are left out of the object: its volume may be a part of the mask's.
    out = np.zeros(mask.shape, dtype=int)
    to_ras = np.diag([-1, -1, 1, 1])
    # Index of highdicom's volume (slice, row, column) to voxel of the mask (x, y, z).
    to_mask = np.linalg.inv(affine) @ to_ras @ volume.affine
    rounded = np.round(to_mask)
    off = float(np.abs(to_mask - rounded).max())
    found = np.argwhere(volume.array > 0)
    places = (np.c_[found, np.ones(len(found))] @ rounded.T)[:, :3].astype(int)
    out[places[:, 2], places[:, 1], places[:, 0]] = volume.array[tuple(found.T)]
    return {
        "differ": int((out != mask).sum()),
        "voxels": int((mask > 0).sum()),
        "off": off,
        "segments": [s.SegmentLabel for s in seg.SegmentSequence],
        "type": seg.SegmentationType,
    }


def report(path):
    """Every number and code of a TID 1500 report, flat."""
    import pydicom

    ds = pydicom.dcmread(path)
    found = []

    def walk(item):
        for child in item.get("ContentSequence", []):
            name = child.ConceptNameCodeSequence[0] if "ConceptNameCodeSequence" in child else None
            value = None
            if child.ValueType == "NUM":
                value = float(child.MeasuredValueSequence[0].NumericValue)
            elif child.ValueType in ("TEXT", "UIDREF"):
                value = str(child.get("TextValue", child.get("UID")))
            elif child.ValueType == "CODE":
                value = child.ConceptCodeSequence[0].CodeMeaning
            found.append({"name": name and name.CodeMeaning, "type": child.ValueType, "value": value})
            walk(child)

    walk(ds)
    return found


def yaml(path):
    """A YAML file."""
    import yaml as reader

    return reader.safe_load(Path(path).read_text())


def main(question, *arguments):
    answer = {
        f.__name__: f
        for f in (voxels, nifti_voxels, geometry, centroid, differences, objects, segmentation, report, yaml)
    }[question](*arguments)
    print(json.dumps(answer))


if __name__ == "__main__":
    main(*sys.argv[1:])
