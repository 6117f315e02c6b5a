"""What numpy and scipy make of seeded histograms, for test/explain.

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


(ROOT / "test/fixtures/explain.json").write_text(
    json.dumps({"histograms": histograms(), "counted": counted()}) + "\n"
)
