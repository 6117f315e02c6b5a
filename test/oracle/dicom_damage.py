#!/usr/bin/env python3
"""Damages the compressed frame of a DICOM file, for test/dicom.

Run: $SEGCANARY_PYTHON test/oracle/dicom_damage.py halve|scramble IN OUT
"""

import json
import sys

import pydicom
from pydicom.encaps import encapsulate, generate_frames


def main(how, source, target):
    ds = pydicom.dcmread(source)
    frame = next(generate_frames(ds.PixelData, number_of_frames=1))
    half = len(frame) // 2
    # Scrambled, it begins and ends as it should, and its middle is of another code.
    damaged = frame[:half] if how == "halve" else frame[: half // 2] + bytes(half) + frame[half // 2 + half :]
    ds.PixelData = encapsulate([damaged])
    ds["PixelData"].is_undefined_length = True
    ds.save_as(target)
    print(json.dumps({"bytes": len(damaged), "of": len(frame)}))


if __name__ == "__main__":
    main(*sys.argv[1:])
