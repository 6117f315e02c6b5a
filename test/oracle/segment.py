"""Segmentations by nnunetv2 itself, on the CPU, of real scans under ten kinds of plan, and how far `segcanary segment` agrees with them.

Run: npm run build && ~/.cache/segcanary-oracle/bin/python test/oracle/segment.py [kind …]
Needs the scans of SEGCANARY_DATA. For each kind it trains a small network of nnU-Net's on what nnU-Net's preprocessor makes of the scans (the labels are
intensity ranges of the smoothed scan, so that every boundary runs through real anatomy), exports it with scripts/export_nnunet.py, predicts with
nnUNetPredictor and with the built command line, and prints Dice and the share of equal voxels; and, to tell rounding from anything else, how many voxels
differ from the same nnUNetPredictor with float32 in place of the float16 in which it sums weights and logits. Writes test/fixtures/segment/KIND/ (the model folder with the
export, without the checkpoint) and test/fixtures/segment/expected.json: labels at seeded positions of every scan.
"""
import base64
import inspect
import json
import os
import shutil
import subprocess
import sys
import tempfile
import textwrap
import time
import zlib
from pathlib import Path

for name in ("nnUNet_raw", "nnUNet_preprocessed", "nnUNet_results"):
    os.environ.setdefault(name, tempfile.gettempdir())

import nibabel as nib
import numpy as np
import torch
from nnunetv2.inference import predict_from_raw_data as inference
from nnunetv2.inference.predict_from_raw_data import nnUNetPredictor
from nnunetv2.preprocessing.preprocessors.default_preprocessor import DefaultPreprocessor
from nnunetv2.utilities.get_network_from_plans import get_network_from_plans
from nnunetv2.utilities.plans_handling.plans_handler import PlansManager
from scipy.ndimage import gaussian_filter

ROOT = Path(__file__).resolve().parents[2]
FIXTURES = ROOT / "test" / "fixtures" / "segment"
DATA = Path(os.environ.get("SEGCANARY_DATA", ROOT.parent / "shared" / "data"))
POSITIONS = 20000

CT = {"mean": -300.0, "std": 420.0, "percentile_00_5": -1000.0, "percentile_99_5": 600.0, "min": -1024.0, "max": 2000.0, "median": -200.0}
CHEST = ["chest/ricord1a_001012_2mm", "chest/lidc0314_2mm", "chest/lungdx_A0001_B_2mm"]
STS = ["sts2mm/STS_001_ct", "sts2mm/STS_004_ct", "sts2mm/STS_009_ct"]
CT_BANDS = [-500, 150]  # air, soft tissue, bone


def kind(scans, spacing, patch, strides, bands=CT_BANDS, schemes=("CTNormalization",), masks=(False,), arch="PlainConvUNet", folds=(0,), mirror=False,
         regions=False, transpose=(0, 1, 2), reader="SimpleITKIO", iterations=150):
    return dict(scans=[s if isinstance(s, tuple) else (s,) for s in scans], spacing=spacing, patch=patch, strides=strides, bands=bands, schemes=schemes,
                masks=masks, arch=arch, folds=folds, mirror=mirror, regions=regions, transpose=transpose, reader=reader, iterations=iterations)


