"""nibabel's reading of real edge cases and of small synthetic files: shape, zooms, affine, voxels at seeded positions, sums.

Run:  python test/oracle/nibabel_tricky.py        (needs nibabel and numpy; real scans are found through SEGCANARY_DATA, default ../shared/data)
Writes test/fixtures/nifti/real.json (every file of tricky/, and a handful of others) and test/fixtures/nifti/synthetic.json
(every voxel type in both byte orders and both versions, the files themselves in base64).
"""

import base64
import hashlib
import json
import os
import warnings
from pathlib import Path

import nibabel as nib
import numpy as np

ROOT = Path(__file__).resolve().parents[2]
DATA = Path(os.environ.get("SEGCANARY_DATA", ROOT / "../shared/data"))
OUT = ROOT / "test/fixtures/nifti"
OTHERS = [
    "originals/STS_008_CT_image.nii.gz",
    "originals/STS_008_PET_image.nii.gz",
    "originals/totalseg_example_ct.nii.gz",
    "originals/imlab_id001.nii.gz",
    "chest/lungdx_A0001_B_2mm.nii.gz",
    "mri/CT_AVM.nii.gz",
    "mri/pcasl.nii.gz",
]
warnings.simplefilter("ignore")


def describe(image, seed, volume=None):
    """What `image` holds, float32 as nnU-Net reads it: get_fdata (f64) and then astype."""
    data = np.asarray(image.get_fdata(dtype=np.float64)).astype(np.float32)
    data = data.reshape(data.shape[:3] + (-1,), order="F")
    volumes = data.shape[3]
    data = data[..., volume or 0]
    rng = np.random.default_rng(seed)
    at = np.stack([rng.integers(0, n, 12) for n in data.shape[:3]], axis=1)
    return {
        "shape": list(data.shape[:3]),
        "volumes": volumes,
        "zooms": [float(z) for z in image.header.get_zooms()[:3]],
        "affine": [float(v) for v in image.affine.ravel()],
        "voxels": [[*map(int, p), float(data[tuple(p)])] for p in at],
        "sum": float(data.astype(np.float64).sum()),
        "sumOfMagnitudes": float(np.abs(data.astype(np.float64)).sum()),
    }


def real():
    paths = sorted(p for p in (DATA / "tricky").glob("*/*")) + [DATA / p for p in OTHERS]
    result = {}
    for path in paths:
        name = str(path.relative_to(DATA))
        seed = int(hashlib.sha256(name.encode()).hexdigest()[:8], 16)
        try:
            image = nib.load(path)
            if image.get_data_dtype().kind not in "iuf":
                result[name] = {"type": str(image.get_data_dtype())}
                continue
            result[name] = describe(image, seed)
            if result[name]["volumes"] > 1:
                result[name]["volume1"] = describe(image, seed, volume=1)
        except Exception as error:
            result[name] = {"error": f"{type(error).__name__}"}
    return result


def synthetic():
    rng = np.random.default_rng(3)
    result = []
    types = ["u1", "i1", "u2", "i2", "u4", "i4", "u8", "i8", "f4", "f8"]
    for version, header_class, image_class in [(1, nib.Nifti1Header, nib.Nifti1Image), (2, nib.Nifti2Header, nib.Nifti2Image)]:
        for endian in "<>":
            for i, code in enumerate(types):
                header = header_class(endianness=endian)
                shape = (3, 4, 2)
                header.set_data_dtype(np.dtype(code))
                header.set_data_shape(shape)
                header.set_zooms([0.7, 1.3, 2.5])
                scaled = (i + version) % 2 == 0
                header["scl_slope"], header["scl_inter"] = (0.0123, -1024.5) if scaled else [(0, 7), (np.nan, 3), (1, 0)][i % 3]
                form = (i + (endian == ">")) % 3
                if form > 0:
                    quaternion = rng.normal(size=4)
                    quaternion /= np.linalg.norm(quaternion) * np.sign(quaternion[0])
                    header["quatern_b"], header["quatern_c"], header["quatern_d"] = quaternion[1:]
                    header["qoffset_x"], header["qoffset_y"], header["qoffset_z"] = rng.normal(size=3) * 100
                    header["qform_code"] = 2
                    header["pixdim"][0] = rng.choice([-1, 1])
                if form == 2:
                    header["srow_x"], header["srow_y"], header["srow_z"] = rng.normal(size=(3, 4))
                    header["sform_code"] = 1
                if code[0] == "f":
                    data = rng.normal(size=shape) * 1000
                else:
                    info = np.iinfo(code)
                    data = rng.integers(info.min, info.max, size=shape, dtype=code, endpoint=True)
                    data[0, 0, 0], data[1, 0, 0] = info.min, info.max
                offset = 352 if version == 1 else 544
                header["vox_offset"] = offset + 32 * (i % 2)
                body = header.binaryblock + b"\0" * (int(header["vox_offset"]) - len(header.binaryblock))
                body += data.astype(np.dtype(code).newbyteorder(endian)).tobytes(order="F")
                image = image_class.from_bytes(body)
                result.append({
                    "name": f"nifti{version} {'little' if endian == '<' else 'big'} {np.dtype(code).name}",
                    "file": base64.b64encode(body).decode(),
                    "affine": [float(v) for v in image.affine.ravel()],
                    "zooms": [float(z) for z in image.header.get_zooms()],
                    "values": [float(v) for v in np.asarray(image.get_fdata(dtype=np.float64)).astype(np.float32).ravel(order="F")],
                })
    return result


OUT.mkdir(parents=True, exist_ok=True)
(OUT / "synthetic.json").write_text(json.dumps(synthetic(), separators=(",", ":")) + "\n")
(OUT / "real.json").write_text(json.dumps(real(), indent=0, separators=(",", ":")) + "\n")
