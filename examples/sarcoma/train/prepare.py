"""Lays the soft-tissue-sarcoma CTs out as nnU-Net wants them: prepare.py STS_FOLDER RAW_DATASET_FOLDER

STS_FOLDER holds STS_001_ct.nii.gz and STS_001_gtv.nii.gz and so on; patients 001 to 022 are the training set. Files are linked, not copied.
"""
import json
import sys
from pathlib import Path

source, target = Path(sys.argv[1]).resolve(), Path(sys.argv[2])
patients = [f"STS_{i:03}" for i in range(1, 23)]
for folder in ("imagesTr", "labelsTr"):
    (target / folder).mkdir(parents=True, exist_ok=True)
for patient in patients:
    for link, file in ((f"imagesTr/{patient}_0000.nii.gz", f"{patient}_ct.nii.gz"), (f"labelsTr/{patient}.nii.gz", f"{patient}_gtv.nii.gz")):
        (target / link).unlink(missing_ok=True)
        (target / link).symlink_to(source / file)
dataset = {
    "channel_names": {"0": "CT"},
    "labels": {"background": 0, "sarcoma": 1},
    "numTraining": len(patients),
    "file_ending": ".nii.gz",
}
(target / "dataset.json").write_text(json.dumps(dataset, indent=2) + "\n")
