"""What nnU-Net's image readers make of odd NIfTI headers: a matrix of them, every single-bit change of three valid headers, and
seeded changes of one or two bytes.

Run:  (ulimit -v 8000000; python test/oracle/odd_headers.py)        (needs nnunetv2, SimpleITK and nibabel; the limit is for headers
                                                                     that announce more voxels than there is memory)
Writes test/fixtures/nifti/odd-headers.json and test/fixtures/nifti/header-changes.json. Files are built byte by byte after nifti1.h.
An outcome is null where the reader refuses the file, else spacing and voxels (float32, as nnU-Net gets them): the values themselves
in the matrix, the beginning of their sha256 for the changes. Equal outcomes are stored once.
"""

import base64
import hashlib
import json
import logging
import os
import random
import struct
import tempfile
import warnings
import zlib
from pathlib import Path

import nibabel
import numpy as np
import SimpleITK as sitk
from nnunetv2.imageio.nibabel_reader_writer import NibabelIO, NibabelIOWithReorient
from nnunetv2.imageio.simpleitk_reader_writer import SimpleITKIO

OUT = Path(__file__).resolve().parents[2] / "test/fixtures/nifti"
logging.getLogger("nibabel.global").setLevel(100)
warnings.simplefilter("ignore")
np.seterr(all="ignore")
sitk.ProcessObject.SetGlobalWarningDisplay(False)
NAN, INF = float("nan"), float("inf")
READERS = {"SimpleITKIO": SimpleITKIO(), "NibabelIO": NibabelIO(), "NibabelIOWithReorient": NibabelIOWithReorient()}
# How numpy names what NIfTI numbers, and the bits of a voxel.
TYPES = {"u1": 2, "i2": 4, "i4": 8, "f4": 16, "f8": 64, "i1": 256, "u2": 512, "u4": 768, "i8": 1024, "u8": 1280}
PIXDIM = (1, 0.5, 1.5, 2.5, 0, 0, 0, 0)
# Along RAS, and along LPS as most scanners give it.
SFORM = (0.5, 0, 0, 1, 0, 1.5, 0, 2, 0, 0, 2.5, 3)
LPS = (-0.5, 0, 0, 1, 0, -1.5, 0, 2, 0, 0, 2.5, 3)


def nifti1(
    dim=(3, 4, 3, 2, 1, 1, 1, 1), pixdim=PIXDIM, dtype="i2", datatype=None, bitpix=None, offset=352, slope=1.0, inter=0.0, units=2,
    q=0, s=0, quatern=(0, 0, 0), qoffset=(1, 2, 3), srow=(0,) * 12, values=None, magic=b"n+1\0", order="<", sizeof=348, gap=b"",
):
    header = bytearray(352)
    struct.pack_into(order + "i", header, 0, sizeof)
    struct.pack_into(order + "8h", header, 40, *dim)
    bits = 8 * np.dtype(dtype).itemsize
    struct.pack_into(order + "2h", header, 70, TYPES[dtype] if datatype is None else datatype, bits if bitpix is None else bitpix)
    struct.pack_into(order + "8f", header, 76, *pixdim)
    struct.pack_into(order + "3f", header, 108, offset, slope, inter)
    header[123] = units
    struct.pack_into(order + "2h", header, 252, q, s)
    struct.pack_into(order + "18f", header, 256, *quatern, *qoffset, *srow)
    header[344:348] = magic
    values = np.arange(24) * 7 - 30 * (np.dtype(dtype).kind != "u") if values is None else np.asarray(values)
    return bytes(header) + gap + values.astype(np.dtype(dtype).newbyteorder(order)).tobytes()


def nifti2(dim=(3, 4, 3, 2, 1, 1, 1, 1), pixdim=PIXDIM, slope=1.0, inter=0.0, units=2, q=0, s=0, srow=(0,) * 12, order="<"):
    header = bytearray(544)
    struct.pack_into(order + "i8s2h", header, 0, 540, b"n+2\0\r\n\x1a\n", 4, 16)
    struct.pack_into(order + "8q", header, 16, *dim)
    struct.pack_into(order + "8dq2d", header, 104, *pixdim, 544, slope, inter)
    struct.pack_into(order + "2i18d", header, 344, q, s, 0, 0, 0, 1, 2, 3, *srow)
    struct.pack_into(order + "i", header, 500, units)
    return bytes(header) + (np.arange(24) * 7 - 30).astype(order + "i2").tobytes()


def sheared(amount):
    return SFORM[:1] + (amount,) + SFORM[2:]


