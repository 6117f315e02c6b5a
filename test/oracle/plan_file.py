"""What numpy, torch, nibabel and deepbet itself make of what a plan file can ask for.

Run:  python test/oracle/plan_file.py

Needs the environment of test/oracle/setup.sh, and for the real scans SEGCANARY_DATA (default ../shared/data from the checkout's root).
Writes test/fixtures/plan-file/numbers.json (percentiles of small arrays), small.json (a made scan of 7 x 6 x 5 voxels on affines of several orientations,
prepared under several plans: every value) and real.json (real scans under the plans of examples/foreign-networks: values at seeded positions, never voxels
enough to be a scan).

deepbet's own code prepares its scans: deepbet.utils.normalize, and the lines of BrainExtraction.run and run_model before the network. OBELISK's scans were
resized by c3d -resample, which is linear over the same extent: torch's trilinear without aligned corners.
"""

import json
import os
from pathlib import Path

import nibabel as nib
import numpy as np
import torch
import torch.nn.functional as F
from deepbet.utils import normalize
from nibabel.orientations import apply_orientation, axcodes2ornt, io_orientation, ornt_transform

root = Path(__file__).resolve().parents[2]
data = Path(os.environ.get("SEGCANARY_DATA", root / "../shared/data")).resolve()
out = root / "test/fixtures/plan-file"
SAMPLES = 400


def numbers():
    rng = np.random.default_rng(16)
    arrays = {
        "normal": rng.normal(size=200).astype(np.float32),
        "HU": rng.integers(-1024, 1500, 101).astype(np.float32),
        "many zeros": np.where(rng.random(150) < 0.7, 0, rng.gamma(2, 90, 150)).astype(np.float32),
        "wide": (rng.choice([-1, 1], 60) * 10 ** rng.uniform(-30, 30, 60)).astype(np.float32),
        "two": np.array([3.5, -1.25], np.float32),
    }
    percents = [0, 0.5, 1, 12.5, 50, 75, 99.5, 100]
    return {"percentiles": [
        {"name": name, "values": [float(v) for v in values], "percents": percents, "expected": np.percentile(values.astype(np.float64), percents).tolist()}
        for name, values in arrays.items()
    ]}


def oriented(array, affine, codes):
    """An array [x, y, z] with its axes turned to the codes."""
    return apply_orientation(array, ornt_transform(io_orientation(affine), axcodes2ornt(codes)))


def resized(array, shape, order):
    mode = {"mode": "nearest-exact"} if order == 0 else {"mode": "trilinear", "align_corners": False}
    return F.interpolate(torch.from_numpy(np.ascontiguousarray(array))[None, None], shape, **mode)[0, 0]


def normalised(x, how):
    """x float32, of numpy or torch, as numpy does it in float32."""
    if how is None:
        return x
    if how == "deepbet":
        t = torch.as_tensor(x)
        return normalize(t, t.quantile(0.005), t.quantile(0.995)).numpy()
    low, high, scheme, slope, intercept = how
    x = np.asarray(x)
    ends = np.percentile(x.astype(np.float64), [low, high])
    x = np.clip(x, *ends.astype(np.float32)).astype(np.float64)
    x = (x - x.mean()) / x.std() if scheme == "ZScoreNormalization" else (x - ends[0]) / (ends[1] - ends[0])
    return slope * x + intercept


def prepared(array, affine, codes, shape, order, how, first):
    """The network's input: axes x, y, z of the codes."""
    turned = oriented(array, affine, codes)
    if first == "normalise-first":
        return np.asarray(resized(np.asarray(normalised(turned, how), np.float32), shape, order))
    return np.asarray(normalised(resized(turned, shape, order), how))


def small():
    rng = np.random.default_rng(5)
    array = np.round(rng.gamma(2, 100, (7, 6, 5))).astype(np.float32)
    cases = []
    for codes_of_scan in ["RAS", "LPS", "PIL", "SAR", "IRA"]:
        affine = nib.orientations.inv_ornt_aff(axcodes2ornt(codes_of_scan), array.shape)
        for codes, shape, order, how, first in [
            ("LAI", (8, 4, 5), 0, "deepbet", "resample-first"),
            ("SPR", (5, 9, 3), 1, (5, 90, "RescaleTo01Normalization", 2.0, -1.0), "resample-first"),
            ("RAS", (6, 6, 6), 1, (0.5, 99.5, "ZScoreNormalization", 0.226, 0.449), "normalise-first"),
            ("ILP", (3, 11, 4), 0, None, "normalise-first"),
        ]:
            values = prepared(array, affine, codes, shape, order, how, first)
            how = (0.5, 99.5, "ZScoreNormalization", 0.226, 0.449) if how == "deepbet" else how
            cases.append({
                "scan": codes_of_scan, "affine": affine.ravel().tolist(), "codes": codes, "shape": shape, "order": order, "how": how, "first": first,
                "values": [float(v) for v in np.asarray(values, np.float32).ravel()],
            })
    # As stored: [z, y, x] is the transpose of nibabel's [x, y, z].
    return {"shape": array.T.shape, "voxels": array.T.ravel().tolist(), "cases": cases}


def real():
    cases = []
    deepbet = ["mri/mricron_ch2.nii.gz", "mri/brainchop_t1_crop.nii.gz", "mri/MR_Gd.nii.gz", "tricky/niivue/PIL.nii.gz"]
    obelisk = ["originals/totalseg_example_ct.nii.gz", "chest/acrin_flt_breast_001_b_2mm.nii.gz"]
    for network, files in [("deepbet", deepbet), ("obelisk", obelisk)]:
        for file in files:
            image = nib.load(data / file)
            if network == "deepbet":
                # BrainExtraction.run and run_model.
                x = torch.nan_to_num(torch.from_numpy(nib.as_closest_canonical(image).get_fdata(dtype=np.float32)))
                x_small = F.interpolate(x[None, None], (128, 128, 128), mode="nearest-exact")[0, 0]
                values = normalize(x_small, x_small.quantile(0.005), x_small.quantile(0.995)).numpy()
            else:
                values = np.asarray(resized(oriented(image.get_fdata(dtype=np.float32), image.affine, "LAI"), (144, 144, 144), 1))
            seed = int.from_bytes(file.encode(), "big") % 2**32
            positions = np.sort(np.random.default_rng(seed).choice(values.size, SAMPLES, replace=False))
            cases.append({
                "network": network, "file": file, "shape": values.shape, "mean": float(values.astype(np.float64).mean()),
                "positions": positions.tolist(), "values": [float(v) for v in values.ravel()[positions]],
            })
            print(network, file, image.shape, nib.aff2axcodes(image.affine), cases[-1]["mean"])
    return cases


if __name__ == "__main__":
    out.mkdir(parents=True, exist_ok=True)
    for name, make in [("numbers", numbers), ("small", small), ("real", real)]:
        (out / f"{name}.json").write_text(json.dumps(make(), separators=(",", ":")) + "\n")
