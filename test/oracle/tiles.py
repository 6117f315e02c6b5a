"""nnU-Net's own tile origins, Gaussian and aggregation, for test/maths/{tiling,window,mask}.test.ts.

Run in the environment of setup.sh:  python test/oracle/tiles.py
Writes test/fixtures/tiles/{origins,gaussian,mask}.json. The masks are accumulated voxel by voxel, divided by the summed weights
and brought back to the crop box by skimage's resize (order 1) or, along a separate z, by nnU-Net's order-0 map_coordinates.
"""
import json
from pathlib import Path

import numpy as np
import torch
from nnunetv2.inference.sliding_window_prediction import compute_gaussian, compute_steps_for_sliding_window
from nnunetv2.preprocessing.resampling.default_resampling import resample_data_or_seg
from acvl_utils.cropping_and_padding.padding import pad_nd_image

OUT = Path(__file__).resolve().parent.parent / "fixtures" / "tiles"
OUT.mkdir(parents=True, exist_ok=True)
rng = np.random.default_rng(20211001)


def dump(name, value):
    (OUT / name).write_text(json.dumps(value, separators=(",", ":")) + "\n")


origins = []
for _ in range(600):
    patch = int(rng.integers(1, 200))
    size = patch + int(rng.integers(0, 500)) * int(rng.integers(0, 2) or 1)
    step = float(rng.choice([0.5, 0.5, 0.5, 0.25, 0.3, 0.75, 1.0]))
    origins.append([size, patch, step, compute_steps_for_sliding_window((size,), (patch,), step)[0]])
origins.append([45, 28, 0.5, compute_steps_for_sliding_window((45,), (28,), 0.5)[0]])
dump("origins.json", origins)

gaussian = []
for n in [1, 2, 3, 4, 5, 8, 16, 28, 31, 64, 128, 192, 256]:
    g = compute_gaussian((n,), dtype=torch.float64, device=torch.device("cpu")).numpy()
    gaussian.append([n, g.tolist()])
dump("gaussian.json", gaussian)

masks = []
for case in range(12):
    patch = [int(rng.integers(3, 9)) for _ in range(3)]
    network = [int(rng.integers(2, 22)) for _ in range(3)]
    box = [int(rng.integers(2, 26)) for _ in range(3)]
    separate = case % 3 == 2
    if case == 0:
        box = list(network)
    image, slicer = pad_nd_image(np.zeros(network), patch, return_slicer=True)
    steps = compute_steps_for_sliding_window(image.shape, patch, 0.5)
    distances = rng.random([len(s) for s in steps]) * 1000
    g = compute_gaussian(tuple(patch), dtype=torch.float64, device=torch.device("cpu")).numpy()
    total, weight = np.zeros(image.shape), np.zeros(image.shape)
    for i, z in enumerate(steps[0]):
        for j, y in enumerate(steps[1]):
            for k, x in enumerate(steps[2]):
                where = (slice(z, z + patch[0]), slice(y, y + patch[1]), slice(x, x + patch[2]))
                total[where] += distances[i, j, k] * g
                weight[where] += g
    mask = (total / weight)[slicer]
    # nnU-Net's export resamples logits with exactly this call: order 1, order_z 0.
    back = resample_data_or_seg(mask[None], box, is_seg=False, axis=0 if separate else None, order=1, do_separate_z=separate, order_z=0)[0]
    masks.append({
        "patch": patch, "network": network, "box": box, "separate": separate,
        "distances": distances.ravel().tolist(), "mask": [float(f"{v:.12g}") for v in back.ravel()[::7]],
        "mean": float(back.mean()),
    })
dump("mask.json", masks)