ISO = [[1, 1, 1], [2, 2, 2], [2, 2, 2]]
ANISO = [[1, 1, 1], [1, 2, 2], [2, 2, 2]]
KINDS = {
    "ct-separate-z": kind(CHEST[:2] + ["originals/totalseg_example_ct"], [7.5, 2.2, 2.2], [16, 64, 64], ANISO),
    "ct-isotropic": kind(["chest/lidc0314_2mm", "originals/invesalius_cranium_ct_2mm", STS[0]], [2.6, 2.6, 2.6], [32, 48, 48], ISO),
    "mr-mask-crop": kind(["mri/mricron_ch2", "mri/MR_Gd", "mri/brainchop_t1_crop"], [1.7, 1.5, 1.5], [48, 48, 48], ISO, bands=[30, 60], iterations=300,
                         schemes=("ZScoreNormalization",), masks=(True,)),
    "two-channels": kind([(f"sts2mm/STS_{i}_ct", f"sts2mm/STS_{i}_gtv") for i in ("001", "004", "009")], [3.27, 2.4, 2.4], [32, 48, 48], ISO,
                         schemes=("CTNormalization", "NoNormalization"), masks=(False, False), iterations=400),
    "regions": kind([CHEST[2], STS[1]], [4.0, 2.5, 2.5], [24, 48, 48], ANISO, regions=True, iterations=400),
    "transposed": kind([CHEST[0], STS[2], "originals/totalseg_example_ct"], [2.6, 3.0, 3.2], [40, 32, 48], ISO, transpose=(2, 0, 1)),
    "ras": kind([CHEST[0], "originals/totalseg_example_ct"], [3.0, 2.6, 2.6], [32, 48, 48], ISO, reader="NibabelIOWithReorient", iterations=400),
    "two-folds": kind([STS[1], STS[2], "sts2mm/STS_020_ct"], [3.27, 2.2, 2.2], [32, 48, 48], ISO, folds=(0, 1), iterations=300),
    "mirroring": kind([STS[0], STS[2]], [3.27, 2.4, 2.4], [32, 48, 48], ISO, mirror=True),
    # Written by test/support/scans.ts, for machines without real scans.
    "synthetic": kind(["synthetic/7"], [6.0, 3.3, 3.3], [16, 32, 32], ANISO, bands=[-600, -350]),
    "residual-encoder": kind([CHEST[1], STS[1]], [3.0, 2.6, 2.6], [32, 48, 48], ISO, arch="ResidualEncoderUNet", iterations=400),
}
FEATURES = [6, 12, 24]


def plans_of(k):
    n = len(FEATURES)
    blocks = {"n_conv_per_stage": [2] * n} if k["arch"] == "PlainConvUNet" else {"n_blocks_per_stage": [1] + [2] * (n - 1)}
    resampling = {"is_seg": False, "order": 3, "order_z": 0, "force_separate_z": None}
    return {
        "dataset_name": "Dataset001_oracle", "plans_name": "nnUNetPlans", "label_manager": "LabelManager", "image_reader_writer": k["reader"],
        "transpose_forward": list(k["transpose"]), "transpose_backward": list(np.argsort(k["transpose"]).tolist()),
        "experiment_planner_used": "ExperimentPlanner", "original_median_spacing_after_transp": k["spacing"],
        "original_median_shape_after_transp": k["patch"],
        "foreground_intensity_properties_per_channel": {str(c): CT for c in range(len(k["schemes"]))},
        "configurations": {"3d_fullres": {
            "data_identifier": "nnUNetPlans_3d_fullres", "preprocessor_name": "DefaultPreprocessor", "batch_size": 2, "patch_size": k["patch"],
            "median_image_size_in_voxels": k["patch"], "spacing": k["spacing"], "normalization_schemes": list(k["schemes"]),
            "use_mask_for_norm": list(k["masks"]), "batch_dice": False,
            "resampling_fn_data": "resample_data_or_seg_to_shape", "resampling_fn_data_kwargs": resampling,
            "resampling_fn_seg": "resample_data_or_seg_to_shape", "resampling_fn_seg_kwargs": {**resampling, "is_seg": True, "order": 1},
            "resampling_fn_probabilities": "resample_data_or_seg_to_shape", "resampling_fn_probabilities_kwargs": {**resampling, "order": 1},
            "architecture": {
                "network_class_name": f"dynamic_network_architectures.architectures.unet.{k['arch']}",
                "arch_kwargs": {
                    "n_stages": n, "features_per_stage": FEATURES, "conv_op": "torch.nn.modules.conv.Conv3d", "kernel_sizes": [[3, 3, 3]] * n,
                    "strides": k["strides"], **blocks, "n_conv_per_stage_decoder": [1] * (n - 1), "conv_bias": True,
                    "norm_op": "torch.nn.modules.instancenorm.InstanceNorm3d", "norm_op_kwargs": {"eps": 1e-05, "affine": True}, "dropout_op": None,
                    "dropout_op_kwargs": None, "nonlin": "torch.nn.LeakyReLU", "nonlin_kwargs": {"inplace": True}},
                "_kw_requires_import": ["conv_op", "norm_op", "dropout_op", "nonlin"]},
        }},
    }


def dataset_of(k):
    names = ["tissue", "bone"] if len(k["bands"]) == 2 else [f"band {i + 1}" for i in range(len(k["bands"]))]
    labels = {"background": 0, **{name: i + 1 for i, name in enumerate(names)}}
    more = {}
    if k["regions"]:
        labels = {"background": 0, "body": [1, 2], "bone": 2}
        more = {"regions_class_order": [1, 2]}
    return {"channel_names": {str(c): s.removesuffix("Normalization") for c, s in enumerate(k["schemes"])}, "labels": labels, "numTraining": 3,
            "file_ending": ".nii.gz", **more}


