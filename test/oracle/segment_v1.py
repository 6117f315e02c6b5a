"""Segmentations and prepared scans of nnU-Net v1 (PyPI nnunet 1.7.1), for test/jobs/segment.test.ts and test/preparation.slow.test.ts.

Run:  npm run build && python test/oracle/segment_v1.py            (all kinds of plan)
      npm run build && python test/oracle/segment_v1.py NAME…      (some)

Needs the environment of test/oracle/setup_v1.sh and the scans of SEGCANARY_DATA (default ../shared/data from the checkout's root). For each kind of plan it
trains a small network on bands of intensity of real scans, exports it with scripts/export_nnunet_v1.py, predicts with nnunet's own `predict_cases` on the
CPU and with `segcanary segment`, compares every voxel and prints what it found. Written are the exported model (test/fixtures/segment/NAME), labels at
seeded positions (expected.json there) and prepared values at seeded positions (test/fixtures/preprocess/NAME_*.json). Never voxels enough to be a scan.
"""
import base64
import contextlib
import io
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import zlib
from collections import OrderedDict
from pathlib import Path

for variable in ("nnUNet_raw_data_base", "nnUNet_preprocessed", "RESULTS_FOLDER"):
    os.environ.setdefault(variable, tempfile.gettempdir())

import nibabel as nib
import numpy as np
import torch
from scipy.ndimage import gaussian_filter

# nnunet reads checkpoints with numpy numbers in them, which torch has refused since 2.6 unless told
# otherwise.
torch.serialization.load.__kwdefaults__["weights_only"] = False
from nnunet.inference.predict import predict_cases  # noqa: E402
from nnunet.training.model_restore import load_model_and_checkpoint_files, recursive_find_python_class  # noqa: E402
import nnunet  # noqa: E402

ROOT = Path(__file__).resolve().parents[2]
FIXTURES = ROOT / "test" / "fixtures"
DATA = Path(os.environ.get("SEGCANARY_DATA", ROOT.parent / "shared" / "data"))
POSITIONS = 20000
SAMPLES = 400

CT = {"mean": -300.0, "sd": 420.0, "percentile_00_5": -1000.0, "percentile_99_5": 600.0, "mn": -1024.0, "mx": 2000.0, "median": -200.0}


def kind(scans, spacing, patch, pools, bands, schemes=("CT",), masks=(False,), folds=(0,), mirror=False, transpose=(0, 1, 2), trainer="nnUNetTrainerV2",
         iterations=300):
    return dict(scans=[s if isinstance(s, tuple) else (s,) for s in scans], spacing=spacing, patch=patch, pools=pools, bands=bands, schemes=schemes,
                masks=masks, folds=folds, mirror=mirror, transpose=transpose, trainer=trainer, iterations=iterations)


def hu(*values):
    """Bands of a CT in its normalised units."""
    return [(v - CT["mean"]) / CT["sd"] for v in values]


ISO, ANISO = [[2, 2, 2], [2, 2, 2]], [[1, 2, 2], [2, 2, 2]]
KINDS = {
    "v1-separate-z": kind(["chest/ricord1a_001012_2mm", "originals/totalseg_example_ct"], [7.5, 2.2, 2.2], [16, 64, 64], ANISO, hu(-500, 150)),
    "v1-folds-mirrored": kind(["sts2mm/STS_004_ct", "sts2mm/STS_009_ct"], [3.27, 2.4, 2.4], [32, 48, 48], ISO, hu(-500, 150), folds=(0, 1), mirror=True),
    "v1-mr-mask": kind(["mri/MR_Gd", "mri/brainchop_t1_crop"], [1.7, 1.5, 1.5], [48, 48, 48], ISO, [0.0, 1.0], schemes=("nonCT",), masks=(True,)),
    # Turned axes, and a target so coarse along one of them that it decides what is resampled on its
    # own: v1 takes another axis on its way back.
    "v1-transposed": kind(["sts2mm/STS_001_ct", "chest/lidc0314_2mm"], [9.0, 2.6, 2.6], [16, 48, 48], ANISO, hu(-500, 150), masks=(True,),
                          transpose=(2, 0, 1)),
    "v1-regions": kind([("sts2mm/STS_001_ct", "sts2mm/STS_001_gtv"), ("sts2mm/STS_009_ct", "sts2mm/STS_009_gtv")], [3.27, 2.4, 2.4], [32, 48, 48], ISO,
                       hu(-500, 0, 150), schemes=("CT", "noNorm"), masks=(False, False), trainer="nnUNetTrainerV2BraTSRegions"),
    # Written by test/support/scans.ts, for machines without real scans.
    "v1-synthetic": kind(["synthetic-mr/8"], [6.0, 3.3, 3.3], [16, 32, 32], ANISO, [0.0, 0.6], schemes=("nonCT",), masks=(True,)),
}


