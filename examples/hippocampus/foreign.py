"""Cuts crops of the size of the hippocampus scans out of other scans: foreign.py DATA_FOLDER FOLDER

DATA_FOLDER holds the public scans (docs/results.md says which and where from). From each, the box
of 36 x 50 x 36 mm around the middle of what is brighter than the mean is cut out, on the scan's own
grid, and written to FOLDER/NAME.nii.gz as float32. Two series of a brain MR study come as DICOM.
Run in the environment of test/oracle/setup.sh; it needs SimpleITK, which nnunetv2 brings along.
"""
import sys
import tarfile
import tempfile
from pathlib import Path

import numpy as np
import SimpleITK as sitk

SIZE = (36, 50, 36)  # mm along x, y, z
NIFTI = [
    "mri/brainchop_t1_crop", "mri/mricron_ch2", "mri/MR_Gd", "originals/totalseg_example_mr_sm", "originals/STS_008_MR_T1_image",
    "sts_ood/STS_041_mrT1_2mm", "sts_ood/STS_042_mrT1_2mm", "sts_ood/STS_043_mrT1_2mm",
    "mri/CT_AVM", "originals/invesalius_cranium_ct_2mm", "originals/ichseg_headct_template_128", "originals/totalseg_example_ct",
    "originals/imlab_id001", "originals/imlab_id002", "originals/ibsi_lung_ct_phantom", "chest/acrin_flt_breast_001_b_2mm",
    "chest/ricord1a_001012_2mm", "chest/lidc0314_2mm", "chest/lungdx_A0001_B_2mm", "sts2mm/STS_001_ct", "sts2mm/STS_020_ct",
]


def crop(image):
    values = sitk.GetArrayViewFromImage(image).astype(np.float64)
    middle = [int(np.median(index)) for index in np.nonzero(values > values.mean())][::-1]
    size = [min(n, max(2, round(mm / spacing))) for n, mm, spacing in zip(image.GetSize(), SIZE, image.GetSpacing())]
    start = [min(max(0, c - s // 2), n - s) for c, s, n in zip(middle, size, image.GetSize())]
    return sitk.Cast(sitk.RegionOfInterest(image, size, start), sitk.sitkFloat32)


def series(archive):
    """Every series in a .tgz of DICOM files."""
    with tempfile.TemporaryDirectory() as folder:
        with tarfile.open(archive) as tar:
            tar.extractall(folder, filter="data")
        for directory in {path.parent for path in Path(folder).rglob("*") if path.is_file()}:
            for identity in sitk.ImageSeriesReader.GetGDCMSeriesIDs(str(directory)):
                yield sitk.ReadImage(sitk.ImageSeriesReader.GetGDCMSeriesFileNames(str(directory), identity))


def main():
    data, folder = Path(sys.argv[1]), Path(sys.argv[2])
    folder.mkdir(parents=True, exist_ok=True)
    images = {Path(name).name: sitk.ReadImage(str(data / f"{name}.nii.gz")) for name in NIFTI}
    for archive in sorted((data / "dicom" / "mr" / "Study3").glob("*.tgz")):
        for i, image in enumerate(series(archive)):
            images[f"dicom_{archive.stem}_{i}"] = image
    for name, image in images.items():
        cut = crop(image)
        sitk.WriteImage(cut, str(folder / f"{name}.nii.gz"))
        print(name, image.GetSize(), "->", cut.GetSize(), [round(s, 2) for s in cut.GetSpacing()])


main()
