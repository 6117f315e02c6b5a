"""Small literal cases for resampling, hole filling and orientation, from skimage, scipy, nibabel and nnunetv2.

Run:  python test/oracle/resample.py

Needs the environment of test/oracle/setup.sh, no scans. Writes test/fixtures/resample/*.json.
"""

import json
import os
from pathlib import Path

import numpy as np
from nibabel.orientations import io_orientation
from scipy.ndimage import binary_fill_holes
from skimage.transform import resize

for name in ("nnUNet_raw", "nnUNet_preprocessed", "nnUNet_results"):
    os.environ.setdefault(name, "/nonexistent")
from nnunetv2.preprocessing.cropping.cropping import create_nonzero_mask, get_bbox_from_mask  # noqa: E402
from nnunetv2.preprocessing.resampling.default_resampling import (  # noqa: E402
    compute_new_shape,
    determine_do_sep_z_and_axis,
    resample_data_or_seg_to_shape,
)

out = Path(__file__).resolve().parents[2] / "test/fixtures/resample"
rng = np.random.default_rng(20240517)


def write(name, value):
    (out / f"{name}.json").write_text(json.dumps(value, separators=(",", ":")) + "\n")


def numbers(array):
    return [float(np.format_float_positional(v, precision=9, fractional=False)) for v in np.ravel(array)]


def planes():
    """skimage resize of planes, sizes from 1 up, both ways, one axis kept now and then."""
    cases = []
    for order in (0, 1, 3):
        for _ in range(14):
            a, b = rng.integers(1, 14, (2, 2))
            if rng.random() < 0.25:
                b[0] = a[0]
            image = rng.normal(size=a).astype(np.float32)
            result = resize(image.astype(float), b, order, mode="edge", anti_aliasing=False, clip=False)
            cases.append({"order": order, "from": a.tolist(), "to": b.tolist(), "image": numbers(image), "result": numbers(result)})
    return cases


def volumes():
    """nnU-Net's own resampling of small volumes: every separate axis, every order, sizes that tie."""
    cases = []
    for k in range(24):
        shape = rng.integers(1, 9, 3)
        new = rng.integers(1, 9, 3)
        if k % 5 == 0:
            new[rng.integers(3)] = shape[k % 3]
        if k >= 20:  # ties of the nearest neighbour: halves and doubles
            new = np.maximum(1, shape // 2) if k % 2 else shape * 2
        spacing = np.ones(3)
        separate = [None, 0, 1, 2][k % 4]
        if separate is not None:
            spacing[separate] = 4.0
        order, order_z = (3, 0) if k < 12 else [(1, 0), (3, 1), (0, 0), (3, 0)][(k // 4) % 4]
        image = rng.normal(size=(2, *shape)).astype(np.float32)
        result = resample_data_or_seg_to_shape(image, new, spacing, spacing * shape / new, order=order, order_z=order_z, force_separate_z=None if separate is not None else False)
        cases.append({"order": order, "orderZ": order_z, "separate": separate, "from": shape.tolist(), "to": new.tolist(), "image": numbers(image), "result": numbers(result)})
    return cases


def long_axis():
    """One long axis, where the stream of the cubic spline runs far past its reach."""
    cases = []
    for a, b in ((90, 131), (131, 60), (64, 200), (300, 37)):
        image = (rng.normal(size=(a, 1, 1)) * 1000).astype(np.float32)
        result = resize(image.astype(float), (b, 1, 1), 3, mode="edge", anti_aliasing=False, clip=False)
        cases.append({"from": a, "to": b, "image": numbers(image), "result": numbers(result)})
    return cases


def grids():
    """New shapes and the decision about a separate axis."""
    cases = []
    steps = np.array([0.5, 0.625, 0.75, 1.0, 1.25, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0])
    for k in range(400):
        draw = (lambda: rng.choice(steps, 3)) if k % 2 else (lambda: rng.uniform(0.4, 6, 3))
        spacing, target, shape = draw(), draw(), rng.integers(1, 600, 3)
        force = [None, None, True, False][k % 4]
        _, axis = determine_do_sep_z_and_axis(force, spacing, target)
        cases.append([shape.tolist(), spacing.tolist(), target.tolist(), force, compute_new_shape(shape, spacing, target).tolist(), None if axis is None else int(axis)])
    return cases


def holes():
    """Random volumes at several densities: bits of what is not 0, bits of nnU-Net's mask, its box."""
    cases = []
    for k in range(60):
        shape = rng.integers(1, 9, 3) if k < 40 else rng.integers(6, 12, 3)
        image = (rng.random((1, *shape)) < [0.02, 0.3, 0.5, 0.65, 0.75, 0.85][k % 6]).astype(np.float32)
        if k == 0:
            image[:] = 0
        mask = create_nonzero_mask(image)
        assert np.array_equal(mask, binary_fill_holes(image[0] != 0))
        bits = lambda a: "".join("1" if v else "0" for v in np.ravel(a))  # noqa: E731
        cases.append({"shape": shape.tolist(), "image": bits(image), "mask": bits(mask), "box": [[int(a), int(b)] for a, b in get_bbox_from_mask(mask)]})
    return cases


def orientations():
    """Affines of every axis order and direction, tilted and sheared, with nibabel's io_orientation."""
    cases = []
    for k in range(150):
        permutation = np.eye(3)[rng.permutation(3)] * rng.choice([-1, 1], 3)
        rotation, _ = np.linalg.qr(np.eye(3) + rng.normal(size=(3, 3)) * [0, 0.1, 0.4][k % 3])
        rotation *= np.sign(np.diag(rotation))
        shear = np.eye(3) + np.triu(rng.normal(size=(3, 3)) * 0.2, 1) * (k % 2)
        affine = np.eye(4)
        affine[:3, :3] = rotation @ shear @ permutation @ np.diag(rng.uniform(0.3, 5, 3))
        affine[:3, 3] = rng.normal(size=3) * 100
        cases.append({"affine": affine.ravel().tolist(), "orientation": io_orientation(affine).astype(int).tolist()})
    return cases


if __name__ == "__main__":
    out.mkdir(parents=True, exist_ok=True)
    for make in (planes, volumes, long_axis, grids, holes, orientations):
        write(make.__name__, make())
