"""The safetensors format by its own Python package: a file for us to read, and our own bytes read back.

Run (the package safetensors must be in the oracle environment):
     ~/.cache/segcanary-oracle/bin/python test/oracle/safetensors_file.py
Writes test/fixtures/safetensors/gaussian.safetensors and, made by src/detectors/safetensors.ts and verified here, written-by-segcanary.hex.
"""

import subprocess
from pathlib import Path

import numpy as np
from safetensors.numpy import load, save_file

ROOT = Path(__file__).resolve().parent.parent.parent
OUT = ROOT / "test" / "fixtures" / "safetensors"
TENSORS = {"mean": np.array([1.0, -2.0, 0.1]), "whitener": np.array([[1e-300, 2, 3], [4, 5, 6e300]])}
WRITE = """
import { encodeSafetensors } from './src/detectors/safetensors.js';
const mean = Float64Array.of(1, -2, 0.1);
const whitener = Float64Array.of(1e-300, 2, 3, 4, 5, 6e300);
const pieces = encodeSafetensors({ mean: { shape: [3], data: mean }, whitener: { shape: [2, 3], data: whitener } });
process.stdout.write(Buffer.concat(pieces).toString('hex'));
"""


def main():
    OUT.mkdir(parents=True, exist_ok=True)
    save_file(TENSORS, OUT / "gaussian.safetensors")
    ours = subprocess.run(
        ["npx", "tsx", "--input-type=module", "-e", WRITE], cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout
    read = load(bytes.fromhex(ours))
    assert set(read) == set(TENSORS)
    for name, wanted in TENSORS.items():
        assert read[name].dtype == np.float64 and read[name].shape == wanted.shape and (read[name] == wanted).all()
    (OUT / "written-by-segcanary.hex").write_text(ours + "\n")
    print("Python reads what segcanary writes")


if __name__ == "__main__":
    main()
