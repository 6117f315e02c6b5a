#!/usr/bin/env python3
"""Exports a trained nnU-Net v2 to ONNX, for segcanary. One file; run it inside your nnU-Net environment (it needs `pip install onnx` beside nnunetv2):

    python export_nnunet.py MODEL_FOLDER [--folds 0 1 2 3 4 | all] [--checkpoint checkpoint_final.pth] [--opset 17]

MODEL_FOLDER is the one with plans.json, dataset.json and fold_0, fold_1, …: nnUNetTrainer__nnUNetPlans__3d_fullres. Every fold gets fold_K/model.onnx:
input [1, channels, *patch] and output [1, classes, *patch] (logits), deep supervision off, weights inside the file, and in its metadata the axes that may
be mirrored and the fingerprint's intensities. With onnxruntime installed the
file is run against PyTorch and the largest difference is printed.
"""
import argparse
import importlib.util
import json
import os
import sys
import warnings
from pathlib import Path

# nnU-Net warns about folders that an export does not need.
for name in ("nnUNet_raw", "nnUNet_preprocessed", "nnUNet_results"):
    os.environ.setdefault(name, os.curdir)

for name, remedy in (("torch", "run this inside the environment of nnU-Net"), ("nnunetv2", "run this inside the environment of nnU-Net"), ("onnx", "pip install onnx")):
    if importlib.util.find_spec(name) is None:
        sys.exit(f"The Python module {name} is not installed here: {remedy}.")

import numpy as np
import torch


def load_network(folder: Path, fold: str, checkpoint_name: str):
    """The network of one fold with its trained weights, its channels, its patch size, and what else a tool at inference wants to know."""
    from nnunetv2.utilities.get_network_from_plans import get_network_from_plans
    from nnunetv2.utilities.label_handling.label_handling import determine_num_input_channels
    from nnunetv2.utilities.plans_handling.plans_handler import PlansManager

    path = folder / f"fold_{fold}" / checkpoint_name
    if not path.is_file():
        sys.exit(f"{path} is not there; name the folder that holds fold_{fold}, and the file with --checkpoint.")
    checkpoint = torch.load(path, map_location="cpu", weights_only=False)
    plans = PlansManager(json.loads((folder / "plans.json").read_text()))
    dataset = json.loads((folder / "dataset.json").read_text())
    configuration = plans.get_configuration(checkpoint["init_args"]["configuration"])
    channels = determine_num_input_channels(plans, configuration, dataset)
    network = get_network_from_plans(
        configuration.network_arch_class_name,
        configuration.network_arch_init_kwargs,
        configuration.network_arch_init_kwargs_req_import,
        channels,
        plans.get_label_manager(dataset).num_segmentation_heads,
        deep_supervision=False,
    )
    # Weights of a compiled or distributed network carry a prefix.
    weights = {k.removeprefix("module.").removeprefix("_orig_mod."): v for k, v in checkpoint["network_weights"].items()}
    network.load_state_dict(weights)
    intensities = plans.plans.get("foreground_intensity_properties_per_channel") or plans.plans.get("foreground_intensity_properties_by_modality")
    metadata = {
        "inference_allowed_mirroring_axes": mirroring_axes(checkpoint),
        "foreground_intensity_properties_per_channel": intensities,
        "trainer_name": checkpoint.get("trainer_name"),
        "configuration": checkpoint["init_args"]["configuration"],
    }
    return network.eval(), channels, list(configuration.patch_size), metadata


def mirroring_axes(checkpoint):
    """They stand in the checkpoint and in no other file of nnU-Net's."""
    axes = checkpoint.get("inference_allowed_mirroring_axes")
    return None if axes is None else [int(a) for a in axes]


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
    for key, value in {**metadata, "producer": "segcanary export_nnunet.py"}.items():
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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--folds", nargs="+", default=None, help="default: every fold that is there; all, where the network was trained on all scans")
    parser.add_argument("--checkpoint", default="checkpoint_final.pth")
    parser.add_argument("--opset", type=int, default=17)
    arguments = parser.parse_args()
    folds = arguments.folds
    if folds is None:
        there = {p.name[5:] for p in arguments.folder.glob("fold_*")}
        folds = sorted(fold for fold in there if fold.isdigit()) or sorted(there & {"all"})
    if not folds:
        sys.exit(f"{arguments.folder} holds no fold_0, fold_1, … and no fold_all; name the folder of a trained configuration.")
    for fold in folds:
        network, channels, patch, metadata = load_network(arguments.folder, fold, arguments.checkpoint)
        dummy = torch.from_numpy(np.random.default_rng(0).standard_normal((1, channels, *patch), dtype=np.float32))
        path = arguments.folder / f"fold_{fold}" / "model.onnx"
        partial = path.with_name(".model.onnx.partial")
        export(network, dummy, partial, arguments.opset)
        add_metadata(partial, metadata)
        gap = difference(network, dummy, partial)
        partial.replace(path)
        said = "onnxruntime is not installed, so it was not compared" if gap is None else f"largest difference to PyTorch {gap:.2g}"
        print(f"{path}: {path.stat().st_size / 1e6:.1f} MB, patch {'x'.join(map(str, patch))}, {said}")


if __name__ == "__main__":
    main()