def matrix():
    cases = {}
    special = {"0": 0, "-0": -0.0, "1": 1, "2": 2, "-1": -1, "NaN": NAN, "inf": INF, "-inf": -INF, "1e-40": 1e-40, "1e-17": 1e-17, "1e-9": 1e-9, "1e30": 1e30}
    for name, slope in special.items():
        for other, inter in {"0": 0, "7": 7, "-1024": -1024, "NaN": NAN, "inf": INF, "1e-17": 1e-17}.items():
            cases[f"slope {name}, intercept {other}"] = nifti1(slope=slope, inter=inter)
    for dtype in TYPES:
        for slope, inter in [(0, 0), (0, 7), (0.0123, -1024.5), (NAN, NAN)]:
            cases[f"{dtype}, slope {slope}, intercept {inter}"] = nifti1(dtype=dtype, slope=slope, inter=inter)
        cases[f"{dtype}, big-endian"] = nifti1(dtype=dtype, order=">", slope=3, inter=1)
    # Integers that float32 has not got, and that float64 has.
    large = {"i4": 2**31 - 1, "u4": 2**32 - 1, "i8": 2**40 + 1, "u8": 2**40 + 1}
    for dtype, value in large.items():
        for slope in (1, 0.3):
            cases[f"{dtype} up to {value}, slope {slope}"] = nifti1(dtype=dtype, slope=slope, values=value - np.arange(24) * 3)
    for units in (0, 1, 2, 3, 4, 6, 8, 10, 11, 16, 17, 255):
        cases[f"units {units}"] = nifti1(units=units)
        cases[f"units {units}, sform"] = nifti1(units=units, s=1, srow=SFORM)
    for name, size in {"0": 0, "-.5": -0.5, "NaN": NAN, "inf": INF, "1e-40": 1e-40, "3e38": 3e38}.items():
        cases[f"pixdim {name}"] = nifti1(pixdim=(1, size) + PIXDIM[2:])
        cases[f"pixdim {name}, sform"] = nifti1(pixdim=(1, size) + PIXDIM[2:], s=1, srow=SFORM)
    for qfac in (-1, 0, 2, -2, NAN):
        cases[f"qfac {qfac}, qform"] = nifti1(q=1, pixdim=(qfac,) + PIXDIM[1:])
        cases[f"qfac {qfac}, sform"] = nifti1(s=1, srow=SFORM, pixdim=(qfac,) + PIXDIM[1:])
    for q in (-1, 0, 1, 2, 5, 6, 300):
        for s in (-1, 0, 1, 2, 5, 6, 300):
            cases[f"qform code {q}, sform code {s}"] = nifti1(q=q, s=s, srow=SFORM)
    turned = {"q": 1, "quatern": (0.5, 0.5, 0.5)}
    for name, srow in {"LPS": LPS, "another origin": SFORM[:3] + (9,) + SFORM[4:], "another size": (0.6,) + SFORM[1:], "zeros": (0,) * 12,
                       "sheared": sheared(0.3), "barely sheared": sheared(4e-5), "just sheared": sheared(1e-3), "one zero column": (0,) + SFORM[1:],
                       "NaN": (NAN,) + SFORM[1:], "an origin of NaN": SFORM[:3] + (NAN,) + SFORM[4:], "a far origin": SFORM[:3] + (1e6,) + SFORM[4:]}.items():
        for code in (1, 2):
            cases[f"sform {name}, code {code}"] = nifti1(s=code, srow=srow)
            cases[f"sform {name}, code {code}, qform"] = nifti1(s=code, q=1, srow=srow)
            cases[f"sform {name}, code {code}, turned qform"] = nifti1(s=code, srow=srow, **turned)
    for name, quatern in {"too long": (1, 1, 0), "barely too long": (1.0000002, 0, 0), "NaN": (NAN, 0, 0), "a half turn": (0, 0, 1), "turned": (0.5, 0.5, 0.5)}.items():
        cases[f"quaternion {name}"] = nifti1(q=1, quatern=quatern)
    cases["qform with an origin of NaN"] = nifti1(q=1, qoffset=(NAN, 0, 0))
    for bitpix in (0, 8, 32, -16):
        cases[f"bitpix {bitpix}"] = nifti1(bitpix=bitpix)
    for name, dim in {"7-D": (7, 4, 3, 2, 1, 1, 1, 1), "4-D of one": (4, 4, 3, 2, 1, 1, 1, 1), "4-D": (4, 4, 3, 1, 2, 1, 1, 1), "2-D": (2, 4, 3, 2, 1, 1, 1, 1),
                      "negative": (3, 4, 3, -2, 1, 1, 1, 1), "zero": (3, 4, 0, 2, 1, 1, 1, 1), "fewer slices": (3, 4, 3, 1, 1, 1, 1, 1),
                      "more slices": (3, 4, 3, 3, 1, 1, 1, 1), "odd behind": (3, 4, 3, 2, 9, -9, 0, 30000), "0-D": (0, 4, 3, 2, 1, 1, 1, 1), "8-D": (8, 4, 3, 2, 1, 1, 1, 1)}.items():
        cases[f"dim {name}"] = nifti1(dim=dim)
    for offset in (0, 348, 352.5, 353, 360, -352, NAN, INF, 1e9):
        cases[f"offset {offset}"] = nifti1(offset=offset)
    cases["offset 368 with a gap"] = nifti1(offset=368, gap=bytes(16))
    for code in (0, 1, 32, 128, 511, 1536, 1792, 2304, 77):
        cases[f"datatype {code}"] = nifti1(datatype=code)
    cases["float32 NaN and inf"] = nifti1(dtype="f4", values=[NAN, INF] + [1] * 22)
    cases["magic n+3"] = nifti1(magic=b"n+3\0")
    cases["magic n/1"] = nifti1(magic=b"n/1\0")
    cases["magic none"] = nifti1(magic=bytes(4))
    cases["sizeof_hdr 349"] = nifti1(sizeof=349)
    for order in "<>":
        cases[f"NIfTI-2 {order}"] = nifti2(order=order)
        cases[f"NIfTI-2 {order}, slope 0, intercept 7"] = nifti2(order=order, slope=0, inter=7)
        cases[f"NIfTI-2 {order}, sform in metres"] = nifti2(order=order, s=1, srow=SFORM, units=1)
    return cases


