"""The half of bench/python.ts that needs Python: `score`, `fit`, `load`. Prints one JSON object with the peak of the process.

Run by bench/python.ts with the environment that test/oracle/setup.sh makes. What an engineer would write who puts the same method together from the
well-known packages: nnunetv2 prepares, onnxruntime encodes, torch pools, numpy and scikit-learn judge, nnunetv2's Gaussian and resampling make the mask.
"""
import json
import os
import resource
import sys
import tempfile
import time
from pathlib import Path

for name in ("nnUNet_raw", "nnUNet_preprocessed", "nnUNet_results"):
    os.environ.setdefault(name, tempfile.gettempdir())


def score(detector, model, scan):
    """One scan with a detector of segcanary's: its encoder.onnx and its whitener, nothing else of it."""
    import numpy as np
    import onnxruntime
    import torch
    from acvl_utils.cropping_and_padding.padding import pad_nd_image
    from nnunetv2.inference.sliding_window_prediction import compute_gaussian, compute_steps_for_sliding_window
    from nnunetv2.preprocessing.preprocessors.default_preprocessor import DefaultPreprocessor
    from nnunetv2.preprocessing.resampling.default_resampling import resample_data_or_seg_to_shape
    from nnunetv2.utilities.plans_handling.plans_handler import PlansManager
    from safetensors.numpy import load_file

    plans = PlansManager(json.loads((model / "plans.json").read_text()))
    configuration = plans.get_configuration("3d_fullres")
    dataset = json.loads((model / "dataset.json").read_text())
    data, _, properties = DefaultPreprocessor(verbose=False).run_case([str(scan)], None, plans, configuration, dataset)
    patch = configuration.patch_size
    padded, slicer = pad_nd_image(np.asarray(data), patch, return_slicer=True)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = os.cpu_count()
    options.enable_mem_pattern = False
    session = onnxruntime.InferenceSession(detector / "encoder.onnx", options)
    statistics = load_file(detector / "statistics.safetensors")
    gaussian = compute_gaussian(tuple(patch), dtype=torch.float32, device=torch.device("cpu")).numpy()
    total, weight = np.zeros(padded.shape[1:], np.float32), np.zeros(padded.shape[1:], np.float32)
    steps = compute_steps_for_sliding_window(padded.shape[1:], patch, 0.5)
    patches, name = 0, session.get_inputs()[0].name
    network = 0.0
    for z in steps[0]:
        for y in steps[1]:
            for x in steps[2]:
                place = (slice(z, z + patch[0]), slice(y, y + patch[1]), slice(x, x + patch[2]))
                started = time.time()
                features = torch.from_numpy(session.run(None, {name: np.ascontiguousarray(padded[(slice(None),) + place][None], np.float32)})[0])
                network += time.time() - started
                while features.numel() >= 1e4:
                    features = torch.nn.functional.avg_pool3d(features, [2 if s > 1 else 1 for s in features.shape[2:]])
                centred = features.numpy().ravel().astype(np.float64) - statistics["mean"]
                distance = float(((statistics["whitener"] @ centred) ** 2).sum())
                total[place] += distance * gaussian
                weight[place] += gaussian
                patches += 1
    mask = (total / weight)[tuple(slicer[1:])][None]
    box = properties["shape_after_cropping_and_before_resampling"]
    spacing = [properties["spacing"][i] for i in plans.transpose_forward]
    back = resample_data_or_seg_to_shape(mask, box, configuration.spacing, spacing, is_seg=False, order=1, order_z=0)
    return {"score": float(np.asarray(back, np.float64).mean()), "patches": patches, "network": network}


def fit(d, n):
    """LedoitWolf on float64 rows, precision and all. The rows are there before the clock starts."""
    import numpy as np
    from sklearn.covariance import LedoitWolf

    rows = np.random.default_rng(0).standard_normal((n, d)) * (1 + np.arange(d)) ** -0.7
    started = time.time()
    estimator = LedoitWolf().fit(rows)
    return {"seconds": time.time() - started, "shrinkage": float(estimator.shrinkage_)}


def load(scan):
    """Every voxel of a scan as float32 by nibabel, as SimpleITK's and nnU-Net's readers give it."""
    import nibabel as nib
    import numpy as np

    started = time.time()
    voxels = np.asarray(nib.load(scan).dataobj, dtype=np.float32)
    return {"seconds": time.time() - started, "voxels": int(voxels.size)}


if __name__ == "__main__":
    verb, *arguments = sys.argv[1:]
    if verb == "fit":
        result = fit(*(int(a) for a in arguments))
    else:
        result = {"score": score, "load": load}[verb](*(Path(a) for a in arguments))
    print(json.dumps({**result, "peakMb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}))
