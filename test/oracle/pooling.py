"""Repeated average pooling by torch.

Run: ~/.cache/segcanary-oracle/bin/python test/oracle/pooling.py
Writes test/fixtures/pool/pool.json: for each shape [c, …spatial] the pooled shape and values at seeded positions. The input is
((7919 i) mod 1009) / 504.5 - 1 for i = 0, 1, 2, … The stopping rule is the paper's (fewer than 1e4 elements), a dimension of 1 has kernel 1.
"""

import json
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional as F

OUT = Path(__file__).resolve().parents[1] / "fixtures" / "pool"
SHAPES = [
    [128, 28, 64, 64], [256, 14, 32, 32], [320, 7, 16, 16], [320, 7, 8, 8], [320, 7, 4, 4],  # method.md's table
    [4, 1, 64, 64], [3, 1, 1, 9000], [2, 5, 33, 31], [1, 3, 3, 1111], [10, 10, 10, 10], [9, 11, 101, 1], [4, 2, 3, 5], [1, 21, 22, 23],
    [12000, 1, 1, 1], [6000, 2, 1, 1],
    [8, 100, 100], [5, 20001],  # two and one spatial dimensions
]


def main():
    OUT.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(0)
    cases = []
    for shape in SHAPES:
        i = np.arange(np.prod(shape), dtype=np.int64)
        x = torch.from_numpy(((7919 * i) % 1009 / 504.5 - 1).astype(np.float32).reshape(1, *shape))
        pool = {4: F.avg_pool3d, 3: F.avg_pool2d, 2: F.avg_pool1d}[len(shape)]
        while x.numel() >= 1e4 and max(x.shape[2:]) > 1:
            kernel = tuple(min(2, n) for n in x.shape[2:])
            x = pool(x, kernel, kernel)
        y = x.numpy().ravel()
        at = sorted(rng.choice(y.size, min(40, y.size), replace=False).tolist())
        cases.append({"shape": shape, "pooled": list(x.shape[1:]), "positions": at, "values": y[at].astype(float).tolist()})
        print(shape, cases[-1]["pooled"])
    (OUT / "pool.json").write_text(json.dumps(cases) + "\n")


if __name__ == "__main__":
    main()
