"""Shifts of MR as TorchIO makes them, with their parameters fixed, for test/simulate/mr-oracle.test.ts.

Run:  python test/oracle/simulate_mr.py

Needs the environment of test/oracle/setup.sh. TorchIO's axes are [x, y, z], ours [z, y, x]: what is written to test/fixtures/simulate-mr.json is in our order,
and so are the parameters. Phases are encoded along our y, so TorchIO is given the axes in another order where it always takes its last one (Motion).
"""
import json
from pathlib import Path

import numpy as np
import torch
import torchio as tio
from scipy.stats import rice

ROOT = Path(__file__).resolve().parents[2]
SPACING = (2.0, 1.5, 0.75)  # z, y, x
rng = np.random.default_rng(16)
# Odd and even lengths; no negative values, as a magnitude image.
VOLUME = rng.gamma(2.0, 100.0, (3, 15, 10)).astype(np.float32)
EVEN = rng.gamma(2.0, 100.0, (2, 12, 9)).astype(np.float32)


def run(transform, volume, order=(2, 1, 0), spacing=SPACING):
    """Applies a transform to our axes in the given order; the world's origin is mid-scan."""
    data = torch.from_numpy(np.ascontiguousarray(volume.transpose(order)))[None]
    affine = np.diag([*(spacing[a] for a in order), 1.0])
    affine[:3, 3] = [-(volume.shape[a] - 1) / 2 * spacing[a] for a in order]
    image = tio.ScalarImage(tensor=data, affine=affine)
    out = transform(image).data[0].numpy()
    return out.transpose(np.argsort(order))


def rounded(volume):
    return [float(f"{v:.7g}") for v in np.asarray(volume, np.float64).ravel()]


cases = []


def add(kind, parameters, volume, expected):
    cases.append({"kind": kind, "parameters": parameters, "shape": list(volume.shape), "input": rounded(volume), "expected": rounded(expected)})


coefficients = [round(float(c), 4) for c in rng.uniform(-0.5, 0.5, 20)]
for volume in (VOLUME, EVEN):
    add("bias-field", {"order": 3, "coefficients": coefficients}, volume, run(tio.BiasField(coefficients, 3), volume))
    for count, intensity, restore in ((2, 1.0, None), (3, 0.7, None), (4, 0.5, 0.3)):
        add("ghosting", {"count": count, "intensity": intensity, "restore": restore}, volume,
            run(tio.Ghosting(num_ghosts=count, axis=1, intensity=intensity, restore=restore), volume))
    position = [0.9, 0.3, 0.72]
    add("spike", {"position": position, "intensity": 0.4}, volume, run(tio.Spike(np.array([position[::-1]]), 0.4), volume))
    add("blur", {"mm": 1.2}, volume, run(tio.Blur((1.2, 1.2, 0.0)), volume))
    low, high = float(volume.min()), float(volume.max())
    scaled = (volume.astype(np.float64) - low) / (high - low)
    add("gamma", {"gamma": 1.6}, volume, low + (high - low) * run(tio.Gamma(1.6), scaled.astype(np.float32)))

# Rows of y that are kept are whole ones: where they fall between two, ITK's choice hangs on
# rounding.
for volume, factor in ((VOLUME, 3), (VOLUME, 5)):
    anisotropic = tio.RandomAnisotropy(axes=1, downsampling=(float(factor), float(factor)))
    add("anisotropy", {"factor": factor}, volume, run(anisotropic, volume))

# TorchIO turns in LPS about the world's origin; its last axis, along which k-space is filled,
# is our y. Our slice lies in its first axis and its last, so it turns about its second, from
# its last axis to its first. Signs: LPS has the first two axes of RAS negated.
poses = [{"degrees": 7.0, "shift": [1.3, -0.9], "time": 0.3}, {"degrees": -4.0, "shift": [-0.6, 1.1], "time": 0.7}]
for volume in (VOLUME, EVEN):
    for chosen in (poses[:1], poses[1:], poses):
        motion = tio.Motion(
            degrees=np.array([[0.0, p["degrees"], 0.0] for p in chosen]),
            translation=np.array([[-p["shift"][1], 0.0, p["shift"][0]] for p in chosen]),
            times=np.array([p["time"] for p in chosen]),
            image_interpolation="linear",
        )
        add("motion", {"poses": chosen}, volume, run(motion, volume, (2, 0, 1)))

# The law of Rician noise, by scipy: mean and deviation of the magnitude of `signal` with noise
# `sigma` in both parts.
noise = [{"signal": s, "sigma": 20.0, "mean": float(rice.mean(s / 20.0, scale=20.0)), "std": float(rice.std(s / 20.0, scale=20.0))} for s in (0.0, 20.0, 200.0)]
fixture = {"spacing": list(SPACING), "cases": cases, "noise": noise}
(ROOT / "test/fixtures/simulate-mr.json").write_text(json.dumps(fixture, separators=(",", ":")) + "\n")