def plans_of(k):
    n = len(k["schemes"])
    classes = len(k["bands"])
    stage = {
        "batch_size": 2, "num_pool_per_axis": [2, 2, 2], "patch_size": np.array(k["patch"]), "median_patient_size_in_voxels": np.array(k["patch"]),
        "current_spacing": np.array(k["spacing"]), "original_spacing": np.array(k["spacing"]), "do_dummy_2D_data_aug": False,
        "pool_op_kernel_sizes": k["pools"], "conv_kernel_sizes": [[3, 3, 3]] * 3,
    }
    transpose = list(k["transpose"])
    return {
        "num_stages": 1, "num_modalities": n, "modalities": {c: s for c, s in enumerate(k["schemes"])},
        "normalization_schemes": OrderedDict(enumerate(k["schemes"])), "use_mask_for_norm": OrderedDict(enumerate(k["masks"])),
        "dataset_properties": {"intensityproperties": {c: CT for c in range(n)} if "CT" in k["schemes"] else None},
        "num_classes": classes, "all_classes": list(range(1, classes + 1)), "base_num_features": 6, "keep_only_largest_region": None,
        "min_region_size_per_class": None, "min_size_per_class": None, "transpose_forward": transpose,
        "transpose_backward": [transpose.index(i) for i in range(3)], "data_identifier": "nnUNetData_plans_v2.1", "plans_per_stage": {0: stage},
        "preprocessor_name": "GenericPreprocessor", "conv_per_stage": 2,
    }


SYNTHETIC = Path(tempfile.mkdtemp(prefix="segcanary-synthetic-"))


def files_of(scan):
    return [synthetic(int(name.split("/")[1])) if name.startswith("synthetic") else str(DATA / f"{name}.nii.gz") for name in scan]


def synthetic(seed):
    """A scan that the tests can write again."""
    path = SYNTHETIC / f"{seed}.nii.gz"
    if not path.exists():
        script = f"import {{ writeScan }} from './test/support/scans.ts'; writeScan({{ path: '{path}', seed: {seed}, shape: [40, 90, 84], modality: 'mr' }});"
        subprocess.run([str(ROOT / "node_modules" / ".bin" / "tsx"), "-e", script], check=True, cwd=ROOT)
    return str(path)


def case_of(scan):
    return Path(scan[0]).name


