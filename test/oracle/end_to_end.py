"""The whole method in Python on real scans, from the same ONNX file: nnunetv2 prepares, onnxruntime encodes, torch pools, scikit-learn fits and measures,
nnunetv2's Gaussian aggregates and its resampling brings the mask back.

Run in the environment of setup.sh:  python test/oracle/end_to_end.py
Reads examples/phantom/model and the real scans under SEGCANARY_DATA (default ../shared/data); writes test/fixtures/end-to-end/scores.json.
The network is cut at the bottleneck here by onnx.utils, not by our code.
"""
import json
import os
import tempfile
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch
from acvl_utils.cropping_and_padding.padding import pad_nd_image
from nnunetv2.inference.sliding_window_prediction import compute_gaussian, compute_steps_for_sliding_window
from nnunetv2.preprocessing.preprocessors.default_preprocessor import DefaultPreprocessor
from nnunetv2.preprocessing.resampling.default_resampling import resample_data_or_seg_to_shape
from nnunetv2.utilities.plans_handling.plans_handler import PlansManager
from sklearn.covariance import OAS, EmpiricalCovariance, LedoitWolf

ROOT = Path(__file__).resolve().parents[2]
DATA = Path(os.environ.get("SEGCANARY_DATA", ROOT.parent / "shared" / "data"))
MODEL = ROOT / "examples" / "phantom" / "model"
OUT = ROOT / "test" / "fixtures" / "end-to-end"

TRAIN = [f"sts2mm/STS_0{n}_ct.nii.gz" for n in ("01", "02", "03", "04", "05", "06", "08", "10")]
TEST = ["sts2mm/STS_012_ct.nii.gz", "chest/ricord1a_001012_2mm.nii.gz", "chest/lungdx_A0001_B_2mm.nii.gz", "sts_ood/STS_041_mrT1_2mm.nii.gz"]

plans = PlansManager(json.loads((MODEL / "plans.json").read_text()))
configuration = plans.get_configuration("3d_fullres")
dataset = json.loads((MODEL / "dataset.json").read_text())
patch = configuration.patch_size
gaussian = compute_gaussian(tuple(patch), dtype=torch.float64, device=torch.device("cpu")).numpy()

model = onnx.load(MODEL / "model.onnx")
first_up = next(node for node in model.graph.node if node.op_type == "ConvTranspose")
bottleneck = first_up.input[0]
with tempfile.TemporaryDirectory() as folder:
    cut = os.path.join(folder, "encoder.onnx")
    onnx.utils.extract_model(str(MODEL / "model.onnx"), cut, ["input"], [bottleneck], check_model=False)
    session = onnxruntime.InferenceSession(cut)


def embed(path):
    """[n, d] float64, with what is needed to bring a mask back."""
    data, _, properties = DefaultPreprocessor(verbose=False).run_case([str(DATA / path)], None, plans, configuration, dataset)
    padded, slicer = pad_nd_image(np.asarray(data), patch, return_slicer=True)
    steps = compute_steps_for_sliding_window(padded.shape[1:], patch, 0.5)
    rows, places = [], []
    for z in steps[0]:
        for y in steps[1]:
            for x in steps[2]:
                place = (slice(z, z + patch[0]), slice(y, y + patch[1]), slice(x, x + patch[2]))
                z_ = torch.from_numpy(session.run(None, {"input": padded[(slice(None),) + place][None].astype(np.float32)})[0])
                while z_.numel() >= 1e4:
                    z_ = torch.nn.functional.avg_pool3d(z_, [2 if s > 1 else 1 for s in z_.shape[2:]])
                rows.append(z_.numpy().ravel().astype(np.float64))
                places.append(place)
    return np.stack(rows), places, padded.shape[1:], slicer[1:], properties


def score(estimator, embedded):
    rows, places, shape, slicer, properties = embedded
    distances = estimator.mahalanobis(rows)
    total, weight = np.zeros(shape), np.zeros(shape)
    for d, place in zip(distances, places):
        total[place] += d * gaussian
        weight[place] += gaussian
    mask = (total / weight)[tuple(slicer)][None]
    box = properties["shape_after_cropping_and_before_resampling"]
    spacing = [properties["spacing"][i] for i in plans.transpose_forward]
    back = resample_data_or_seg_to_shape(mask, box, configuration.spacing, spacing, is_seg=False, order=1, order_z=0)
    return float(back.mean())


training = np.concatenate([embed(path)[0] for path in TRAIN])
tested = {path: embed(path) for path in TEST}
result = {"train": TRAIN, "n": training.shape[0], "d": training.shape[1], "tap": bottleneck, "scores": {}}
for name, estimator in (("ledoit-wolf", LedoitWolf()), ("oas", OAS()), ("empirical", EmpiricalCovariance())):
    estimator.fit(training)
    result["scores"][name] = {path: score(estimator, e) for path, e in tested.items()}
OUT.mkdir(parents=True, exist_ok=True)
(OUT / "scores.json").write_text(json.dumps(result, indent=1) + "\n")
print(json.dumps(result, indent=1))
