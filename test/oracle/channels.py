"""What nnU-Net's own readers make of cases whose channels lie otherwise, for test/stages/channels.test.ts.

Run:  python test/oracle/channels.py

Needs the environment of test/oracle/setup.sh. Writes test/fixtures/channels.json: for every case the affines and shapes of its channels, and
whether nnunetv2's reader refused it, warned of it, or what it read (shape, spacing, values at seeded positions). The voxels are a formula of
their indices, which the test knows too.
"""

import contextlib
import io
import json
import os
import tempfile
from pathlib import Path

import nibabel
import numpy as np

for name in ("raw", "preprocessed", "results"):
    os.environ.setdefault(f"nnUNet_{name}", "/nonexistent")
from nnunetv2.imageio.nibabel_reader_writer import NibabelIO, NibabelIOWithReorient  # noqa: E402
from nnunetv2.imageio.simpleitk_reader_writer import SimpleITKIO  # noqa: E402

OUT = Path(__file__).resolve().parents[1] / "fixtures/channels.json"
READERS = {"SimpleITKIO": SimpleITKIO, "NibabelIO": NibabelIO, "NibabelIOWithReorient": NibabelIOWithReorient}
SAMPLES = 24
rng = np.random.default_rng(17)


def stored(shape, spacing, origin, axes, flips):
    """Affine and shape of a piece of the world stored along these axes, backwards where flipped."""
    affine = np.eye(4)
    affine[:3, 3] = origin
    affine[:3, :3] = 0
    for column, axis in enumerate(axes):
        affine[axis, column] = -spacing[axis] if flips[column] else spacing[axis]
        if flips[column]:
            affine[axis, 3] += spacing[axis] * (shape[axis] - 1)
    return affine, [shape[axis] for axis in axes]


def rotated(affine, degrees):
    turn = np.eye(4)
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    turn[:2, :2] = [[c, -s], [s, c]]
    return turn @ affine


def voxels(shape, channel):
    x, y, z = np.meshgrid(*(np.arange(n) for n in shape), indexing="ij")
    return (((x + 7 * y + 31 * z) * (channel + 3)) % 1009).astype(np.int16)


def made():
    """Reader, and affine and shape of each channel."""
    for i in range(60):
        reader = ["NibabelIOWithReorient", "NibabelIOWithReorient", "NibabelIO", "SimpleITKIO"][i % 4]
        turns = reader == "NibabelIOWithReorient"
        shape = [int(n) for n in rng.permutation([5, 6, 7])]
        spacing = [float(np.round(s, 2)) for s in rng.uniform(0.5, 4, 3)]
        origin = [float(np.round(o, 1)) for o in rng.uniform(-200, 200, 3)]
        axes, flips = rng.permutation(3), rng.integers(0, 2, 3)
        channels = []
        for channel in range(int(rng.integers(2, 4))):
            if turns and channel > 0 and rng.random() < 0.8:
                axes, flips = rng.permutation(3), rng.integers(0, 2, 3)
            here, there = list(spacing), list(origin)
            what = rng.random() if channel > 0 else 1
            if what < 0.12:
                here[int(rng.integers(3))] *= float(rng.choice([1.00002, 1.000005, 1.1]))
            elif what < 0.3:
                there[int(rng.integers(3))] += float(rng.choice([1e-4, 0.004, 0.5, -20]))
            affine, size = stored(shape, here, there, axes, flips)
            if 0.3 <= what < 0.42:
                affine = rotated(affine, float(rng.choice([0.01, 2, 30])))
            if 0.42 <= what < 0.47 and not turns:
                affine, size = stored(shape, here, there, axes, 1 - np.asarray(flips))
            if what > 0.95 and channel > 0:
                size = size[:2] + [size[2] + 1]
            channels.append((affine, size))
        yield reader, channels


def read(reader, channels):
    with tempfile.TemporaryDirectory() as folder:
        files = []
        for c, (affine, shape) in enumerate(channels):
            files.append(f"{folder}/case_{c:04d}.nii.gz")
            image = nibabel.Nifti1Image(voxels(shape, c), affine)
            image.header.set_xyzt_units("mm")
            image.set_sform(affine, 1)
            image.set_qform(affine, 1)
            nibabel.save(image, files[-1])
        said = io.StringIO()
        try:
            with contextlib.redirect_stdout(said):
                array, properties = READERS[reader]().read_images(files)
        except RuntimeError:
            return {"refused": "shape" if "same shape" in said.getvalue() else "spacing"}
    text = said.getvalue()
    positions = np.sort(rng.choice(array.size, SAMPLES, replace=False))
    return {
        "warned": [what for what in ("origin", "direction", "affine") if f"same {what}!" in text or f"_{what}s!" in text],
        "shape": list(array.shape),
        "spacing": [float(s) for s in properties["spacing"]],
        "positions": positions.tolist(),
        "values": array.ravel()[positions].astype(int).tolist(),
    }


def plain(affine):
    return [float(v) for v in np.float32(affine).ravel()]


if __name__ == "__main__":
    cases = [
        {"reader": reader, "channels": [{"affine": plain(a), "shape": list(map(int, s))} for a, s in channels], **read(reader, channels)}
        for reader, channels in made()
    ]
    OUT.write_text(json.dumps(cases, separators=(",", ":")) + "\n")
    for reader in READERS:
        of = [case for case in cases if case["reader"] == reader]
        print(reader, len(of), [case.get("refused") or ",".join(case["warned"]) or "read" for case in of])