SYNTHETIC = Path(tempfile.mkdtemp(prefix="segcanary-synthetic-"))


def files_of(scan):
    return [synthetic(int(name.split("/")[1])) if name.startswith("synthetic/") else str(DATA / f"{name}.nii.gz") for name in scan]


def synthetic(seed):
    """A scan that the tests can write again."""
    path = SYNTHETIC / f"{seed}.nii.gz"
    if not path.exists():
        script = f"import {{ writeScan }} from './test/support/scans.ts'; writeScan({{ path: '{path}', seed: {seed}, shape: [40, 90, 84] }});"
        subprocess.run([str(ROOT / "node_modules" / ".bin" / "tsx"), "-e", script], check=True, cwd=ROOT)
    return str(path)


def train(k, folder):
    """A few dozen steps of Adam on cross-entropy: enough for a network with opinions."""
    plans, dataset = PlansManager(plans_of(k)), dataset_of(k)
    configuration = plans.get_configuration("3d_fullres")
    labels = plans.get_label_manager(dataset)
    reader = plans.image_reader_writer_class()
    prepared = []
    for scan in k["scans"]:
        image, properties = reader.read_images(files_of(scan))
        smooth = gaussian_filter(image[:1].astype(np.float32), (0, 1.2, 1.2, 1.2))
        target = np.digitize(smooth, k["bands"]).astype(np.int8)
        data, seg, _ = DefaultPreprocessor(verbose=False).run_case_npy(image, target, properties, plans, configuration, dataset)
        prepared.append((torch.from_numpy(np.asarray(data, np.float32)), torch.from_numpy(np.maximum(np.asarray(seg[0], np.int64), 0))))
    for fold in k["folds"]:
        torch.manual_seed(fold)
        rng = np.random.default_rng(fold)
        network = get_network_from_plans(configuration.network_arch_class_name, configuration.network_arch_init_kwargs,
                                         configuration.network_arch_init_kwargs_req_import, len(k["schemes"]), labels.num_segmentation_heads,
                                         deep_supervision=False)
        optimiser = torch.optim.Adam(network.parameters(), 4e-3)
        for step in range(k["iterations"]):
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
            if k["regions"]:
                wanted = torch.stack([target >= 1, target == 2], 1).float()
                loss = torch.nn.functional.binary_cross_entropy_with_logits(logits, wanted)
            else:
                loss = torch.nn.functional.cross_entropy(logits, target)
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
        print(f"  fold {fold}: loss {loss.item():.3f}", flush=True)
        (folder / f"fold_{fold}").mkdir(parents=True, exist_ok=True)
        torch.save({"network_weights": network.state_dict(), "trainer_name": "nnUNetTrainer", "init_args": {"configuration": "3d_fullres"},
                    "inference_allowed_mirroring_axes": (0, 1, 2)}, folder / f"fold_{fold}" / "checkpoint_final.pth")


def float32_predictor():
    """nnUNetPredictor with the same code but for the type of its sums."""
    source = inspect.getsource(nnUNetPredictor._internal_predict_sliding_window_return_logits)
    lines = source.splitlines()
    start = next(i for i, line in enumerate(lines) if line.lstrip().startswith("def "))
    body = textwrap.dedent("\n".join(lines[start:])).replace("torch.half", "torch.float32")
    body = body.replace("value_scaling_factor=10,", "value_scaling_factor=10, dtype=torch.float32,")
    assert body.count("float32") == 3, body
    scope = dict(vars(inference))
    exec(body, scope)

    class Float32(nnUNetPredictor):
        _internal_predict_sliding_window_return_logits = torch.inference_mode()(scope["_internal_predict_sliding_window_return_logits"])

    return Float32


def predict(k, folder, out, predictor_class=nnUNetPredictor):
    predictor = predictor_class(tile_step_size=0.5, use_gaussian=True, use_mirroring=k["mirror"], perform_everything_on_device=False,
                                device=torch.device("cpu"), verbose=False, allow_tqdm=False)
    predictor.initialize_from_trained_model_folder(str(folder), k["folds"], "checkpoint_final.pth")
    predictor.predict_from_files_sequential([files_of(s) for s in k["scans"]], [str(out / case_of(s)) for s in k["scans"]])


