"""Scores of the output-based detectors in numpy, from the paper's definitions, for test/detectors/outputs.test.ts.

Run:  python test/oracle/outputs.py

Needs the environment of test/oracle/setup.sh and test/fixtures/segment/synthetic. Two kinds of fixture in test/fixtures/outputs.json: seeded logits of several
passes, and the real network of test/fixtures/segment/synthetic on a synthetic scan, its patches aggregated by nnunetv2 itself (float32 sums).
"""
import json
import os
import tempfile
from itertools import combinations
from pathlib import Path

for variable in ("nnUNet_raw", "nnUNet_preprocessed", "nnUNet_results"):
    os.environ.setdefault(variable, tempfile.gettempdir())

import numpy as np
import onnxruntime
import torch
from scipy.special import expit, logsumexp, softmax

import segment

ROOT = Path(__file__).resolve().parents[2]


def probabilities(logits, regions, t=1.0):
    """[…, class, voxel]; a region becomes two classes."""
    if not regions:
        return [softmax(logits / t, 0)]
    p = expit(logits / t)
    return [np.stack([1 - q, q]) for q in p]


def entropy(p):
    return -(p * np.log(np.maximum(p, 1e-300))).sum(0)


def labels(logits, regions):
    """[label, voxel] of booleans."""
    if regions:
        return logits > 0
    return np.stack([logits.argmax(0) == c for c in range(1, len(logits))])


def scores(passes, regions):
    """passes [pass, class, voxel]; the first is the plain one."""
    plain = passes[0]
    out = {}
    for name, t in [("max-softmax", 1), ("temperature-10", 10), ("temperature-100", 100), ("temperature-1000", 1000)]:
        out[name] = np.mean([1 - p.max(0).mean() for p in probabilities(plain, regions, t)])
    out["entropy"] = np.mean([entropy(p).mean() for p in probabilities(plain, regions)])
    # KL(p || u) / log2 C with base-2 logarithms: 1 - entropy / log C.
    out["kl-from-uniform"] = np.mean(
        [1 - ((p * np.log2(np.maximum(p, 1e-300) * len(p))).sum(0) / np.log2(len(p))).mean() for p in probabilities(plain, regions)])
    out["energy"] = np.mean([-np.logaddexp(0, r).mean() for r in plain]) if regions else -logsumexp(plain, 0).mean()
    if len(passes) > 1:
        each = np.stack([expit(x) if regions else softmax(x, 0)[1:] for x in passes])
        out["mc-dropout"] = each.std(0).mean()
        found = [labels(x, regions) for x in passes]
        dice = []
        for a, b in combinations(found, 2):
            for x, y in zip(a, b):
                total = x.sum() + y.sum()
                dice.append(1.0 if total == 0 else 2 * (x & y).sum() / total)
        out["pairwise-dice"] = 1 - np.mean(dice)
    return {k: float(v) for k, v in out.items()}


class Onnx(torch.nn.Module):
    """An exported network in the place of nnU-Net's own."""

    def __init__(self, path):
        super().__init__()
        self.session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])

    def forward(self, x):
        return torch.from_numpy(self.session.run(None, {"input": x.numpy()})[0])


def aggregated():
    """Logits of the synthetic scan on the network's grid, summed by nnunetv2."""
    k = segment.KINDS["synthetic"]
    plans = segment.PlansManager(segment.plans_of(k))
    configuration, dataset = plans.get_configuration("3d_fullres"), segment.dataset_of(k)
    reader = plans.image_reader_writer_class()
    image, properties = reader.read_images(segment.files_of(k["scans"][0]))
    data, _, _ = segment.DefaultPreprocessor(verbose=False).run_case_npy(image, None, properties, plans, configuration, dataset)
    predictor = segment.float32_predictor()(use_mirroring=False, device=torch.device("cpu"), perform_everything_on_device=False, allow_tqdm=False)
    onnx = ROOT / "test" / "fixtures" / "segment" / "synthetic" / "nnUNetTrainer__nnUNetPlans__3d_fullres" / "fold_0" / "model.onnx"
    predictor.manual_initialization(Onnx(onnx), plans, configuration, None, dataset, "nnUNetTrainer", None)
    predictor.network = Onnx(onnx)
    return predictor.predict_sliding_window_return_logits(torch.from_numpy(np.asarray(data))).numpy().astype(np.float64)


def main():
    cases = []
    for seed, (count, classes, voxels, regions) in enumerate([(4, 2, 60, False), (3, 4, 50, False), (5, 3, 40, True)]):
        rng = np.random.default_rng(seed)
        passes = (rng.normal(0, 3, (count, classes, voxels)) + rng.normal(0, 4, (classes, voxels))).round(3)
        cases.append({"classes": classes, "regions": regions, "passes": passes.reshape(count, -1).tolist(), "scores": scores(passes, regions)})
    logits = aggregated()
    network = scores(logits.reshape(1, len(logits), -1), False)
    path = ROOT / "test" / "fixtures" / "outputs.json"
    path.write_text(json.dumps({"cases": cases, "network": {"shape": list(logits.shape[1:]), "scores": network}}) + "\n")
    print(path, network)


if __name__ == "__main__":
    main()
