"""Lays the hippocampus crops out as nnU-Net wants them: prepare.py DATA_FOLDER RAW_DATASET_FOLDER

DATA_FOLDER holds images/hippocampus_NNN.nii.gz and labels/. The 200 cases in the order of the
SHA-256 of their names: the first 100 are the training set (imagesTr), the next 50 calibrate, the
last 50 test (imagesTs holds both; cohort.ts makes the same split). Files are linked, not copied.
"""
import hashlib
import json
import sys
from pathlib import Path

source, target = Path(sys.argv[1]).resolve(), Path(sys.argv[2])
names = sorted((p.name.removesuffix(".nii.gz") for p in (source / "images").glob("hippocampus_*.nii.gz")),
               key=lambda name: hashlib.sha256(name.encode()).hexdigest())
assert len(names) == 200, f"{source}/images holds {len(names)} of the 200 cases."
for where, cases in (("Tr", names[:100]), ("Ts", names[100:])):
    for folder in ("images", "labels"):
        (target / (folder + where)).mkdir(parents=True, exist_ok=True)
    for name in cases:
        for link, file in ((f"images{where}/{name}_0000.nii.gz", f"images/{name}.nii.gz"),
                           (f"labels{where}/{name}.nii.gz", f"labels/{name}.nii.gz")):
            (target / link).unlink(missing_ok=True)
            (target / link).symlink_to(source / file)
dataset = {
    "channel_names": {"0": "MRI"},
    "labels": {"background": 0, "anterior": 1, "posterior": 2},
    "numTraining": 100,
    "file_ending": ".nii.gz",
}
(target / "dataset.json").write_text(json.dumps(dataset, indent=2) + "\n")
