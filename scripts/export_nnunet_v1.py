#!/usr/bin/env python3
"""Exports a trained nnU-Net v1 to ONNX and its plans to JSON, for segcanary. One file; run it inside your nnU-Net v1 environment (it needs
`pip install onnx` beside nnunet):

    python export_nnunet_v1.py MODEL_FOLDER [--out FOLDER] [--folds 0 1 2 3 4] [--checkpoint model_final_checkpoint] [--opset 17]

MODEL_FOLDER is the one with fold_0, fold_1, …: 3d_fullres/Task001_Name/nnUNetTrainerV2__nnUNetPlansv2.1. Beside them, or in the same
places under --out, are written

    plans.json           the plans that the checkpoint was trained under (plans.pkl), the same dictionary without the training cases
    dataset.json         the labels (nnU-Net v1 keeps no names), the channels, and the trainer's regions where it has some
    fold_K/model.onnx    input [1, channels, *patch], output [1, classes, *patch] (logits), deep supervision off, weights inside the file, and in its
                         metadata the axes that may be mirrored

With onnxruntime installed the file is run against PyTorch and the largest difference is printed. A pickle runs code when it is opened: convert only models
that you trust.
"""
import argparse
import importlib.util
import json
import os
import sys
import tempfile
import warnings
from pathlib import Path

# nnU-Net warns about folders that an export does not need.
for name in ("nnUNet_raw_data_base", "nnUNet_preprocessed", "RESULTS_FOLDER"):
    os.environ.setdefault(name, tempfile.gettempdir())

for name, remedy in (("torch", "run this inside the environment of nnU-Net"), ("nnunet", "run this inside the environment of nnU-Net"), ("onnx", "pip install onnx")):
    if importlib.util.find_spec(name) is None:
        sys.exit(f"The Python module {name} is not installed here: {remedy}.")

import numpy as np
import torch


def plain(value):
    """What a pickle holds, as JSON can: numpy's numbers and arrays as Python's, keys as text."""
    if isinstance(value, dict):
        return {str(key): plain(entry) for key, entry in value.items()}
    if isinstance(value, (list, tuple, set, np.ndarray)):
        return [plain(entry) for entry in value]
    if isinstance(value, np.generic):
        return value.item()
    return value


def slim(plans):
    """The plans without what names training cases: paths, sizes and intensities one by one."""
    dropped = {"list_of_npz_files", "original_spacings", "original_sizes", "preprocessed_data_folder"}
    kept = {key: value for key, value in plans.items() if key not in dropped}
    properties = kept.get("dataset_properties") or {}
    kept["dataset_properties"] = {"intensityproperties": slim_intensities(properties.get("intensityproperties"))}
    return plain(kept)


def slim_intensities(properties):
    """Six numbers a channel. Some versions keep the voxels as well."""
    if properties is None:
        return None
    names = ("mean", "sd", "median", "mn", "mx", "percentile_00_5", "percentile_99_5")
    return {channel: {name: found[name] for name in names if name in found} for channel, found in properties.items()}


def dataset_of(trainer):
    """What nnU-Net v2 would have in dataset.json."""
    plans = trainer.plans
    regions = getattr(trainer, "regions", None)
    if regions is not None:
        labels = {"background": 0, **{str(name): plain(values) for name, values in regions.items()}}
        more = {"regions_class_order": plain(trainer.regions_class_order)}
    else:
        labels = {"background": 0, **{f"class {i}": i for i in range(1, plans["num_classes"] + 1)}}
        more = {}
    return {"channel_names": plain(plans["modalities"]), "labels": labels, "file_ending": ".nii.gz", **more}