def bases():
    """Valid headers as scanners and converters write them; the two forms of the first agree."""
    return {
        "int16, sform and qform": nifti1(q=1, s=1, srow=LPS, quatern=(0, 0, 1), units=10),
        "float32 big-endian, qform, scaled": nifti1(dtype="f4", order=">", q=1, quatern=(0.1, 0.2, 0.3), slope=0.5, inter=-1000),
        "uint8, no form, no slope": nifti1(dtype="u1", slope=0),
    }


def read(reader, path):
    try:
        array, properties = reader.read_images([path])
    except Exception:
        return None
    return array, [float(mm) for mm in properties["spacing"]], properties


class Outcomes:
    """Equal outcomes under one number."""

    def __init__(self):
        self.list, self._known = [], {}

    def number(self, outcome):
        key = json.dumps(outcome)
        if key not in self._known:
            self._known[key] = len(self.list)
            self.list.append(outcome)
        return self._known[key]


def spelled(values):
    """JSON has no NaN and no infinity."""
    return [v if np.isfinite(v) else str(v) for v in (float(v) for v in values)]


def matrix_outcome(found):
    if found is None:
        return None
    array, spacing, properties = found
    outcome = {"shape": list(array.shape), "spacing": spelled(spacing), "voxels": spelled(array.ravel())}
    if "sitk_stuff" in properties and len(properties["sitk_stuff"]["spacing"]) == 3:
        # What SimpleITK says of space, in RAS+ as nibabel does: voxel (x, y, z) to mm, three rows.
        stuff = properties["sitk_stuff"]
        affine = np.column_stack([np.reshape(stuff["direction"], (3, 3)) * stuff["spacing"], stuff["origin"]])
        outcome["affine"] = spelled((np.diag([-1, -1, 1]) @ affine).ravel())
    return outcome


def change_outcome(found):
    if found is None:
        return None
    array, spacing, _ = found
    return [list(array.shape), spelled(spacing), hashlib.sha256(array.astype("<f4").tobytes()).hexdigest()[:12]]


def packed(data):
    return base64.b64encode(zlib.compress(data, 9)).decode()


def outcomes_of(files, path, describe, outcomes, readers):
    found = {name: [] for name in readers}
    for data in files:
        Path(path).write_bytes(data)
        for name in readers:
            found[name].append(outcomes.number(describe(read(READERS[name], path))))
    return found


def main():
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "x.nii")
        outcomes = Outcomes()
        cases = matrix()
        found = outcomes_of(cases.values(), path, matrix_outcome, outcomes, READERS)
        rows = [[name, packed(data), *(found[reader][i] for reader in READERS)] for i, (name, data) in enumerate(cases.items())]
        lines = ",\n".join(json.dumps(row, separators=(",", ":")) for row in rows)
        known = ",\n".join(json.dumps(outcome, separators=(",", ":")) for outcome in outcomes.list)
        (OUT / "odd-headers.json").write_text(
            f'{{"readers":{json.dumps(list(READERS))},\n"outcomes":[\n{known}],\n"cases":[\n{lines}]}}\n'
        )
        changed = []
        for name, data in bases().items():
            outcomes = Outcomes()
            readers = ["SimpleITKIO", "NibabelIO"]
            flips = [data[: i // 8] + bytes([data[i // 8] ^ 1 << i % 8]) + data[i // 8 + 1 :] for i in range(348 * 8)]
            dice = random.Random(name)
            writes = [[(dice.randrange(348), dice.randrange(256)) for _ in range(dice.choice([1, 2, 2]))] for _ in range(1200)]
            written = []
            for places in writes:
                copy = bytearray(data)
                for at, value in places:
                    copy[at] = value
                written.append(bytes(copy))
            of_flips = outcomes_of(flips, path, change_outcome, outcomes, readers)
            of_writes = outcomes_of(written, path, change_outcome, outcomes, readers)
            changed.append({
                "name": name,
                "file": packed(data),
                "outcomes": outcomes.list,
                "flips": {reader: of_flips[reader] for reader in readers},
                "writes": ["/".join(f"{at}={value}" for at, value in places) for places in writes],
                "ofWrites": {reader: of_writes[reader] for reader in readers},
            })
        (OUT / "header-changes.json").write_text(json.dumps(changed, separators=(",", ":")) + "\n")


main()
