"""What numpy and scipy make of seeded histograms and channels, for test/explain.

Run:  python test/oracle/explain.py

Needs the environment of test/oracle/setup.sh (numpy and scipy of it). Writes test/fixtures/explain.json.
"""
import json
from pathlib import Path

import numpy as np
from scipy.stats import wasserstein_distance

ROOT = Path(__file__).resolve().parents[2]
rng = np.random.default_rng(20261123)


def histograms():
    cases = []
    for bins in (2, 5, 84):
        edges = np.cumsum(rng.uniform(0.5, 60, bins + 1)) - 1000
        p, q = rng.dirichlet(np.ones(bins), 2)
        centres = (edges[1:] + edges[:-1]) / 2
        cases.append({"edges": edges.tolist(), "p": p.tolist(), "q": q.tolist(), "distance": wasserstein_distance(centres, centres, p, q)})
    return cases


def counted():
    """numpy.histogram closes its last bin: no value lies on the last edge here."""
    edges = np.arange(-1125, 3076, 50)
    values = np.round(rng.normal(0, 900, 300), 1).astype(np.float32)
    counts, _ = np.histogram(np.clip(values, edges[0], edges[-1] - 1), edges)
    return {"values": [float(v) for v in values], "shares": (counts / values.size).tolist()}


def channels():
    """Groups of 2 and 3 of five channels, of which the fourth never varies."""
    training = rng.normal([0, 3, -2, 7, 1], [1, 2, 0.5, 0, 1], (40, 5)).astype(np.float32)
    training[:, 3] = np.float32(7.1)
    patches = rng.normal([1, 3, -2, 9, 5], 1, (6, 5)).astype(np.float32)
    weights = rng.dirichlet(np.ones(6))
    rows = training.astype(np.float64)
    mean, deviation = rows.mean(0), rows.std(0)
    deviation[3] = 0
    own = lambda x, of: (((x[:, of] - mean[of]) / deviation[of]) ** 2).mean(1)
    return {
        "training": training.ravel().tolist(),
        "patches": patches.ravel().tolist(),
        "weights": weights.tolist(),
        "mean": mean.tolist(),
        "deviation": deviation.tolist(),
        "groups": [
            {
                "channels": channels,
                "spread": own(rows, of).std(),
                "ratio": weights @ own(patches.astype(np.float64), of),
                "z": (weights @ own(patches.astype(np.float64), of) - 1) / own(rows, of).std(),
            }
            for channels, of in [(2, [0, 1]), (3, [2, 4])]
        ],
    }


(ROOT / "test/fixtures/explain.json").write_text(
    json.dumps({"histograms": histograms(), "counted": counted(), "channels": channels()}) + "\n"
)