def load_trainer(folder: Path, fold: int, checkpoint: str):
    """The trainer of one fold with its trained weights."""
    from nnunet.training.model_restore import restore_model

    path = folder / f"fold_{fold}" / f"{checkpoint}.model"
    if not path.is_file():
        sys.exit(f"{path} is not there; name the folder that holds fold_{fold}, and the file with --checkpoint.")
    trainer = restore_model(f"{path}.pkl", fp16=False)
    # A trainer makes its output folder.
    trainer.output_folder = trainer.output_folder_base = tempfile.mkdtemp()
    trainer.initialize(False)
    trainer.load_checkpoint_ram(torch.load(path, map_location="cpu", weights_only=False), False)
    network = trainer.network.cpu().eval()
    network.do_ds = False
    return trainer, network


def export(network, dummy, path: Path, opset: int) -> None:
    options = dict(input_names=["input"], output_names=["output"], opset_version=opset)
    with warnings.catch_warnings():
        # InstanceNorm exports with a harmless warning about its training mode.
        warnings.simplefilter("ignore")
        try:
            torch.onnx.export(network, dummy, str(path), dynamo=False, **options)
        except TypeError:  # torch before 2.5 has only the one exporter
            torch.onnx.export(network, dummy, str(path), **options)


def add_metadata(path: Path, metadata) -> None:
    """Key by key, as JSON."""
    import onnx

    model = onnx.load(str(path))
    for key, value in {**metadata, "producer": "segcanary export_nnunet_v1.py"}.items():
        entry = model.metadata_props.add()
        entry.key, entry.value = key, json.dumps(value)
    onnx.save(model, str(path))


def difference(network, dummy, path: Path):
    """The largest |onnxruntime - PyTorch| over the output, or None without onnxruntime."""
    try:
        import onnxruntime
    except ImportError:
        return None
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    with torch.no_grad():
        expected = network(dummy).numpy()
    return float(np.abs(session.run(None, {"input": dummy.numpy()})[0] - expected).max())


def write(path: Path, content) -> None:
    partial = path.with_name(f".{path.name}.partial")
    partial.write_text(json.dumps(content, indent=1) + "\n")
    partial.replace(path)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--out", type=Path, default=None, help="default: the model's folder")
    parser.add_argument("--folds", type=int, nargs="+", default=None, help="default: every fold that is there")
    parser.add_argument("--checkpoint", default="model_final_checkpoint")
    parser.add_argument("--opset", type=int, default=17)
    arguments = parser.parse_args()
    folder, out = arguments.folder, arguments.out or arguments.folder
    folds = arguments.folds
    if folds is None:
        folds = sorted(int(p.name[5:]) for p in folder.glob("fold_*") if p.name[5:].isdigit())
    if not folds:
        sys.exit(f"{folder} holds no fold_0, fold_1, …; name the folder of a trained configuration.")
    for fold in folds:
        trainer, network = load_trainer(folder, fold, arguments.checkpoint)
        patch = [int(n) for n in trainer.patch_size]
        if len(patch) != 3:
            sys.exit(f"{folder} holds a 2-D configuration; segcanary takes 3-D ones.")
        dummy = torch.from_numpy(np.random.default_rng(0).standard_normal((1, trainer.num_input_channels, *patch), dtype=np.float32))
        path = out / f"fold_{fold}" / "model.onnx"
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_name(".model.onnx.partial")
        export(network, dummy, partial, arguments.opset)
        mirrored = trainer.data_aug_params["mirror_axes"] if trainer.data_aug_params["do_mirror"] else []
        add_metadata(partial, {"inference_allowed_mirroring_axes": plain(mirrored), "trainer_name": type(trainer).__name__})
        gap = difference(network, dummy, partial)
        partial.replace(path)
        said = "onnxruntime is not installed, so it was not compared" if gap is None else f"largest difference to PyTorch {gap:.2g}"
        print(f"{path}: {path.stat().st_size / 1e6:.1f} MB, patch {'x'.join(map(str, patch))}, {said}")
    write(out / "plans.json", slim(trainer.plans))
    write(out / "dataset.json", dataset_of(trainer))


if __name__ == "__main__":
    main()
