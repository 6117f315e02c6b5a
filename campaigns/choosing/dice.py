"""Mean foreground Dice of segmentations: dice.py TRUTHS.tsv SEGMENTATIONS_FOLDER DICE.json

SEGMENTATIONS_FOLDER is what `segcanary segment -o` wrote for scans of these names.
"""
import json
import sys
from pathlib import Path

import nibabel as nib
import numpy as np

found = {}
for line in Path(sys.argv[1]).read_text().splitlines():
    name, truth = line.split("\t")
    a, b = (np.asarray(nib.load(path).dataobj) for path in (Path(sys.argv[2]) / f"{name}.nii.gz", truth))
    sums = {label: (a == label).sum() + (b == label).sum() for label in (1, 2)}
    dice = [2 * ((a == label) & (b == label)).sum() / total for label, total in sums.items() if total > 0]
    found[name] = float(np.mean(dice)) if dice else 1.0
Path(sys.argv[3]).write_text(json.dumps(found))