def train(k, folder):
    """A few hundred steps of Adam on bands of the prepared image: enough for a network with opinions."""
    trainers = os.path.join(nnunet.__path__[0], "training", "network_training")
    trainer_class = recursive_find_python_class([trainers], k["trainer"], current_module="nnunet.training.network_training")
    prepared = None
    for fold in k["folds"]:
        torch.manual_seed(fold)
        rng = np.random.default_rng(fold)
        trainer = trainer_class("plans.pkl", fold, str(folder), str(folder), True, 0, False, True, False)
        trainer.output_folder = str(folder / f"fold_{fold}")
        trainer.plans = plans_of(k)
        trainer.initialize(False)
        network = trainer.network.train()
        network.do_ds = False
        if prepared is None:
            prepared = []
            for scan in k["scans"]:
                data = trainer.preprocess_patient(files_of(scan))[0]
                target = np.digitize(gaussian_filter(data[0], 1.0), k["bands"])
                prepared.append((torch.from_numpy(data), torch.from_numpy(target.astype(np.int64))))
        optimiser = torch.optim.Adam(network.parameters(), 4e-3)
        for _ in range(k["iterations"]):
            images, targets = [], []
            for _ in range(2):
                data, seg = prepared[rng.integers(len(prepared))]
                pad = [(max(0, p - n)) for p, n in zip(k["patch"], data.shape[1:])]
                widths = [v for d in reversed(pad) for v in (d // 2, d - d // 2)]
                data, seg = torch.nn.functional.pad(data, widths), torch.nn.functional.pad(seg, widths)
                at = [rng.integers(n - p + 1) for p, n in zip(k["patch"], data.shape[1:])]
                box = tuple(slice(a, a + p) for a, p in zip(at, k["patch"]))
                images.append(data[(slice(None), *box)])
                targets.append(seg[box])
            logits, target = network(torch.stack(images)), torch.stack(targets)
            if getattr(trainer, "regions_class_order", None):
                wanted = torch.stack([target >= 1, target >= 2, target == 3], 1).float()
                loss = torch.nn.functional.binary_cross_entropy_with_logits(logits, wanted)
            else:
                loss = torch.nn.functional.cross_entropy(logits, target)
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
        print(f"  fold {fold}: loss {loss.item():.3f}", file=sys.__stdout__, flush=True)
        Path(trainer.output_folder).mkdir(parents=True, exist_ok=True)
        trainer.save_checkpoint(os.path.join(trainer.output_folder, "model_final_checkpoint.model"), save_optimizer=False)


def prepared_values(k, name, folder, plans):
    """What nnunet makes of each scan before it predicts, at seeded positions."""
    trainer, _ = load_model_and_checkpoint_files(str(folder), (k["folds"][0],), False, "model_final_checkpoint")
    for scan in k["scans"]:
        if scan[0].startswith("synthetic"):
            continue
        data, _, properties = trainer.preprocess_patient(files_of(scan))
        forward = k["transpose"]
        positions = np.random.default_rng(7).integers(data.size, size=SAMPLES)
        fixture = {
            "files": [f"{n}.nii.gz" for n in scan], "plans": plans, "shape": list(data.shape),
            "box": [[int(v) for v in properties["crop_bbox"][axis]] for axis in forward],
            "min": float(data.min()), "max": float(data.max()), "mean": float(data.mean(dtype=np.float64)),
            "positions": positions.tolist(), "values": [float(v) for v in data.ravel()[positions]],
        }
        path = FIXTURES / "preprocess" / f"{name.replace('-', '_')}_{case_of(scan)}.json"
        path.write_text(json.dumps(fixture) + "\n")


def dice(a, b, label):
    x, y = a == label, b == label
    return float(2 * (x & y).sum() / (x.sum() + y.sum()))


def main():
    work = Path(tempfile.mkdtemp(prefix="segcanary-segment-v1-"))
    expected_path = FIXTURES / "segment" / "expected.json"
    expected = json.loads(expected_path.read_text())
    for name in sys.argv[1:] or list(KINDS):
        k = KINDS[name]
        print(name, flush=True)
        folder = work / name / "3d_fullres" / "Task001_Oracle" / "nnUNetTrainerV2__nnUNetPlansv2.1"
        folder.mkdir(parents=True)
        with contextlib.redirect_stdout(io.StringIO()):
            train(k, folder)
        exported = work / name / "model"
        subprocess.run([sys.executable, str(ROOT / "scripts" / "export_nnunet_v1.py"), str(folder), "--out", str(exported)], check=True,
                       stdout=subprocess.DEVNULL)
        theirs, ours, inputs = (work / name / d for d in ("theirs", "ours", "inputs"))
        for d in (theirs, ours, inputs):
            d.mkdir()
        for scan in k["scans"]:
            for c, file in enumerate(files_of(scan)):
                (inputs / f"{case_of(scan)}_{c:04d}.nii.gz").symlink_to(file)
        started = time.time()
        with contextlib.redirect_stdout(io.StringIO()):
            prepared_values(k, name, folder, json.loads((exported / "plans.json").read_text()))
            predict_cases(str(folder), [files_of(s) for s in k["scans"]], [str(theirs / f"{case_of(s)}.nii.gz") for s in k["scans"]], k["folds"], False, 1, 1,
                          do_tta=k["mirror"], mixed_precision=False, overwrite_existing=True, disable_postprocessing=True)
        middle = time.time()
        args = ["node", str(ROOT / "dist" / "cli" / "main.js"), "segment", "-q", "-m", str(exported), "-i", str(inputs), "-o", str(ours)]
        subprocess.run(args + (["--tta"] if k["mirror"] else []), check=True, stdout=subprocess.DEVNULL)
        print(f"  nnunet 1.7.1 {middle - started:.1f} s, segcanary {time.time() - middle:.1f} s", flush=True)
        cases = {}
        for scan in k["scans"]:
            reference, result = nib.load(theirs / f"{case_of(scan)}.nii.gz"), nib.load(ours / f"{case_of(scan)}.nii.gz")
            a, b = np.asarray(reference.dataobj), np.asarray(result.dataobj)
            assert a.shape == b.shape and np.allclose(reference.affine, result.affine, atol=1e-4), (a.shape, b.shape)
            scores = {int(v): dice(a, b, v) for v in np.unique(a) if v > 0}
            print(f"  {case_of(scan):28} equal {100 * float((a == b).mean()):.4f} %  differing {int((a != b).sum()):6d} of {a.size:9d}  "
                  + "  ".join(f"Dice {v}: {d:.5f} (n {int((a == v).sum())})" for v, d in scores.items()), flush=True)
            # Half of the positions anywhere, half within the labels that are rarer.
            rng = np.random.default_rng(1)
            flat = a.transpose(2, 1, 0).ravel()
            positions = np.concatenate([rng.integers(flat.size, size=POSITIONS // 2),
                                        rng.choice(np.flatnonzero(flat), size=POSITIONS // 2)]).astype(np.uint32)
            cases[case_of(scan)] = {
                "files": [f"{n}.nii.gz" for n in scan], "shape": list(a.shape), "voxels": {str(v): int((a == v).sum()) for v in np.unique(a)},
                "positions": base64.b64encode(zlib.compress(positions.tobytes(), 9)).decode(),
                "labels": base64.b64encode(zlib.compress(flat[positions].astype(np.uint8).tobytes(), 9)).decode(),
            }
        expected[name] = {"folder": name, "tta": k["mirror"], "cases": cases}
        shutil.rmtree(FIXTURES / "segment" / name, ignore_errors=True)
        shutil.copytree(exported, FIXTURES / "segment" / name)
        expected_path.write_text(json.dumps(expected, indent=1) + "\n")
    print(work)


if __name__ == "__main__":
    main()
