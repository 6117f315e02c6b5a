"""The development cohort of the hippocampus network: hippocampus.py HIPPOCAMPUS_FOLDER FOLDER

Its 100 training cases; of the 50 that calibrate, 25 as validation and 25 as in-distribution test
cases; and shifts of the latter by TorchIO, two a shift and grade, in turns. No case of the last 50
and no foreign scan is in it, and the shifts are not segcanary's own, whose test comes later. FOLDER
gets the shifts, list.tsv for features.ts and truths.tsv for dice.py.
"""
import hashlib
import sys
from pathlib import Path

import nibabel as nib
import numpy as np
import torch
import torchio as tio

data, folder = Path(sys.argv[1]).resolve(), Path(sys.argv[2]).resolve()
folder.mkdir(parents=True, exist_ok=True)
names = sorted((p.name.removesuffix(".nii.gz") for p in (data / "images").glob("*.nii.gz")), key=lambda n: hashlib.sha256(n.encode()).hexdigest())
train, val, test = names[:100], names[100:125], names[125:150]
image, label = (lambda n: data / "images" / f"{n}.nii.gz"), (lambda n: data / "labels" / f"{n}.nii.gz")


def changed(function):
    return lambda scan: tio.ScalarImage(tensor=function(scan.data), affine=scan.affine)


def shifts(grade):
    k = grade - 1
    noise = [0.1, 0.3, 0.6][k]
    found = {
        "noise": lambda scan: tio.Noise(mean=0, std=noise * float(scan.data.std()), seed=1)(scan),
        "bias": tio.BiasField(order=3, coefficients=list(np.random.RandomState(grade).uniform(-1, 1, 20) * [0.2, 0.5, 1][k])),
        "ghost": tio.Ghosting(num_ghosts=4, axis=1, intensity=[0.3, 0.8, 1.5][k], restore=0.02),
        "spike": tio.Spike(spikes_positions=np.array([[0.35, 0.4, 0.45]]), intensity=[0.1, 0.4, 1][k]),
        "motion": tio.RandomMotion(degrees=[3, 8, 15][k], translation=[1, 3, 6][k], num_transforms=[2, 3, 4][k]),
        "blur": tio.Blur(std=[(0.7, 0, 0), (1.5, 0, 0), (3, 0, 0)][k]),
        "aniso": tio.RandomAnisotropy(axes=(2,), downsampling=[(1.99, 2.01), (3, 3.01), (5, 5.01)][k]),
        "gamma": tio.Gamma(gamma=[0.75, 0.5, 0.3][k]),
        "flip": tio.Flip(axes=(k,)),
        "scale": changed(lambda values: values * [0.1, 10, 1000][k]),
    }
    if grade == 3:
        found["invert"] = changed(lambda values: values.max() + values.min() - values)
    return found


lines = [(f"{group}__{n}", image(n)) for group, cases in (("train", train), ("val", val), ("test", test)) for n in cases]
truths = [(f"{group}__{n}", label(n)) for group, cases in (("val", val), ("test", test)) for n in cases]
turn = 0
for grade in (1, 2, 3):
    for shift, change in shifts(grade).items():
        for i in range(2):
            case = test[turn % 25]
            turn += 1
            torch.manual_seed(turn)
            np.random.seed(turn)
            scan = tio.ScalarImage(image(case))
            name, truth = f"{shift}-{grade}__{case}_{i}", label(case)
            found = change(tio.ScalarImage(tensor=scan.data.float(), affine=scan.affine))
            nib.save(nib.Nifti1Image(found.data[0].numpy().astype(np.float32), scan.affine), folder / f"{name}.nii.gz")
            if shift == "flip":
                original = nib.load(truth)
                truth = folder / f"{name}_label.nii.gz"
                nib.save(nib.Nifti1Image(np.flip(np.asarray(original.dataobj), grade - 1).copy(), original.affine), truth)
            lines.append((name, folder / f"{name}.nii.gz"))
            truths.append((name, truth))
for file, rows in (("list.tsv", lines), ("truths.tsv", truths)):
    (folder / file).write_text("".join(f"{name}\t{path}\n" for name, path in rows))