def case_of(scan):
    return Path(scan[0]).name


def dice(a, b, label):
    x, y = a == label, b == label
    total = x.sum() + y.sum()
    return None if total == 0 else float(2 * (x & y).sum() / total)


def segcanary(k, folder, inputs, out):
    args = ["node", str(ROOT / "dist" / "cli" / "main.js"), "segment", "-q", "-m", str(folder), "-i", str(inputs), "-o", str(out)]
    subprocess.run(args + (["--tta"] if k["mirror"] else []), check=True, stdout=subprocess.DEVNULL)


def main():
    wanted = sys.argv[1:] or list(KINDS)
    work = Path(tempfile.mkdtemp(prefix="segcanary-segment-"))
    expected_path = FIXTURES / "expected.json"
    expected = json.loads(expected_path.read_text()) if expected_path.exists() else {}
    for name in wanted:
        k = KINDS[name]
        print(name, flush=True)
        folder = work / name / "nnUNetTrainer__nnUNetPlans__3d_fullres"
        folder.mkdir(parents=True)
        (folder / "plans.json").write_text(json.dumps(plans_of(k), indent=1) + "\n")
        (folder / "dataset.json").write_text(json.dumps(dataset_of(k), indent=1) + "\n")
        train(k, folder)
        subprocess.run([sys.executable, str(ROOT / "scripts" / "export_nnunet.py"), str(folder)], check=True)
        theirs, exact, ours, inputs = (work / name / d for d in ("theirs", "exact", "ours", "inputs"))
        for d in (theirs, exact, ours, inputs):
            d.mkdir()
        for scan in k["scans"]:
            for c, file in enumerate(files_of(scan)):
                (inputs / f"{case_of(scan)}_{c:04d}.nii.gz").symlink_to(file)
        started = time.time()
        predict(k, folder, theirs)
        middle = time.time()
        segcanary(k, folder, inputs, ours)
        print(f"  nnunetv2 {middle - started:.1f} s, segcanary {time.time() - middle:.1f} s", flush=True)
        predict(k, folder, exact, float32_predictor())
        cases = {}
        for scan in k["scans"]:
            reference, result = nib.load(theirs / f"{case_of(scan)}.nii.gz"), nib.load(ours / f"{case_of(scan)}.nii.gz")
            a, b = np.asarray(reference.dataobj), np.asarray(result.dataobj)
            f = np.asarray(nib.load(exact / f"{case_of(scan)}.nii.gz").dataobj)
            assert a.shape == b.shape and np.allclose(reference.affine, result.affine, atol=1e-4), (a.shape, b.shape)
            labels = [int(v) for v in np.unique(a) if v > 0]
            share = float((a == b).mean())
            scores = {v: dice(a, b, v) for v in labels}
            print(f"  {case_of(scan):28} equal {100 * share:.4f} %  differing {int((a != b).sum()):6d} of {a.size:9d} (float32: {int((f == b).size - (f == b).sum())})  "
                  + "  ".join(f"Dice {v}: {d:.5f} (n {int((a == v).sum())})" for v, d in scores.items()), flush=True)
            # Half of the positions anywhere, half within the labels that are rarer.
            rng = np.random.default_rng(1)
            flat = a.transpose(2, 1, 0).ravel()
            foreground = np.flatnonzero(flat)
            positions = np.concatenate([rng.integers(flat.size, size=POSITIONS // 2),
                                        rng.choice(foreground, size=POSITIONS // 2)]).astype(np.uint32)
            cases[case_of(scan)] = {
                "files": [f"{n}.nii.gz" for n in scan], "shape": list(a.shape), "voxels": {str(v): int((a == v).sum()) for v in np.unique(a)},
                "positions": base64.b64encode(zlib.compress(positions.tobytes(), 9)).decode(),
                "labels": base64.b64encode(zlib.compress(flat[positions].astype(np.uint8).tobytes(), 9)).decode(),
            }
        expected[name] = {"folder": f"{name}/{folder.name}", "tta": k["mirror"], "cases": cases}
        target = FIXTURES / name / folder.name
        shutil.rmtree(FIXTURES / name, ignore_errors=True)
        shutil.copytree(folder, target, ignore=shutil.ignore_patterns("*.pth"))
        expected_path.write_text(json.dumps(expected, indent=1) + "\n")
    print(work)


if __name__ == "__main__":
    main()
